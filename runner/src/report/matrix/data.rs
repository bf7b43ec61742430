// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The matrix as data.

use reglist_suite::report::events::RunStarted;
use reglist_suite::spec::clause::Clauses;

use super::clause::{self, ClauseColumn};
use super::fault::{self, FaultRow};
use super::rounds::{RightRound, Rounds};
use crate::record::Record;
use crate::record::runs::Runs;

#[derive(Debug)]
pub(crate) struct Matrix {
    /// The start of the first round.
    pub(super) started: RunStarted,
    /// The clauses, in the catalogue's order.
    pub(super) clauses: Vec<ClauseColumn>,
    /// The faults in the order of the enum, then unknown ones.
    pub(super) faults: Vec<FaultRow>,
    /// The rounds without a fault, in order.
    pub(super) right: Vec<RightRound>,
    /// Sum of the cases' durations in microseconds.
    pub(super) duration_us: u64,
    /// Whether the stream ends inside a round.
    pub(super) torn: bool,
}

impl Matrix {
    /// The matrix of a stream; `None` without a round, or if the subject lacks the
    /// ioctl.
    pub(crate) fn of(runs: &Runs, catalogue: &Clauses) -> Option<Self> {
        let first = runs.iter().find_map(|run| run.started.as_ref())?.clone();
        // Each round has its own values.
        let started = RunStarted { fault: None, allow_new: false, ..first };
        if runs.iter().any(Record::is_not_implemented) {
            return None;
        }
        let rounds = Rounds::of(runs);
        let (right, compared) = rounds.right();
        let faults = fault::rows(started.subject, &rounds, &compared, catalogue);
        let clauses = clause::columns(catalogue, &faults);
        let last = runs.current();
        let torn = last.end.is_none();
        Some(Self { started, clauses, faults, right, duration_us: rounds.duration_us(), torn })
    }
}
