// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The columns of the matrix: the faults that each clause noticed.

use clap::ValueEnum as _;
use indexmap::IndexMap;
use reglist_suite::fault::Fault;
use reglist_suite::spec::clause::{Clauses, Level};
use serde::Serialize;

use super::fault::{FaultRow, Noticed, Role, State};

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

/// Level and demand of a clause, and the faults that it noticed.
type Column<'m> = (Level, &'m str, Vec<(&'m FaultRow, &'m Noticed)>);

/// A column per clause of the catalogue, then per other clause of the stream.
pub(super) fn columns(catalogue: &Clauses, faults: &[FaultRow]) -> Vec<ClauseColumn> {
    let all = faults.iter().all(|row| row.was_tried() || matches!(row.state, State::Impossible { .. }));
    let mut columns: IndexMap<&str, Column<'_>> = IndexMap::new();
    for clause in &catalogue.clauses {
        columns.insert(&clause.id, (clause.level, &clause.demand, Vec::new()));
    }
    for row in faults {
        for noticed in row.noticed.values() {
            columns.entry(&noticed.clause).or_insert((noticed.level, "", Vec::new())).2.push((row, noticed));
        }
    }
    // A fault that this subject cannot have might be noticed by nothing else.
    let is_hidden = |id: &str| {
        let impossible = faults.iter().filter(|row| matches!(row.state, State::Impossible { .. }));
        let mut known = impossible.filter_map(|row| Fault::from_str(&row.name, false).ok());
        known.any(|fault| fault.expected().broken.iter().any(|broken| broken.clause == id))
    };
    let column = |(id, (level, demand, noticing)): (&str, Column<'_>)| {
        let rightly = |(_, noticed): &&(&FaultRow, &Noticed)| noticed.level <= level && noticed.role != Role::Accused;
        let noticing: Vec<&FaultRow> = noticing.iter().filter(rightly).map(|(row, _)| *row).collect();
        let only = noticing.iter().filter(|row| row.alone.as_deref() == Some(id));
        let alone: Vec<String> = only.map(|row| row.name.clone()).collect();
        ClauseColumn {
            id: id.to_owned(),
            level,
            demand: demand.to_owned(),
            noticed: noticing.iter().map(|row| row.name.clone()).collect(),
            redundant: if alone.is_empty() { (all && !is_hidden(id)).then_some(true) } else { Some(false) },
            alone,
        }
    };
    columns.into_iter().map(column).collect()
}
