// SPDX-License-Identifier: Apache-2.0 OR MIT
//! What has to run for every fault to be tried.

use clap::ValueEnum as _;

use super::kinds::Fault;
use super::place::Place;
use crate::report::events::SubjectKind;

/// The checks of one configuration, on a subject with one fault or without.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Round {
    /// The fault.
    pub fault: Option<Fault>,
    /// The configuration.
    pub configuration: &'static str,
    /// Whether registers beyond the expected list are only reported.
    pub allow_new: bool,
}

impl Round {
    /// The round in which a fault shows.
    pub fn of(fault: Fault) -> Self {
        let expected = fault.expected();
        Self { fault: Some(fault), configuration: expected.configuration, allow_new: expected.allow_new }
    }

    /// The same without its fault, to compare with.
    pub fn right(self) -> Self {
        Self { fault: None, ..self }
    }
}

/// A round for each fault that gives wrong answers and that the subject can
/// have, behind those of the right subject that are to be compared with.
pub fn rounds(subject: SubjectKind) -> Vec<Round> {
    let can_have = |fault: &Fault| match fault.place() {
        Place::Everywhere => true,
        Place::Model(_) => subject == SubjectKind::Model,
        Place::Kernel => false,
    };
    let wrong = Fault::value_variants().iter().copied().filter(can_have).map(Round::of);
    let mut rounds: Vec<Round> = Vec::new();
    for round in wrong.clone().map(Round::right).chain(wrong) {
        if !rounds.contains(&round) {
            rounds.push(round);
        }
    }
    rounds
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_round_comes_behind_the_one_that_it_is_compared_with() {
        for subject in [SubjectKind::Kvm, SubjectKind::Model] {
            let rounds = rounds(subject);
            for (position, round) in rounds.iter().enumerate() {
                assert!(rounds.iter().take(position + 1).any(|other| *other == round.right()), "{round:?}");
            }
            assert!(rounds.iter().filter(|round| round.fault.is_some()).count() > 100);
        }
    }
}
