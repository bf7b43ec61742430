// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The matrix as text: with `--verbose` faults against clauses, then clauses,
//! problems, and the verdict.

use std::fmt::Write as _;
use std::time::Duration;

use console::Style;
use reglist_suite::report::events::SubjectKind;

use super::clause::{ClauseColumn, REDUNDANT};
use super::data::Matrix;
use super::fault::{FaultRow, State};
use super::mark::{MARKS, Mark};
use super::verdict::{Totals, Verdict};
use super::words;
use crate::report::paragraph::{WIDTH, hanging};
use crate::report::text::verdict;
use crate::report::words::{UNTESTED, count, release, untested};
use crate::system::verbosity::Verbosity;

const GAP: usize = 2;
/// Maximum length of a fault's name; longer ones in foreign streams are cut.
const LONGEST_NAME: usize = 36;
/// Mark of a row with cases in error.
const IN_ERROR: &str = " E";

pub(crate) fn text(matrix: &Matrix, verbosity: Verbosity) -> String {
    let mut text = String::new();
    if matrix.started.subject == SubjectKind::Model {
        let release = release(&matrix.started);
        hanging(&mut text, &format!("{UNTESTED}; faults in the expected answers of Linux {release}"));
        text.push('\n');
    }
    let verbose = verbosity.is_verbose();
    if verbose {
        faults(&mut text, matrix);
    }
    if !verbosity.is_quiet() {
        clauses(&mut text, matrix, verbose);
    }
    words::write(&mut text, matrix, verbosity);
    if !verbosity.is_quiet() {
        verdict::write_circumstances(&mut text, &matrix.started);
    }
    if matrix.is_complete() {
        last_line(&mut text, matrix);
    }
    text
}

/// Columns, each with the number of its first clause, from 1.
type Block<'m> = Vec<(usize, &'m [ClauseColumn])>;

/// Faults against clauses, a block of rows per section.
fn faults(text: &mut String, matrix: &Matrix) {
    let is_shown = |row: &&FaultRow| !matches!(row.state, State::NotSelected | State::Impossible { .. });
    let rows: Vec<&FaultRow> = matrix.faults.iter().filter(is_shown).collect();
    let names = rows.iter().flat_map(|row| [row.name.len(), row.section.len()]);
    let first = names.max().unwrap_or_default().min(LONGEST_NAME);
    let blocks = blocks(&matrix.clauses, WIDTH.saturating_sub(first + GAP + IN_ERROR.len()));
    for section in rows.chunk_by(|one, other| one.section == other.section) {
        for block in &blocks {
            head(text, section.first().map_or("", |row| row.section), first, block);
            section.iter().for_each(|row| line(text, row, first, block));
            text.push('\n');
        }
    }
    if rows.is_empty() {
        return;
    }
    let legend: Vec<String> =
        MARKS.iter().map(|mark| mark.look()).map(|(letter, meaning, _)| format!("{letter} {meaning}")).collect();
    hanging(text, &format!("({}; E cases in error; column heads are numbers of clauses)", legend.join(", ")));
    text.push('\n');
}

/// Splits the clauses by theme into blocks that fit the width.
fn blocks(clauses: &[ClauseColumn], room: usize) -> Vec<Block<'_>> {
    let mut blocks: Vec<Block<'_>> = Vec::new();
    let (mut number, mut used) = (1, 0);
    for theme in clauses.chunk_by(|one, other| one.theme() == other.theme()) {
        match blocks.last_mut() {
            Some(block) if used + 1 + theme.len() <= room => {
                used += 1 + theme.len();
                block.push((number, theme));
            }
            _ => {
                used = theme.len();
                blocks.push(vec![(number, theme)]);
            }
        }
        number += theme.len();
    }
    blocks
}

/// Three lines: the themes, and the clauses' numbers from top to bottom.
fn head(text: &mut String, section: &str, first: usize, block: &Block<'_>) {
    let mut themes = " ".repeat(first + GAP);
    let mut tens = format!("{}{:GAP$}", Style::new().bold().apply_to(cut(section, first)), "");
    let mut ones = " ".repeat(first + GAP);
    for (number, theme) in block {
        let word = theme.first().map_or("", |clause| clause.theme());
        let _ = write!(themes, "{:width$.width$} ", word, width = theme.len());
        for number in *number..number + theme.len() {
            let ten = number / 10;
            let _ = if ten == 0 { write!(tens, " ") } else { write!(tens, "{}", ten % 10) };
            let _ = write!(ones, "{}", number % 10);
        }
        tens.push(' ');
        ones.push(' ');
    }
    for line in [themes, tens, ones] {
        let _ = writeln!(text, "{}", line.trim_end());
    }
}

fn line(text: &mut String, row: &FaultRow, first: usize, block: &Block<'_>) {
    let mut line = format!("{}{:GAP$}", cut(&row.name, first), "");
    let loud = Style::new().red().bold();
    match &row.state {
        State::Noticed | State::Wrong(_) => {
            for (_, theme) in block {
                for clause in *theme {
                    let (letter, _, style) = Mark::of(row, &clause.id).look();
                    let _ = write!(line, "{}", style.apply_to(letter));
                }
                line.push(' ');
            }
        }
        State::NotTried { .. } => line.push_str(&loud.apply_to("NOT TRIED").to_string()),
        _ => line.push_str(&loud.apply_to("NOT REACHED").to_string()),
    }
    if row.wrong().is_some_and(|wrong| !wrong.in_error.is_empty()) {
        line.truncate(line.trim_end().len());
        let _ = write!(line, "{}", loud.apply_to(IN_ERROR));
    }
    let _ = writeln!(text, "{}", line.trim_end());
}

fn cut(name: &str, width: usize) -> String {
    console::pad_str(name, width, console::Alignment::Left, Some("...")).into_owned()
}

fn clauses(text: &mut String, matrix: &Matrix, verbose: bool) {
    // With few faults, most clauses have no entry.
    let is_shown = |clause: &ClauseColumn| verbose || !clause.noticed.is_empty() || clause.redundant.is_some();
    let left_out = matrix.clauses.iter().filter(|clause| !is_shown(clause)).count();
    if left_out == matrix.clauses.len() {
        return;
    }
    let width = matrix.clauses.iter().map(|clause| clause.id.len()).max().unwrap_or_default().max("clause".len());
    let _ = writeln!(text, "    {:width$}  level   noticed  alone  faults that only it noticed", "clause");
    let mut redundant = false;
    for (position, clause) in matrix.clauses.iter().enumerate().filter(|(_, clause)| is_shown(clause)) {
        let count = |names: &[String]| if names.is_empty() { "-".to_owned() } else { names.len().to_string() };
        let head = format!(
            "{:>3} {:width$}  {:<6}  {:>7}  {:>5}  ",
            position + 1,
            clause.id,
            clause.level,
            count(&clause.noticed),
            count(&clause.alone),
        );
        let room = WIDTH.saturating_sub(head.len());
        let tail = match clause.word() {
            Some(word) => Style::new().yellow().apply_to(word.to_owned()),
            None => Style::new().apply_to(some(&clause.alone, room)),
        };
        redundant |= clause.word() == Some(REDUNDANT);
        let _ = writeln!(text, "{}", format!("{head}{tail}").trim_end());
    }
    if left_out > 0 {
        let _ = writeln!(text, "({left_out} clauses noticed none of these faults)");
    }
    if redundant {
        text.push_str("(redundant: other clauses notice all its faults)\n");
    }
}

/// The shortest names that fit, and the number of the rest.
fn some(names: &[String], room: usize) -> String {
    let mut names: Vec<&str> = names.iter().map(String::as_str).collect();
    names.sort_by_key(|name| name.len());
    let shown = |count: usize| {
        let shown = names.get(..count).unwrap_or_default().join(", ");
        match names.len() - count.min(names.len()) {
            0 => shown,
            more if count == 0 => format!("{more}"),
            more => format!("{shown}, +{more}"),
        }
    };
    let fits = (1..=names.len()).rev().map(shown).find(|text| text.len() <= room);
    fits.unwrap_or_default()
}

fn last_line(text: &mut String, matrix: &Matrix) {
    let (word, style) = match matrix.verdict() {
        Verdict::AllNoticed => ("all noticed", Style::new().green()),
        Verdict::NotAllNoticed => ("not all noticed", Style::new().red()),
        Verdict::NothingTried => ("nothing tried", Style::new().yellow()),
    };
    let (word, untested) = (style.bold().apply_to(word), untested(matrix.started.subject));
    let _ = writeln!(text, "reglist: {word}: {}{untested}", sentence(matrix));
}

fn sentence(matrix: &Matrix) -> String {
    let Totals { wanted, noticed, unnoticed, accused, in_error, not_tried, unreached, .. } = matrix.totals();
    let of = if noticed == wanted { String::new() } else { format!("{noticed} of ") };
    let kernel = match matrix.started.subject {
        SubjectKind::Kvm => format!(" of Linux {}", release(&matrix.started)),
        SubjectKind::Model => String::new(),
    };
    let time = duration(matrix.duration_us);
    let mut sentence =
        format!("{of}{}{kernel} in {time}; {unnoticed} unnoticed, {accused} wrongly accused", count(wanted, "fault"));
    let right = matrix.wrong_right_rounds();
    let rest = [
        (in_error, "in error"),
        (not_tried, "not tried"),
        (unreached, "not reached"),
        (right, if right == 1 { "round without a fault failed" } else { "rounds without a fault failed" }),
    ];
    for (count, what) in rest {
        if count > 0 {
            let _ = write!(sentence, ", {count} {what}");
        }
    }
    sentence
}

fn duration(microseconds: u64) -> String {
    let time = Duration::from_micros(microseconds);
    match time.as_secs() {
        0 => format!("{} ms", time.as_millis()),
        1..=9 => format!("{:.1} s", time.as_secs_f64()),
        seconds @ 10..=119 => format!("{seconds} s"),
        seconds => format!("{} min {} s", seconds / 60, seconds % 60),
    }
}
