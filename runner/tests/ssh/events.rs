// SPDX-License-Identifier: Apache-2.0 OR MIT
//! What is to be seen in the events of a run.

#![expect(clippy::unwrap_used, clippy::panic, reason = "what is not so fails the test")]

use std::collections::BTreeMap;
use std::fs;

use reglist_suite::report::events::{CaseFinished, Event, RunStarted, Totals};

use crate::sshd::Sshd;

/// A run, out of a file in which nothing is torn, doubled or foreign.
pub(crate) struct Events {
    pub(crate) started: RunStarted,
    pub(crate) ends: Vec<CaseFinished>,
    pub(crate) totals: Option<Totals>,
}

impl Events {
    /// The events that the board's run left.
    pub(crate) fn of(board: &Sshd) -> Self {
        assert!(!board.path("results/stray.txt").exists(), "stray lines");
        let text = fs::read_to_string(board.path("results/events.jsonl")).unwrap();
        let mut started = None;
        let (mut ends, mut totals) = (Vec::new(), None);
        for line in text.lines() {
            match Event::from_line(line).unwrap_or_else(|error| panic!("{line:?}: {error}")) {
                Event::RunStarted(run) => assert!(started.replace(run).is_none(), "two beginnings"),
                Event::CaseFinished(case) => ends.push(case),
                Event::RunFinished(run) => assert!(totals.replace(run.totals).is_none(), "two ends"),
                _ => {}
            }
        }
        Self { started: started.unwrap(), ends, totals }
    }

    /// Every case of the plan has exactly one end, and the last event says so.
    pub(crate) fn assert_whole(&self) {
        let mut ends: BTreeMap<&str, usize> = BTreeMap::new();
        self.ends.iter().for_each(|case| *ends.entry(&case.case).or_default() += 1);
        let planned: BTreeMap<&str, usize> = self.started.plan.iter().map(|case| (case.as_str(), 1)).collect();
        assert_eq!(ends, planned);
        let mut totals = Totals::default();
        self.ends.iter().for_each(|case| totals.count(case.outcome));
        assert_eq!(self.totals.as_ref(), Some(&totals));
    }

    /// Everything but the time that it took.
    pub(crate) fn timeless(&self) -> String {
        let ends = self.ends.iter().map(|case| CaseFinished { duration_us: 0, ioctls: 0, ..case.clone() });
        let lines = [Event::RunStarted(self.started.clone())].into_iter().chain(ends.map(Event::CaseFinished));
        lines.map(|event| event.to_line().unwrap()).collect()
    }
}
