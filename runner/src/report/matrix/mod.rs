// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The matrix of faults and clauses: what each clause noticed, which fault only
//! one clause notices, and which clauses are redundant. A function of the
//! events and of the clause catalogue alone.

mod clause;
mod fault;
mod json;
mod mark;
mod output;
mod page;
mod rounds;
mod table;
mod verdict;
mod words;

use reglist_suite::clause::Clauses;
use reglist_suite::report::events::{RunStarted, Verdict};

pub(crate) use output::{Output, OutputError, Request};
pub(crate) use table::text;

use crate::record::stream::Runs;
use clause::ClauseColumn;
use fault::FaultRow;
use rounds::{RightRound, Rounds};

/// Everything that is known of the faults that a run tried.
#[derive(Debug)]
pub(crate) struct Matrix {
    /// What the first round says of the subject and of the suite.
    started: RunStarted,
    /// The clauses, in the catalogue's order.
    clauses: Vec<ClauseColumn>,
    /// The faults, in the order of the enum; those that this program does not
    /// know behind the others.
    faults: Vec<FaultRow>,
    /// The rounds without a fault, in the order in which they began.
    right: Vec<RightRound>,
    /// Sum of the cases' durations, in microseconds.
    duration_us: u64,
    /// Whether the stream ends where no round does.
    torn: bool,
}

impl Matrix {
    /// The matrix of a stream; `None` where no round began, or where the subject
    /// does not know the ioctl.
    pub(crate) fn of(runs: &Runs, catalogue: &Clauses) -> Option<Self> {
        let started = runs.iter().find_map(|run| run.started.as_ref())?.clone();
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

    /// Faults that were to be tried when the stream ended.
    pub(crate) fn unreached(&self) -> usize {
        self.totals().unreached
    }
}

#[cfg(test)]
mod tests;
