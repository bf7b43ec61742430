// SPDX-License-Identifier: Apache-2.0 OR MIT
//! What a call of the program runs: the plan once, or a round for every fault.

use std::rc::Rc;

use libtest_mimic::Trial;

use super::arguments::Arguments;
use super::jobs::Jobs;
use crate::arch::Arch;
use crate::checks::message::Message;
use crate::fault::{Fault, Faults, Round, rounds};
use crate::harness::process::Send;
use crate::harness::subject::Choice;
use crate::harness::worker::WorkerError;
use crate::spec::Spec;

/// Random orders of a round: the reverse of the list, which is tried as well,
/// breaks every order that the list keeps.
const SHUFFLES: usize = 1;

/// Cases that run on a subject with one fault or without.
#[derive(Debug)]
pub(super) struct Turn<'a> {
    /// The fault.
    pub(super) fault: Option<Fault>,
    /// Whether registers beyond the expected list are only reported.
    pub(super) allow_new: bool,
    /// The cases, which many turns have in common: a process with less memory is
    /// copied sooner.
    pub(super) jobs: Rc<Jobs<'a>>,
    subject: Choice,
}

/// One turn after the other, with their cases numbered through.
#[derive(Debug)]
pub(super) struct Turns<'a>(Vec<Turn<'a>>);

impl<'a> Turns<'a> {
    /// The turns that the arguments ask for, with the cases that they select.
    pub(super) fn of(arguments: &Arguments, subject: &Choice, spec: &'a Spec, arch: &'a dyn Arch) -> Self {
        let jobs = |arguments: &Arguments| {
            let mut jobs = jobs(arguments, spec, arch);
            jobs.ids.retain(|id| is_selected(arguments, id));
            Rc::new(jobs)
        };
        if arguments.fault != Some(Faults::All) || arguments.libtest.list {
            let fault = arguments.fault.and_then(Faults::one);
            let (allow_new, subject) = (arguments.allow_new, subject.with(fault));
            return Self(vec![Turn { fault, allow_new, jobs: jobs(arguments), subject }]);
        }
        let wanted = |round: &Round| {
            let configurations = &arguments.configurations;
            configurations.is_empty() || configurations.iter().any(|name| name == round.configuration)
        };
        let mut known: Vec<(Round, Rc<Jobs<'_>>)> = Vec::new();
        let turn = |round: Round| {
            let Round { fault, configuration, allow_new } = round;
            let same = known.iter().find(|(known, _)| *known == round.right()).map(|(_, jobs)| Rc::clone(jobs));
            let jobs = same.unwrap_or_else(|| {
                let mut arguments = arguments.clone();
                arguments.configurations = vec![configuration.to_owned()];
                arguments.allow_new = allow_new;
                arguments.shuffles = arguments.shuffles.min(SHUFFLES);
                let jobs = jobs(&arguments);
                known.push((round.right(), Rc::clone(&jobs)));
                jobs
            });
            Turn { fault, allow_new, jobs, subject: subject.with(fault) }
        };
        Self(rounds(subject.kind()).into_iter().filter(wanted).map(turn).collect())
    }

    /// Each turn with the number of its first case.
    pub(super) fn numbered(&self) -> impl Iterator<Item = (usize, &Turn<'a>)> {
        self.0.iter().scan(0, |next, turn| {
            let first = *next;
            *next += turn.jobs.ids.len();
            Some((first, turn))
        })
    }

    /// Does the case of a number.
    pub(super) fn work(&self, number: usize, send: Send<'_>) -> Result<Message, WorkerError> {
        let turn = self.numbered().take_while(|(first, _)| *first <= number).last();
        let (first, turn) = turn.ok_or(WorkerError::NoCase)?;
        turn.jobs.work(turn.subject, number - first, send)
    }
}

fn is_selected(arguments: &Arguments, id: &str) -> bool {
    let trial = Trial::test(id, || Ok(()));
    let excepted = arguments.except.iter().any(|except| except == id);
    !excepted && !arguments.libtest.is_filtered_out(&trial) && !arguments.libtest.is_ignored(&trial)
}

/// What a turn is to do.
fn jobs<'a>(arguments: &Arguments, spec: &'a Spec, arch: &'a dyn Arch) -> Jobs<'a> {
    #[cfg(any(test, feature = "compare"))]
    if let Some(calls) = arguments.compare_model {
        return Jobs::of_comparison(arguments, spec, calls);
    }
    Jobs::of_spec(arguments, spec, arch)
}
