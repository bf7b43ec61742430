// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Compares runs of faults with the fault-free run.

use std::collections::BTreeMap;

use super::judge::{Judgement, Said, judge};
use super::kinds::Fault;
use crate::report::events::{CaseFinished, Outcome};
use crate::spec::clause::{Clauses, Level};

/// The result of a run with a fault.
#[derive(Debug)]
pub struct Tried {
    /// The fault.
    pub fault: Fault,
    /// The findings that the fault-free run does not have.
    pub said: Vec<Said>,
    /// Cases that ended in error.
    pub in_error: Vec<String>,
    /// Differences from the expected findings.
    pub judgement: Judgement,
}

impl Tried {
    /// Whether the suite noticed the fault as expected.
    pub fn is_right(&self) -> bool {
        self.in_error.is_empty() && self.judgement == Judgement::default()
    }
}

/// Results of the fault-free rounds.
#[derive(Debug, Default)]
pub struct Right(BTreeMap<(String, bool), Vec<Said>>);

impl Right {
    /// Adds a fault-free round. Returns the cases that wrongly did not pass.
    pub fn take(&mut self, configuration: &str, allow_new: bool, cases: &[CaseFinished]) -> Vec<String> {
        self.0.insert((configuration.to_owned(), allow_new), Said::of(cases));
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
        let judgement = judge(fault, &said, clauses);
        Some(Tried { fault, in_error: in_error.collect(), judgement, said })
    }
}
