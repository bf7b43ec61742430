// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Guesses at the line of a mistake, from what failing and passing cases ran.
//!
//! A block of code is the more suspicious, the more of the failing cases and the fewer of
//! the passing cases ran it (Ochiai's coefficient); a line is as suspicious as its most
//! suspicious block. A kernel can have several mistakes,
//! so each broken clause is looked at alone: the cases that break it against those that
//! pass. Of lines that are equally suspicious, the ones with words of the clause or of its
//! findings come first.

use std::collections::BTreeSet;

use reglist_suite::report::coverage::Line;
use reglist_suite::report::events::{CaseFinished, Outcome};

use super::covered::{Cases, Covered, Executable};
use crate::record::Record;

/// What code has that a clause is about, by the first part of the clause's id.
const WORDS: [(&str, &[&str]); 4] = [
    ("e2big", &["E2BIG", " < ", "put_user", "copy_to_user"]),
    ("efault", &["EFAULT", "_user(", "< 0"]),
    ("list", &["KVM_IOC_", "KVM_REG_", "_has_", "++", "count", "num"]),
    ("reg", &["case ", "return "]),
];
/// The least coefficient that says something: where all failing cases ran a block, that is
/// three quarters as many passing cases. Anything less is code that every list needs.
const TELLING: f64 = 0.75;
/// Clauses that are looked at. A kernel that breaks more is wrong everywhere.
const MOST_CLAUSES: usize = 64;
/// Registers of findings whose names are looked for.
const MOST_NAMES: usize = 8;

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
    /// Number of words that the line shares with the clause and its findings.
    words: usize,
}

impl<'r> Suspect<'r> {
    fn of(executable: &Executable<'r>, broken: &Broken<'r>, covered: &Covered<'r>) -> Option<Self> {
        let Executable { file, line, .. } = *executable;
        let of = covered.cases;
        let scored = line.blocks.iter().filter_map(|block| {
            let cases = *covered.blocks.get(block as usize)?;
            Some((ochiai(cases, of), block, cases))
        });
        let (score, block, cases) = scored.max_by(|(one, ..), (other, ..)| one.total_cmp(other))?;
        let words = broken.words.iter().filter(|word| line.text.contains(**word)).count();
        Some(Self { file: &file.name, line, clause: broken.clause, block, cases, of, score, words })
    }

    /// Whether it says something.
    pub(crate) fn is_telling(&self) -> bool {
        self.score > TELLING
    }

    /// Whether nothing tells the two apart.
    pub(crate) fn is_like(&self, other: &Self) -> bool {
        self.rank(other).is_eq() && (self.clause, self.block, self.file) == (other.clause, other.block, other.file)
    }

    fn rank(&self, other: &Self) -> std::cmp::Ordering {
        self.score.total_cmp(&other.score).then(self.words.cmp(&other.words))
    }
}

fn ochiai(cases: Cases, of: Cases) -> f64 {
    let product = (cases.all() * of.failed) as f64;
    if product > 0.0 { cases.failed as f64 / product.sqrt() } else { 0.0 }
}

/// A clause that cases break, and the words to look for.
struct Broken<'r> {
    clause: &'r str,
    words: Vec<&'r str>,
}

impl<'r> Broken<'r> {
    fn of(clause: &'r str, failing: &[&'r CaseFinished]) -> Self {
        let theme = clause.split('.').next().unwrap_or_default();
        let known = WORDS.iter().find(|(name, _)| *name == theme).map_or(&[][..], |(_, words)| words);
        let findings = failing.iter().flat_map(|case| &case.findings).filter(|finding| finding.clause == clause);
        let names: BTreeSet<&str> = findings
            .flat_map(|finding| {
                finding.errno.as_deref().into_iter().chain(finding.register.iter().map(|it| it.name.as_str()))
            })
            .take(MOST_NAMES)
            .collect();
        Self { clause, words: known.iter().copied().chain(names).collect() }
    }
}

/// The lines of the patch that failing cases ran, the most suspicious first. None if
/// nothing fails, or the run has not noted which lines run.
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
        let broken = Broken::of(clause, &failing);
        let suspects = covered.lines.iter().filter_map(|line| Suspect::of(line, &broken, &covered));
        if best.is_empty() {
            best = suspects.collect();
            continue;
        }
        for (best, suspect) in best.iter_mut().zip(suspects) {
            if best.rank(&suspect).is_lt() {
                *best = suspect;
            }
        }
    }
    best.retain(|suspect| suspect.cases.failed > 0);
    best.sort_by(|one, other| other.rank(one));
    best
}
