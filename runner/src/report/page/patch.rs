// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The patch as a diff, with a mark at each line: whether it ran, and whether it is
//! suspicious.

use std::collections::BTreeMap;

use reglist_suite::report::coverage::{Change, Line};

use super::view::View;
use crate::report::coverage::{Cases, Covered, suspects};

/// Suspicious lines that are marked.
const MOST_SUSPECTS: usize = 10;

/// The patch of a run.
#[derive(Debug)]
pub(super) struct Patch {
    /// How many lines ran.
    pub(super) ran: usize,
    pub(super) executable: usize,
    pub(super) files: Vec<File>,
}

#[derive(Debug)]
pub(super) struct File {
    pub(super) name: String,
    pub(super) is_traced: bool,
    /// The hunks, each as rows.
    pub(super) hunks: Vec<Vec<Row>>,
}

#[derive(Debug)]
pub(super) struct Row {
    pub(super) number: u32,
    /// `+`, `-` or a space.
    pub(super) sign: char,
    pub(super) text: String,
    /// Style of the row.
    pub(super) class: &'static str,
    /// What is known of the line; empty for one without code.
    pub(super) mark: String,
    pub(super) mark_class: &'static str,
}

impl Patch {
    pub(super) fn of(run: &View<'_>) -> Option<Self> {
        let covered = Covered::of(run.record())?;
        let place = |file: &str, line: &Line| (file.to_owned(), line.number);
        let counts: BTreeMap<(String, u32), Cases> =
            covered.lines.iter().map(|ran| (place(&ran.file.name, ran.line), ran.cases)).collect();
        let suspects = suspects(run.record());
        let ranks: BTreeMap<(String, u32), usize> =
            suspects.iter().take(MOST_SUSPECTS).zip(1..).map(|(it, rank)| (place(it.file, it.line), rank)).collect();
        let row = |file: &str, line: &Line| {
            let (sign, class) = match line.change {
                Change::Same => (' ', "same"),
                Change::Added => ('+', "added"),
                Change::Removed => ('-', "removed"),
            };
            let place = place(file, line);
            let cases = counts.get(&place).filter(|_| line.change == Change::Added);
            let rank = ranks.get(&place).filter(|_| cases.is_some());
            let (mark, mark_class) = match (cases, rank) {
                (None, _) => (String::new(), ""),
                (Some(cases), Some(rank)) => (format!("suspicious ({rank}): {}", words(*cases, covered.cases)), "warn"),
                (Some(cases), None) if cases.all() == 0 => ("never ran".to_owned(), "bad"),
                (Some(cases), None) => (words(*cases, covered.cases), "good"),
            };
            Row { number: line.number, sign, text: line.text.clone(), class, mark, mark_class }
        };
        let files = covered.coverage.files.iter().map(|file| File {
            name: file.name.clone(),
            is_traced: file.is_traced,
            hunks: file
                .hunks
                .iter()
                .map(|hunk| hunk.lines.iter().map(|line| row(&file.name, line)).collect())
                .collect(),
        });
        let files = files.collect();
        Some(Self { ran: covered.ran(), executable: covered.lines.len(), files })
    }
}

/// How many cases ran a line.
fn words(cases: Cases, of: Cases) -> String {
    match of.failed {
        _ if cases == of => "all cases".to_owned(),
        0 => format!("{} of {} cases", cases.passed, of.passed),
        _ => format!("{} of {} failed, {} of {} passed", cases.failed, of.failed, cases.passed, of.passed),
    }
}
