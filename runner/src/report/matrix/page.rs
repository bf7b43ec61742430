// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The matrix as one HTML file that needs nothing else.

use askama::Template;
use reglist_suite::clause::Level;
use reglist_suite::report::events::SubjectKind;

use super::Matrix;
use super::clause::ClauseColumn;
use super::fault::{FaultRow, Noticed, Role, State};
use super::mark::{MARKS, Mark};
use super::table::{duration, sentence, word};
use super::verdict::Verdict;
use super::words::{Problem, problems};
use crate::report::text::verdict::release;

/// What the template shows.
#[derive(Template)]
#[template(path = "matrix.html")]
struct Page<'m> {
    verdict: &'static str,
    verdict_class: &'static str,
    summary: String,
    release: &'m str,
    /// Whether the subject is no kernel.
    untested: bool,
    complete: bool,
    /// Names and values.
    facts: Vec<(&'static str, String)>,
    problems: Vec<Problem>,
    legend: Vec<Legend>,
    clauses: Vec<Column<'m>>,
    sections: Vec<Section<'m>>,
    not_selected: Vec<&'m str>,
}

struct Legend {
    letter: char,
    meaning: &'static str,
}

struct Column<'m> {
    id: &'m str,
    level: Level,
    demand: &'m str,
    noticed: usize,
    alone: usize,
    names: String,
    /// In place of the names.
    word: &'static str,
    /// Whether it is the first one of its theme.
    first: bool,
}

struct Section<'m> {
    heading: &'m str,
    rows: Vec<Row<'m>>,
}

struct Row<'m> {
    name: &'m str,
    sentence: &'m str,
    place: String,
    time: String,
    /// Whether something is not as it should be.
    wrong: bool,
    in_error: usize,
    said: Vec<String>,
    /// None where the fault was not tried, but a reason.
    cells: Vec<Cell<'m>>,
    reason: String,
}

struct Cell<'m> {
    letter: char,
    meaning: &'static str,
    clause: &'m str,
    first: bool,
}

/// The page's text.
///
/// # Errors
/// Where the template cannot be filled in, which no matrix can cause.
pub(super) fn text(matrix: &Matrix) -> askama::Result<String> {
    Ok(Page::of(matrix).render()? + "\n")
}

impl<'m> Page<'m> {
    fn of(matrix: &'m Matrix) -> Self {
        let started = &matrix.started;
        let verdict = matrix.verdict();
        let first = |position: usize| {
            let before = position.checked_sub(1).and_then(|before| matrix.clauses.get(before));
            matrix.clauses.get(position).map(ClauseColumn::theme) != before.map(ClauseColumn::theme)
        };
        let columns = matrix.clauses.iter().enumerate();
        let shown: Vec<&FaultRow> =
            matrix.faults.iter().filter(|row| !matches!(row.state, State::NotSelected)).collect();
        let sections = shown.chunk_by(|one, other| one.section == other.section).map(|rows| Section {
            heading: rows.first().map_or("", |row| row.section),
            rows: rows.iter().map(|row| Row::of(row, &matrix.clauses, first)).collect(),
        });
        let not_selected = matrix.faults.iter().filter(|row| matches!(row.state, State::NotSelected));
        Self {
            verdict: word(verdict),
            verdict_class: match verdict {
                Verdict::AllNoticed => "good",
                Verdict::NotAllNoticed => "bad",
                Verdict::NothingTried => "none",
            },
            summary: sentence(matrix),
            release: release(started),
            untested: started.subject == SubjectKind::Model,
            complete: matrix.is_complete(),
            facts: facts(matrix),
            problems: problems(matrix),
            legend: MARKS.iter().map(|mark| Legend { letter: mark.letter(), meaning: mark.meaning() }).collect(),
            clauses: columns.map(|(position, clause)| Column::of(clause, first(position))).collect(),
            sections: sections.collect(),
            not_selected: not_selected.map(|row| row.name.as_str()).collect(),
        }
    }
}

fn facts(matrix: &Matrix) -> Vec<(&'static str, String)> {
    let started = &matrix.started;
    let right = matrix.right.iter().map(|round| {
        let outcome = if round.passed() { "passed" } else { "FAILED" };
        format!("{}: {outcome} ({} cases, {})", round.name(), round.cases, duration(round.duration_us))
    });
    let mut facts = vec![
        ("kernel", started.kernel.clone()),
        ("CPU", started.cpu.clone()),
        ("architecture", started.architecture.clone()),
        ("suite", format!("{}, series {}, seed {}", started.suite, started.series, started.seed)),
        ("should clauses", if started.strict { "fail (strict)" } else { "warn" }.to_owned()),
        ("time in cases", duration(matrix.duration_us)),
        ("without a fault", right.collect::<Vec<_>>().join("; ")),
    ];
    facts.retain(|(_, value)| !value.is_empty());
    facts
}

impl<'m> Column<'m> {
    fn of(clause: &'m ClauseColumn, first: bool) -> Self {
        Self {
            id: &clause.id,
            level: clause.level,
            demand: &clause.demand,
            noticed: clause.noticed.len(),
            alone: clause.alone.len(),
            names: clause.alone.join(", "),
            word: clause.word().unwrap_or_default(),
            first,
        }
    }
}

impl<'m> Row<'m> {
    fn of(row: &'m FaultRow, clauses: &'m [ClauseColumn], first: impl Fn(usize) -> bool) -> Self {
        let cell = |(position, clause): (usize, &'m ClauseColumn)| {
            let mark = Mark::of(row, &clause.id);
            Cell { letter: mark.letter(), meaning: mark.meaning(), clause: &clause.id, first: first(position) }
        };
        let (reason, wrong) = match &row.state {
            State::Noticed | State::NotSelected => (String::new(), false),
            State::Wrong(_) => (String::new(), true),
            State::NotTried(reason) => (format!("NOT TRIED: {reason}"), true),
            State::NotReached => ("NOT REACHED: the run ended before".to_owned(), true),
            State::Impossible(reason) => (format!("not tried: {reason}"), false),
        };
        Self {
            name: &row.name,
            sentence: &row.sentence,
            place: row.place(),
            time: if row.duration_us > 0 { duration(row.duration_us) } else { String::new() },
            wrong,
            in_error: row.wrong().map_or(0, |wrong| wrong.in_error.len()),
            said: row.noticed.iter().map(said).collect(),
            cells: if row.was_tried() { clauses.iter().enumerate().map(cell).collect() } else { Vec::new() },
            reason,
        }
    }
}

/// What the checks of a clause said, in one line.
fn said(noticed: &Noticed) -> String {
    let role = match noticed.role {
        Role::Broken => "broken",
        Role::Consequence => "broken in consequence",
        Role::Note => "noted",
        Role::Accused => "WRONGLY ACCUSED",
    };
    let list = |word: &str, items: &[String]| match items {
        [] => String::new(),
        items => format!("; {word} {}", items.join(", ")),
    };
    let level = noticed.level;
    let (registers, entries) = (list("names", &noticed.registers), list("entries", &noticed.entries));
    format!("{} {role} ({level}), by {}{registers}{entries}", noticed.clause, noticed.checks.join(", "))
}
