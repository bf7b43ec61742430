// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Guesses at the line of a mistake, from what failing and passing cases ran.
//!
//! A block of code is the more suspicious, the more of the failing cases and the fewer of
//! the passing cases ran it (Ochiai's coefficient); a line is as suspicious as its most
//! suspicious block. A kernel can have several mistakes, so each broken clause is looked at
//! alone: the cases that break it against those that pass.

use std::collections::BTreeSet;

use reglist_suite::report::coverage::Line;
use reglist_suite::report::events::{CaseFinished, Outcome};

use super::covered::{Cases, Covered, Executable};
use crate::record::Record;

/// The least coefficient that says something: where all failing cases ran a block, that is
/// three quarters as many passing cases. Anything less is code that every list needs.
const TELLING: f64 = 0.75;
/// Clauses that are looked at. A kernel that breaks more is wrong everywhere.
const MOST_CLAUSES: usize = 64;

/// A line with the clause for which it is most suspicious.
#[derive(Debug, Clone)]
pub(crate) struct Suspect<'r> {
    pub(crate) file: &'r str,
    pub(crate) line: &'r Line,
    pub(crate) clause: &'r str,
    /// The most suspicious of its blocks.
    block: u32,
    /// The cases that ran this block: those that break the clause, and those that pass.
    pub(crate) cases: Cases,
    /// All such cases.
    pub(crate) of: Cases,
    /// Ochiai's coefficient, from 0 to 1.
    score: f64,
}

impl<'r> Suspect<'r> {
    fn of(executable: &Executable<'r>, clause: &'r str, covered: &Covered<'r>) -> Option<Self> {
        let Executable { file, line, .. } = *executable;
        let of = covered.cases;
        let scored = line.blocks.iter().filter_map(|block| {
            let cases = *covered.blocks.get(block as usize)?;
            Some((ochiai(cases, of), block, cases))
        });
        let (score, block, cases) = scored.max_by(|(one, ..), (other, ..)| one.total_cmp(other))?;
        Some(Self { file: &file.name, line, clause, block, cases, of, score })
    }

    /// Whether nothing tells the two apart.
    pub(crate) fn is_like(&self, other: &Self) -> bool {
        (self.clause, self.block, self.file) == (other.clause, other.block, other.file)
    }
}

fn ochiai(cases: Cases, of: Cases) -> f64 {
    let product = (cases.all() * of.failed) as f64;
    if product > 0.0 { cases.failed as f64 / product.sqrt() } else { 0.0 }
}

/// The suspicious lines of the patch, the most suspicious first. None if nothing fails, if
/// the run has not noted which lines run, or if no line tells failing from passing cases.
pub(crate) fn suspects(record: &Record) -> Vec<Suspect<'_>> {
    let strict = record.started.as_ref().is_some_and(|started| started.strict);
    let failing: Vec<&CaseFinished> = record.ended().filter(|case| case.outcome == Outcome::Fail).collect();
    let failures = failing.iter().flat_map(|case| &case.findings).filter(|finding| finding.level.fails(strict));
    let clauses: BTreeSet<&str> = failures.map(|finding| finding.clause.as_str()).collect();
    let mut best: Vec<Suspect<'_>> = Vec::new();
    for clause in clauses.into_iter().take(MOST_CLAUSES) {
        let breaks = |case: &CaseFinished| {
            let failed = case.outcome == Outcome::Fail;
            let is_it = || case.findings.iter().any(|it| it.clause == clause && it.level.fails(strict));
            (!failed || is_it()).then_some(failed)
        };
        let Some(covered) = Covered::with(record, &breaks) else { return Vec::new() };
        let suspects = covered.lines.iter().filter_map(|line| Suspect::of(line, clause, &covered));
        if best.is_empty() {
            best = suspects.collect();
            continue;
        }
        for (best, suspect) in best.iter_mut().zip(suspects) {
            if best.score < suspect.score {
                *best = suspect;
            }
        }
    }
    best.retain(|suspect| suspect.score > TELLING);
    best.sort_by(|one, other| other.score.total_cmp(&one.score));
    best
}
