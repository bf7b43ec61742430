// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Whether the checks say of a fault what is to be said of it.

use std::collections::BTreeSet;

use super::expected::Broken;
use super::kinds::Fault;
use crate::clause::{Clauses, Level};
use crate::report::events::{CaseFinished, Finding};

/// Something that a check said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// The check: the part of a case's id behind its configuration.
    pub check: String,
    /// What it found.
    pub finding: Finding,
}

impl Said {
    /// Everything that was said in these cases.
    pub fn of<'a>(cases: impl IntoIterator<Item = &'a CaseFinished>) -> Vec<Self> {
        let said = |case: &'a CaseFinished| {
            let check = case.case.split_once('.').map_or(&*case.case, |(_, check)| check);
            case.findings.iter().map(|finding| Self { check: check.to_owned(), finding: finding.clone() })
        };
        cases.into_iter().flat_map(said).collect()
    }
}

/// What is wrong with what was said of a fault.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Judgement {
    /// Broken clauses that were not found broken, at their level and with the
    /// right registers and entries.
    pub unnoticed: Vec<Broken>,
    /// Findings about clauses that must or should hold, and that the fault does
    /// not break.
    pub accused: Vec<Said>,
}

impl Judgement {
    /// Whether all is as it should be.
    pub fn is_right(&self) -> bool {
        self.unnoticed.is_empty() && self.accused.is_empty()
    }
}

/// Judges what is said of a subject with a fault, and not of a right one.
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
    /// Whether findings name what they should.
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
