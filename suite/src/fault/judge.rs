// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Compares the findings about a fault with the expected ones.

use std::collections::BTreeSet;

use serde::Serialize;

use super::expected::Broken;
use super::kinds::Fault;
use crate::report::events::{CaseFinished, Finding};
use crate::spec::clause::{Clauses, Level};

/// A finding and its check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Said {
    /// The check: the case's id without the configuration.
    pub check: String,
    /// The finding.
    pub finding: Finding,
}

impl Said {
    /// All findings of these cases.
    pub fn of<'a>(cases: impl IntoIterator<Item = &'a CaseFinished>) -> Vec<Self> {
        let said = |case: &'a CaseFinished| {
            let check = case.case.split_once('.').map_or(&*case.case, |(_, check)| check);
            case.findings.iter().map(|finding| Self { check: check.to_owned(), finding: finding.clone() })
        };
        cases.into_iter().flat_map(said).collect()
    }
}

/// Differences from the expected findings.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Judgement {
    /// Broken clauses without findings of the right level, registers and entries.
    pub unnoticed: Vec<Broken>,
    /// Findings about `must` and `should` clauses that the fault does not break.
    pub accused: Vec<Said>,
}

/// Judges the findings that the fault-free run does not have.
pub fn judge(fault: Fault, said: &[Said], clauses: &Clauses) -> Judgement {
    let expected = fault.expected();
    let known: BTreeSet<&str> =
        expected.broken.iter().map(|broken| broken.clause).chain(expected.consequences.iter().copied()).collect();
    let is_accused = |said: &&Said| said.finding.level != Level::Note && !known.contains(&*said.finding.clause);
    let accused = said.iter().filter(is_accused).cloned().collect();
    let is_unnoticed = |broken: &Broken| {
        let level = clauses.get(broken.clause).map(|clause| clause.level);
        let about = said.iter().map(|said| &said.finding);
        let about = about.filter(|finding| finding.clause == broken.clause && Some(finding.level) == level);
        !broken.is_named_by(&about.collect::<Vec<_>>())
    };
    let unnoticed = expected.broken.into_iter().filter(is_unnoticed).collect();
    Judgement { unnoticed, accused }
}

impl Broken {
    /// Whether findings have the expected registers and entries.
    fn is_named_by(&self, about: &[&Finding]) -> bool {
        let names = |registers: &[&'static str]| -> BTreeSet<&str> { registers.iter().copied().collect() };
        let registers: BTreeSet<&str> =
            about.iter().filter_map(|finding| finding.register.as_ref()).map(|register| &*register.name).collect();
        let after: BTreeSet<&str> =
            about.iter().filter_map(|finding| finding.after.as_ref()).map(|register| &*register.name).collect();
        let entries: BTreeSet<usize> = about.iter().flat_map(|finding| entries(finding)).collect();
        !about.is_empty()
            && (self.registers.is_empty() || registers == names(self.registers))
            && (self.after.is_empty() || after == names(self.after))
            && self.entries.clone().is_none_or(|wanted| entries == wanted.collect())
    }
}

fn entries(finding: &Finding) -> impl Iterator<Item = usize> {
    let first = finding.entry.into_iter();
    first.flat_map(|first| first..=finding.last_entry.unwrap_or(first))
}
