// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Compares runs of faults with the fault-free run, and the findings with the expected ones.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::ops::RangeInclusive;

use serde::Serialize;

use super::expected::Broken;
use super::kinds::Fault;
use crate::report::events::{CaseFinished, Finding, Outcome};
use crate::spec::clause::{Clauses, Level};

/// A finding and its check.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
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

/// The result of a run with a fault.
#[derive(Debug)]
pub struct Tried {
    /// The fault.
    pub fault: Fault,
    /// The findings that the fault-free run does not have.
    pub said: Vec<Said>,
    /// Cases that ended in error.
    pub in_error: Vec<String>,
    /// Broken clauses without findings of the right level, registers and entries.
    pub unnoticed: Vec<Broken>,
    /// Findings about `must` and `should` clauses that the fault does not break.
    pub accused: Vec<Said>,
}

impl Tried {
    /// Judges the findings that the fault-free run does not have.
    pub fn of(fault: Fault, said: Vec<Said>, in_error: Vec<String>, clauses: &Clauses) -> Self {
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
        Self { fault, said, in_error, unnoticed, accused }
    }

    /// Whether the suite noticed the fault as expected.
    pub fn is_right(&self) -> bool {
        self.in_error.is_empty() && self.unnoticed.is_empty() && self.accused.is_empty()
    }
}

/// Results of the fault-free rounds.
#[derive(Debug, Default)]
pub struct Right(BTreeMap<(String, bool), HashSet<Said>>);

impl Right {
    /// Adds a fault-free round. Returns the cases that wrongly did not pass.
    pub fn take(&mut self, configuration: &str, allow_new: bool, cases: &[CaseFinished]) -> Vec<String> {
        self.0.insert((configuration.to_owned(), allow_new), Said::of(cases).into_iter().collect());
        let broken = |case: &&CaseFinished| {
            let accused = case.findings.iter().any(|finding| finding.level != Level::Note);
            accused || matches!(case.outcome, Outcome::Fail | Outcome::Error)
        };
        cases.iter().filter(broken).map(|case| case.case.clone()).collect()
    }

    /// Judges a round with a fault; `None` without a fault-free round to compare with.
    pub fn compare(
        &self,
        fault: Fault,
        configuration: &str,
        allow_new: bool,
        cases: &[CaseFinished],
        clauses: &Clauses,
    ) -> Option<Tried> {
        let right = self.0.get(&(configuration.to_owned(), allow_new))?;
        let mut said = Said::of(cases);
        said.retain(|said| !right.contains(said));
        let in_error = cases.iter().filter(|case| case.outcome == Outcome::Error).map(|case| case.case.clone());
        Some(Tried::of(fault, said, in_error.collect(), clauses))
    }
}

impl Broken {
    /// Whether findings have the expected registers and entries.
    fn is_named_by(&self, about: &[&Finding]) -> bool {
        let names = |registers: &[&'static str]| -> BTreeSet<&str> { registers.iter().copied().collect() };
        let registers: BTreeSet<&str> =
            about.iter().filter_map(|finding| finding.register.as_ref()).map(|register| &*register.name).collect();
        let after: BTreeSet<&str> =
            about.iter().filter_map(|finding| finding.after.as_ref()).map(|register| &*register.name).collect();
        let entries = |wanted: RangeInclusive<usize>| {
            // Foreign findings may have any entries.
            let is_wanted = |span: &RangeInclusive<usize>| wanted.contains(span.start()) && wanted.contains(span.end());
            let spans = || about.iter().filter_map(|finding| entries(finding));
            spans().all(|span| is_wanted(&span)) && spans().flatten().collect::<BTreeSet<_>>().len() == wanted.count()
        };
        !about.is_empty()
            && (self.registers.is_empty() || registers == names(self.registers))
            && (self.after.is_empty() || after == names(self.after))
            && self.entries.clone().is_none_or(entries)
    }
}

fn entries(finding: &Finding) -> Option<RangeInclusive<usize>> {
    let first = finding.entry?;
    Some(first..=finding.last_entry.unwrap_or(first))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_may_have_any_entries() {
        let broken = Broken { clause: "a.b", registers: &[], after: &[], entries: Some(1..=3) };
        let finding = |first, last| Finding {
            entry: Some(first),
            last_entry: Some(last),
            ..Finding::new("a.b", Level::Must, String::new(), String::new())
        };
        assert!(broken.is_named_by(&[&finding(2, 3), &finding(1, 2)]));
        for wrong in [finding(1, 2), finding(1, 4), finding(0, 3), finding(1, usize::MAX), finding(3, 1)] {
            assert!(!broken.is_named_by(&[&wrong]), "{wrong:?}");
        }
    }
}
