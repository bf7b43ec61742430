// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The turns of a run: the plan once, or a round for every fault.

use std::rc::Rc;

use super::arguments::UsageError;
use super::jobs::Jobs;
use super::options::{Options, Selection};
use crate::arch::Arch;
use crate::checks::message::Message;
use crate::checks::plan::plan;
use crate::fault::{Fault, Faults, Round, rounds};
use crate::harness::process::Send;
use crate::harness::subject::Choice;
use crate::harness::worker::WorkerError;
use crate::report::describe::nearest;
use crate::spec::Spec;

/// Random orders in a round. One is enough, because a round also tests the reverse order.
const SHUFFLES: usize = 1;

pub(super) struct Turn<'a> {
    pub(super) fault: Option<Fault>,
    pub(super) allow_new: bool,
    /// Shared between turns, because a smaller process is copied faster.
    pub(super) jobs: Rc<Jobs<'a>>,
    subject: Choice,
}

/// All turns. Their cases have consecutive numbers.
pub(super) struct Turns<'a>(Vec<Turn<'a>>);

impl<'a> Turns<'a> {
    /// The turns and cases that the options select.
    pub(super) fn of(options: &Options, subject: &Choice, spec: &'a Spec, arch: &'a dyn Arch) -> Self {
        let jobs = |options: &Options| {
            let mut jobs = jobs(options, spec, arch);
            jobs.ids.retain(|id| options.selects(id));
            Rc::new(jobs)
        };
        if options.fault != Some(Faults::All) || options.list {
            let fault = options.fault.and_then(Faults::one);
            let (allow_new, subject) = (options.selection.allow_new, subject.with(fault));
            return Self(vec![Turn { fault, allow_new, jobs: jobs(options), subject }]);
        }
        let wanted = |round: &Round| {
            let configurations = &options.selection.configurations;
            configurations.is_empty() || configurations.iter().any(|name| name == round.configuration)
        };
        let mut known: Vec<(Round, Rc<Jobs<'_>>)> = Vec::new();
        let turn = |round: Round| {
            let Round { fault, configuration, allow_new } = round;
            let same = known.iter().find(|(known, _)| *known == round.right()).map(|(_, jobs)| Rc::clone(jobs));
            let jobs = same.unwrap_or_else(|| {
                let mut options = options.clone();
                options.selection.configurations = vec![configuration.to_owned()];
                options.selection.allow_new = allow_new;
                options.shuffles = options.shuffles.min(SHUFFLES);
                let jobs = jobs(&options);
                known.push((round.right(), Rc::clone(&jobs)));
                jobs
            });
            Turn { fault, allow_new, jobs, subject: subject.with(fault) }
        };
        let all = rounds(subject.kind()).into_iter().filter(wanted);
        let (first, of) = options.share.map_or((0, 1), |share| (share.first, share.of));
        Self(all.skip(first).step_by(of).map(turn).collect())
    }

    pub(super) fn check_selection(&self, options: &Options, spec: &Spec) -> Result<(), UsageError> {
        if self.0.iter().any(|turn| !turn.jobs.ids.is_empty()) {
            return Ok(());
        }
        let Selection { filters, skip, configurations, .. } = &options.selection;
        let mut words: Vec<String> = filters.clone();
        words.extend(skip.iter().map(|skip| format!("--skip {skip}")));
        words.extend(configurations.iter().map(|name| format!("--config {name}")));
        let cases = plan(spec, &[]);
        let mut names: Vec<String> = cases.iter().map(|case| case.id.clone()).collect();
        names.extend(cases.iter().map(|case| case.check.name.to_owned()));
        names.extend(cases.iter().filter_map(|case| Some(case.check.name.split_once('.')?.0.to_owned())));
        names.sort_unstable();
        names.dedup();
        let near: Vec<&str> = filters.iter().flat_map(|filter| nearest(filter, &names)).collect();
        let all = "`--list` shows every case";
        let remedy = if near.is_empty() { all.to_owned() } else { format!("nearest: {}; {all}", near.join(", ")) };
        Err(UsageError::NothingSelected { selection: words.join(" "), remedy })
    }

    /// Each turn, with the number of its first case.
    pub(super) fn numbered(&self) -> impl Iterator<Item = (usize, &Turn<'a>)> {
        self.0.iter().scan(0, |next, turn| {
            let first = *next;
            *next += turn.jobs.ids.len();
            Some((first, turn))
        })
    }

    pub(super) fn work(&self, number: usize, send: Send<'_>) -> Result<Message, WorkerError> {
        let turn = self.numbered().take_while(|(first, _)| *first <= number).last();
        let (first, turn) = turn.ok_or(WorkerError::NoCase)?;
        turn.jobs.work(turn.subject, number - first, send)
    }
}

fn jobs<'a>(options: &Options, spec: &'a Spec, arch: &'a dyn Arch) -> Jobs<'a> {
    #[cfg(any(test, feature = "compare"))]
    if let Some(calls) = options.compare_model {
        return Jobs::of_comparison(options, spec, calls);
    }
    Jobs::of_spec(options, spec, arch)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arch::LoongArch64;
    use crate::harness::{load, read_options};

    fn turns(share: &[&str]) -> Vec<(Option<Fault>, bool, Vec<String>)> {
        let words = ["--fault", "all"].iter().chain(share).map(Into::into);
        let options = read_options(words).unwrap();
        let spec = load(&options, &LoongArch64).unwrap();
        let turns = Turns::of(&options, &Choice::Kvm, &spec, &LoongArch64);
        turns.0.iter().map(|turn| (turn.fault, turn.allow_new, turn.jobs.ids.clone())).collect()
    }

    #[test]
    fn shares_in_turn_are_all_rounds() {
        let all = turns(&[]);
        let [one, other] = ["1/2", "2/2"].map(|share| turns(&["--share", share]));
        assert_eq!(one.len() + other.len(), all.len());
        let mut rest = other.into_iter();
        let joined: Vec<_> = one.into_iter().flat_map(|turn| [Some(turn), rest.next()]).flatten().collect();
        assert_eq!(joined, all);
        for wrong in ["0/2", "3/2", "1", "x/2", "1/0"] {
            assert!(read_options(["--share", wrong].map(Into::into)).is_err(), "{wrong}");
        }
    }
}
