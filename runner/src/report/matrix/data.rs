// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The matrix as data.

use reglist_suite::clause::Clauses;
use reglist_suite::report::events::{RunStarted, Verdict};

use super::clause::{self, ClauseColumn};
use super::fault::{self, FaultRow};
use super::rounds::{RightRound, Rounds};
use crate::record::stream::Runs;

/// Everything that is known of the faults that a run tried.
#[derive(Debug)]
pub(crate) struct Matrix {
    /// What the first round says of the subject and of the suite.
    pub(super) started: RunStarted,
    /// The clauses, in the catalogue's order.
    pub(super) clauses: Vec<ClauseColumn>,
    /// The faults, in the order of the enum; those that this program does not
    /// know behind the others.
    pub(super) faults: Vec<FaultRow>,
    /// The rounds without a fault, in the order in which they began.
    pub(super) right: Vec<RightRound>,
    /// Sum of the cases' durations, in microseconds.
    pub(super) duration_us: u64,
    /// Whether the stream ends where no round does.
    pub(super) torn: bool,
}

impl Matrix {
    /// The matrix of a stream; `None` where no round began, or where the subject
    /// does not know the ioctl.
    pub(crate) fn of(runs: &Runs, catalogue: &Clauses) -> Option<Self> {
        let first = runs.iter().find_map(|run| run.started.as_ref())?.clone();
        // These differ from round to round.
        let started = RunStarted { fault: None, allow_new: false, ..first };
        let unknown = |verdict| verdict == Verdict::NotImplemented;
        if runs.iter().any(|run| run.finished.as_ref().is_some_and(|finished| unknown(finished.verdict))) {
            return None;
        }
        let rounds = Rounds::of(runs);
        let (right, compared) = rounds.right();
        let faults = fault::rows(started.subject, &rounds, &compared, catalogue);
        let clauses = clause::columns(catalogue, &faults);
        let last = runs.current();
        let torn = last.finished.is_none() && last.aborted.is_none();
        Some(Self { started, clauses, faults, right, duration_us: rounds.duration_us(), torn })
    }
}
