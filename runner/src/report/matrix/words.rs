// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The problems of the matrix in words.

use std::fmt::Write as _;

use console::Style;
use reglist_suite::fault::Said;

use super::data::Matrix;
use super::fault::{FaultRow, Noticed, State, Unnoticed, Wrong};
use crate::report::id::by_key;
use crate::report::paragraph::{hanging, labelled};
use crate::report::words::count;
use crate::system::verbosity::Verbosity;

/// Maximum problems of a kind without `--verbose`.
const SHOWN: usize = 12;

#[derive(Debug)]
struct Problem {
    word: &'static str,
    what: String,
    /// Labels with text.
    parts: Vec<(&'static str, String)>,
    /// The fault, if the problem has a single one.
    fault: Option<String>,
}

fn problems(matrix: &Matrix) -> Vec<Problem> {
    let wrong = || matrix.faults.iter().filter_map(|row| Some((row, row.wrong()?)));
    let mut problems = right_rounds(matrix);
    problems.extend(wrong().flat_map(|(row, wrong)| wrong.unnoticed.iter().map(move |broken| unnoticed(row, broken))));
    for (row, wrong) in wrong() {
        let by_clause = by_key(wrong.accused.iter().map(|said| (said.finding.clause.as_str(), said)));
        problems.extend(by_clause.into_iter().map(|(clause, said)| accused(row, clause, &said)));
    }
    problems.extend(wrong().flat_map(|(row, wrong)| in_error(row, wrong)));
    problems.extend(not_tried(matrix));
    problems
}

/// Writes the problems, then passed rounds and skipped faults.
pub(super) fn write(text: &mut String, matrix: &Matrix, verbosity: Verbosity) {
    let problems = problems(matrix);
    for kind in problems.chunk_by(|one, other| one.word == other.word) {
        let shown = if verbosity.is_verbose() { kind.len() } else { SHOWN };
        kind.iter().take(shown).for_each(|problem| problem.write(text));
        let rest: Vec<&Problem> = kind.iter().skip(shown).collect();
        if let Some(first) = rest.first() {
            let mut faults: Vec<&str> = rest.iter().filter_map(|problem| problem.fault.as_deref()).collect();
            faults.dedup();
            let _ = writeln!(text, "\n{} and {} more (-v prints all)", loud(first.word), rest.len());
            labelled(text, "faults", &faults.join(", "));
        }
    }
    if !verbosity.is_quiet() {
        right(text, matrix);
        absent(text, matrix);
    }
}

impl Problem {
    fn write(&self, text: &mut String) {
        text.push('\n');
        hanging(text, &format!("{} {}", loud(self.word), self.what));
        for (name, value) in &self.parts {
            labelled(text, name, value);
        }
    }
}

fn right_rounds(matrix: &Matrix) -> Vec<Problem> {
    let wrong = matrix.right.iter().filter(|round| !round.passed);
    let problem = wrong.map(|round| {
        let mut parts = Vec::new();
        parts.extend(round.trouble.clone().map(|trouble| ("reason", trouble)));
        parts.extend((!round.broken.is_empty()).then(|| ("failed", round.broken.join(", "))));
        let what = format!("the round without a fault in {}", round.name());
        Problem { word: "FAIL", what, parts, fault: None }
    });
    problem.collect()
}

fn unnoticed(row: &FaultRow, broken: &Unnoticed) -> Problem {
    let parts = vec![
        ("fault", row.sentence.clone()),
        ("expected", wanted(broken)),
        ("observed", row.noticed_by(broken.clause).map_or_else(|| "nothing".to_owned(), found)),
        ("in", row.place()),
    ];
    let what = format!("{}, fault {}", broken.clause, row.name);
    Problem { word: "UNNOTICED", what, parts, fault: Some(row.name.clone()) }
}

fn accused(row: &FaultRow, clause: &str, said: &[&Said]) -> Problem {
    let mut parts = vec![("fault", row.sentence.clone())];
    if let Some(first) = said.first() {
        let finding = &first.finding;
        let more = if said.len() > 1 { format!(" (and {} more findings)", said.len() - 1) } else { String::new() };
        parts.push(("expected", finding.expected.clone()));
        parts.push(("observed", format!("{}{more}", finding.observed)));
    }
    if let Some(noticed) = row.noticed_by(clause) {
        parts.push(("registers", noticed.registers.join(", ")));
        parts.push(("entries", noticed.entries.join(", ")));
        parts.push(("checks", noticed.checks.join(", ")));
    }
    parts.push(("in", row.place()));
    parts.retain(|(_, value)| !value.is_empty());
    let what = format!("{clause}, fault {}", row.name);
    Problem { word: "WRONGLY ACCUSED", what, parts, fault: Some(row.name.clone()) }
}

fn in_error(row: &FaultRow, wrong: &Wrong) -> Vec<Problem> {
    let cases = wrong.in_error.iter().map(|error| (error.reason.as_str(), error.case.as_str()));
    let problem = |(reason, cases): (&str, Vec<&str>)| Problem {
        word: "ERROR",
        what: format!("fault {}", row.name),
        parts: vec![("reason", reason.to_owned()), ("cases", cases.join(", "))],
        fault: Some(row.name.clone()),
    };
    by_key(cases).into_iter().map(problem).collect()
}

/// Faults without a result, each reason once.
fn not_tried(matrix: &Matrix) -> Vec<Problem> {
    let reasons = matrix.faults.iter().filter_map(|row| match &row.state {
        State::NotTried { reason } => Some((("NOT TRIED", reason.as_str()), row.name.as_str())),
        State::NotReached => Some((("NOT REACHED", "the run ended before"), row.name.as_str())),
        _ => None,
    });
    let problem = |((word, reason), faults): ((&'static str, &str), Vec<&str>)| Problem {
        word,
        what: count(faults.len(), "fault"),
        parts: vec![("reason", reason.to_owned()), ("faults", faults.join(", "))],
        fault: None,
    };
    by_key(reasons).into_iter().map(problem).collect()
}

/// The expected finding of a broken clause.
fn wanted(broken: &Unnoticed) -> String {
    let mut wanted = "a finding".to_owned();
    if !broken.registers.is_empty() {
        let _ = write!(wanted, " about {}", broken.registers.join(", "));
    }
    if !broken.after.is_empty() {
        let _ = write!(wanted, " after {}", broken.after.join(", "));
    }
    match broken.entries {
        Some([first, last]) if first == last => {
            let _ = write!(wanted, " at entry {first}");
        }
        Some([first, last]) => {
            let _ = write!(wanted, " at entries {first}-{last}");
        }
        None => {}
    }
    wanted
}

/// The observed findings of a clause.
fn found(noticed: &Noticed) -> String {
    let mut found = format!("a finding of level {}", noticed.level);
    if !noticed.registers.is_empty() {
        let _ = write!(found, " about {}", noticed.registers.join(", "));
    }
    if !noticed.entries.is_empty() {
        let _ = write!(found, " at entries {}", noticed.entries.join(", "));
    }
    found
}

fn right(text: &mut String, matrix: &Matrix) {
    let passed: Vec<String> = matrix.right.iter().filter(|round| round.passed).map(|round| round.name()).collect();
    if !passed.is_empty() {
        text.push('\n');
        hanging(text, &format!("passed without a fault: {}", passed.join(", ")));
    }
}

/// Faults that were not selected, or are not possible.
fn absent(text: &mut String, matrix: &Matrix) {
    let not_selected = matrix.totals().not_selected;
    if not_selected > 0 {
        hanging(text, &format!("not selected: {} of other configurations", count(not_selected, "fault")));
    }
    let impossible = matrix.faults.iter().filter_map(|row| match row.state {
        State::Impossible { reason } => Some((reason, row.name.as_str())),
        _ => None,
    });
    for (reason, faults) in by_key(impossible) {
        hanging(text, &format!("not tried: {}: {reason}", faults.join(", ")));
    }
}

fn loud(word: &str) -> String {
    Style::new().red().bold().apply_to(word).to_string()
}
