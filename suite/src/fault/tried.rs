// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Faults that were tried, compared with the right subject.

use std::collections::BTreeMap;

use super::judge::{Judgement, Said, judge};
use super::kinds::Fault;
use crate::clause::{Clauses, Level};
use crate::report::events::{CaseFinished, Outcome};

/// A fault that was tried, and what came of it.
#[derive(Debug)]
pub struct Tried {
    /// The fault.
    pub fault: Fault,
    /// What the checks say of it and not of the right subject.
    pub said: Vec<Said>,
    /// Cases that ended in error, and so say nothing.
    pub in_error: Vec<String>,
    /// Whether the checks say what is to be said.
    pub judgement: Judgement,
}

impl Tried {
    /// Whether all is as it should be.
    pub fn is_right(&self) -> bool {
        self.in_error.is_empty() && self.judgement.is_right()
    }
}

/// Rounds with the right subject, to compare the others with.
#[derive(Debug, Default)]
pub struct Right(BTreeMap<(String, bool), Vec<Said>>);

impl Right {
    /// Takes a round without a fault; the result is what should not be said of a
    /// right subject: cases that did not pass.
    pub fn take(&mut self, configuration: &str, allow_new: bool, cases: &[CaseFinished]) -> Vec<String> {
        self.0.insert((configuration.to_owned(), allow_new), Said::of(cases));
        let broken = |case: &&CaseFinished| {
            let accused = case.findings.iter().any(|finding| finding.level != Level::Note);
            accused || matches!(case.outcome, Outcome::Fail | Outcome::Error)
        };
        cases.iter().filter(broken).map(|case| case.case.clone()).collect()
    }

    /// Judges a round with a fault; `None` if there is no right one to compare it
    /// with.
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
