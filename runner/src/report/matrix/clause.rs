// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The columns of the matrix: the faults that each clause noticed.

use reglist_suite::spec::clause::{Clauses, Level};
use serde::Serialize;

use super::fault::{FaultRow, Role, State};

/// The word for a clause that no fault needs.
pub(super) const REDUNDANT: &str = "redundant";

#[derive(Debug, Serialize)]
pub(super) struct ClauseColumn {
    pub(super) id: String,
    pub(super) level: Level,
    /// "A conforming kernel ..."; empty if the catalogue lacks the clause.
    pub(super) demand: String,
    /// Faults that it correctly noticed at its level.
    pub(super) noticed: Vec<String>,
    /// The faults that only this clause noticed.
    pub(super) alone: Vec<String>,
    /// Whether other clauses notice every fault; `None` if some faults were not
    /// tried.
    pub(super) redundant: Option<bool>,
}

impl ClauseColumn {
    pub(super) fn theme(&self) -> &str {
        self.id.split('.').next().unwrap_or_default()
    }

    /// The word for a clause that no fault needs.
    pub(super) fn word(&self) -> Option<&'static str> {
        let redundant = self.redundant == Some(true);
        redundant.then_some(if self.noticed.is_empty() { "notices nothing" } else { REDUNDANT })
    }
}

/// A column per clause of the catalogue, then per other clause of the stream.
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
        let noticing: Vec<&FaultRow> = faults.iter().filter(rightly).collect();
        let only = noticing.iter().filter(|row| row.alone.as_deref() == Some(id));
        let alone: Vec<String> = only.map(|row| row.name.clone()).collect();
        ClauseColumn {
            id: id.to_owned(),
            level,
            demand: demand.to_owned(),
            noticed: noticing.iter().map(|row| row.name.clone()).collect(),
            redundant: if alone.is_empty() { all.then_some(true) } else { Some(false) },
            alone,
        }
    };
    clauses.into_iter().map(column).collect()
}
