// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The rounds that run every fault once.

use clap::ValueEnum as _;

use super::kinds::Fault;
use super::place::Place;
use crate::report::events::SubjectKind;

/// All checks in one configuration, with one fault or without.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Round {
    /// The fault, if any.
    pub fault: Option<Fault>,
    /// The configuration.
    pub configuration: &'static str,
    /// Whether `--allow-new` is set.
    pub allow_new: bool,
}

impl Round {
    /// The round that shows a fault.
    pub fn of(fault: Fault) -> Self {
        let expected = fault.expected();
        Self { fault: Some(fault), configuration: expected.configuration, allow_new: expected.allow_new }
    }

    /// The fault-free round to compare with.
    pub fn right(self) -> Self {
        Self { fault: None, ..self }
    }
}

/// The fault-free rounds, then a round for each fault that the subject can have
/// and that gives wrong answers.
pub fn rounds(subject: SubjectKind) -> Vec<Round> {
    let can_have = |fault: &Fault| match fault.place() {
        Place::Everywhere => true,
        Place::Model(_) => subject == SubjectKind::Model,
        Place::KernelLog => subject == SubjectKind::Kvm,
        Place::Kernel | Place::KernelCheck => false,
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
    fn fault_free_rounds_come_first() {
        for subject in [SubjectKind::Kvm, SubjectKind::Model] {
            let rounds = rounds(subject);
            for (position, round) in rounds.iter().enumerate() {
                assert!(rounds.iter().take(position + 1).any(|other| *other == round.right()), "{round:?}");
            }
            assert!(rounds.iter().filter(|round| round.fault.is_some()).count() > 100);
        }
    }
}
