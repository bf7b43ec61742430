// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The columns of the matrix: what each clause noticed.

use reglist_suite::clause::{Clauses, Level};
use serde::Serialize;

use super::fault::{FaultRow, Role, State};

/// Of a clause without which every fault would be noticed.
pub(super) const REDUNDANT: &str = "redundant";

/// A clause, and the faults that it noticed.
#[derive(Debug, Serialize)]
pub(super) struct ClauseColumn {
    pub(super) id: String,
    pub(super) level: Level,
    /// "A conforming kernel ..."; empty where the catalogue does not have it.
    pub(super) demand: String,
    /// Faults that it noticed at its level, rightly.
    pub(super) noticed: Vec<String>,
    /// Those among them that no other clause noticed.
    pub(super) alone: Vec<String>,
    /// Whether every fault would be noticed without it; `None` while there are
    /// faults that were not tried.
    pub(super) redundant: Option<bool>,
}

impl ClauseColumn {
    /// The part of its id that it has in common with others.
    pub(super) fn theme(&self) -> &str {
        self.id.split('.').next().unwrap_or_default()
    }

    /// What is to be said of a clause that no fault needs.
    pub(super) fn word(&self) -> Option<&'static str> {
        let redundant = self.redundant == Some(true);
        redundant.then_some(if self.noticed.is_empty() { "notices nothing" } else { REDUNDANT })
    }
}

/// A column for each clause of the catalogue, then those that only the stream
/// knows.
pub(super) fn columns(catalogue: &Clauses, faults: &[FaultRow]) -> Vec<ClauseColumn> {
    let all = faults.iter().all(|row| row.was_tried() || matches!(row.state, State::Impossible { .. }));
    let mut clauses: Vec<(&str, Level, &str)> =
        catalogue.clauses.iter().map(|clause| (clause.id.as_str(), clause.level, clause.demand.as_str())).collect();
    for noticed in faults.iter().flat_map(|row| &row.noticed) {
        if !clauses.iter().any(|(id, ..)| *id == noticed.clause) {
            clauses.push((&noticed.clause, noticed.level, ""));
        }
    }
    let column = |(id, level, demand): (&str, Level, &str)| {
        let rightly = |row: &&FaultRow| {
            row.noticed_by(id).is_some_and(|noticed| noticed.level <= level && noticed.role != Role::Accused)
        };
        let names = |rows: &mut dyn Iterator<Item = &FaultRow>| rows.map(|row| row.name.clone()).collect();
        let alone: Vec<String> =
            names(&mut faults.iter().filter(rightly).filter(|row| row.alone.as_deref() == Some(id)));
        ClauseColumn {
            id: id.to_owned(),
            level,
            demand: demand.to_owned(),
            noticed: names(&mut faults.iter().filter(rightly)),
            redundant: if alone.is_empty() { all.then_some(true) } else { Some(false) },
            alone,
        }
    };
    clauses.into_iter().map(column).collect()
}
