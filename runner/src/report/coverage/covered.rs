// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Which lines of the patch ran, and in how many cases.

use std::collections::HashMap;

use reglist_suite::checks;
use reglist_suite::report::coverage::{Blocks, Change, Coverage, Line, PatchedFile};
use reglist_suite::report::events::{CaseFinished, Outcome};

use crate::record::Record;

/// Steps to compare lines with cases; an honest run needs a thousandth.
const MOST_STEPS: u64 = 8_000_000;

/// The patch of a run, with what its cases ran.
#[derive(Debug)]
pub(crate) struct Covered<'r> {
    pub(crate) coverage: &'r Coverage,
    /// Number of cases for which it is known what ran.
    pub(crate) cases: Cases,
    /// The lines that can run, in the order of the patch.
    pub(crate) lines: Vec<Executable<'r>>,
    /// The cases that ran each block.
    pub(super) blocks: Vec<Cases>,
}

/// A new or changed line with code.
#[derive(Debug)]
pub(crate) struct Executable<'r> {
    pub(crate) file: &'r PatchedFile,
    pub(crate) line: &'r Line,
    /// The cases that ran it.
    pub(crate) cases: Cases,
}

/// Whether a case counts as failed; none if it does not count.
type Fails<'f> = &'f dyn Fn(&CaseFinished) -> Option<bool>;

/// Numbers of cases by what they say about the kernel.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Cases {
    pub(crate) passed: usize,
    pub(crate) failed: usize,
}

impl Cases {
    pub(crate) fn all(self) -> usize {
        self.passed + self.failed
    }

    fn count(&mut self, failed: bool) {
        *(if failed { &mut self.failed } else { &mut self.passed }) += 1;
    }

    fn add(&mut self, more: Self) {
        self.passed += more.passed;
        self.failed += more.failed;
    }
}

impl<'r> Covered<'r> {
    /// None if the run has not noted which lines run.
    pub(crate) fn of(record: &'r Record) -> Option<Self> {
        Self::with(record, &|case| Some(case.outcome == Outcome::Fail))
    }

    /// The same, where `fails` says whether a case counts as failed, or not at all.
    pub(super) fn with(record: &'r Record, fails: Fails<'_>) -> Option<Self> {
        let coverage = record.started.as_ref()?.coverage.as_deref()?;
        let mut lines: Vec<Executable<'r>> = coverage
            .files
            .iter()
            .flat_map(|file| file.hunks.iter().flat_map(|hunk| &hunk.lines).map(move |line| (file, line)))
            .filter(|(_, line)| line.change == Change::Added && !line.blocks.is_empty())
            .map(|(file, line)| Executable { file, line, cases: Cases::default() })
            .collect();
        let mut of_block: Vec<Vec<usize>> = vec![Vec::new(); coverage.blocks.len()];
        let mut steps = 0;
        for (place, executable) in lines.iter().enumerate() {
            steps += executable.line.blocks.count();
            if steps > MOST_STEPS {
                return None;
            }
            for block in executable.line.blocks.iter() {
                of_block.get_mut(block as usize)?.push(place);
            }
        }
        let mut blocks = vec![Cases::default(); coverage.blocks.len()];
        let mut cases = Cases::default();
        for (ran, counts) in distinct(record, fails) {
            let mut seen = vec![false; lines.len()];
            cases.add(counts);
            steps += ran.count() + lines.len() as u64;
            if steps > MOST_STEPS {
                return None;
            }
            for block in ran.iter() {
                let places = of_block.get(block as usize)?;
                blocks.get_mut(block as usize)?.add(counts);
                steps += places.len() as u64;
                for place in places {
                    *seen.get_mut(*place)? = true;
                }
            }
            for (executable, _) in lines.iter_mut().zip(seen).filter(|(_, seen)| *seen) {
                executable.cases.add(counts);
            }
        }
        (cases.all() > 0).then_some(Self { coverage, cases, lines, blocks })
    }

    /// How many of the lines ran.
    pub(crate) fn ran(&self) -> usize {
        self.lines.len() - self.never_ran().count()
    }

    /// How many of the lines the cases of each clause ran, for each clause with such cases,
    /// in the order in which the cases ran.
    pub(crate) fn by_clause(record: &'r Record) -> Vec<(&'static str, usize)> {
        let mut clauses: Vec<&'static str> = Vec::new();
        let check_of = |case: &CaseFinished| {
            let name = case.case.split_once('.').map(|(_, check)| check)?;
            checks::all().find(|check| check.name == name)
        };
        for clause in record.ended().filter_map(check_of).flat_map(|check| check.clauses) {
            if !clauses.contains(clause) {
                clauses.push(clause);
            }
        }
        let ran = |clause: &'static str| {
            let is_its = |case: &CaseFinished| {
                check_of(case).filter(|check| check.clauses.contains(&clause)).map(|_| case.outcome == Outcome::Fail)
            };
            Some((clause, Self::with(record, &is_its)?.ran()))
        };
        clauses.into_iter().filter_map(ran).collect()
    }

    /// The lines that no case ran.
    pub(crate) fn never_ran(&self) -> impl Iterator<Item = &Executable<'r>> {
        self.lines.iter().filter(|line| line.cases.all() == 0)
    }

    /// Changed files of code that the build did not instrument: nothing is known of their
    /// lines.
    pub(crate) fn untraced(&self) -> impl Iterator<Item = &'r str> {
        let is_code = |name: &str| [".c", ".h", ".S"].iter().any(|end| name.ends_with(end));
        let names = self.coverage.files.iter().filter(|file| !file.is_traced).map(|file| file.name.as_str());
        names.filter(move |name| is_code(name))
    }
}

/// What ran, each with the number of its cases. Cases that were skipped or ended in error
/// say nothing about the lines that they ran.
fn distinct<'r>(record: &'r Record, fails: Fails<'_>) -> HashMap<&'r Blocks, Cases> {
    let mut distinct: HashMap<&Blocks, Cases> = HashMap::new();
    for case in record.ended().filter(|case| matches!(case.outcome, Outcome::Pass | Outcome::Fail)) {
        if let (Some(ran), Some(failed)) = (&case.ran, fails(case)) {
            distinct.entry(ran).or_default().count(failed);
        }
    }
    distinct
}
