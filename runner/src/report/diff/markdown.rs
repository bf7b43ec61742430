// SPDX-License-Identifier: Apache-2.0 OR MIT
//! A comparison as Markdown, for mails and pull requests.
//!
//! Paragraphs have no line breaks, because GitHub keeps every break.

use std::fmt::Write as _;

use reglist_suite::report::events::SubjectKind;

use super::compare::{Comparison, Kind};
use super::lines::{Form, Item};
use super::sections::{doubts, numbers, other_rules, totals, verdict};
use super::side::Side;
use crate::report::words::count;

const FORM: Form = Form::Markdown;

/// The report, the verdict first.
pub(crate) fn markdown(comparison: &Comparison) -> String {
    let (word, what) = verdict(comparison);
    let mut text = format!("**reglist diff: {word}**: {what}\n\n");
    if let Some(numbers) = numbers(comparison) {
        let _ = writeln!(text, "{numbers}\n");
    }
    table(&mut text, comparison);
    for (name, side) in [("OLD", &comparison.old), ("NEW", &comparison.new)] {
        for doubt in doubts(side) {
            let _ = writeln!(text, "\n**Warning**: {name}: {}", FORM.text(&doubt));
        }
    }
    if let Some(rules) = other_rules(comparison) {
        let _ = writeln!(text, "\n**Different rules**: {}", FORM.text(&rules));
    }
    for kind in Kind::all() {
        section(&mut text, comparison, kind);
    }
    list(&mut text, "Registers appeared", &FORM.registers(&comparison.registers.appeared));
    list(&mut text, "Registers gone", &FORM.registers(&comparison.registers.gone));
    if let Some(reason) = &comparison.registers.not_compared {
        let _ = writeln!(text, "\nRegisters not compared: {}", FORM.text(reason));
    }
    list(&mut text, "Warnings and notes", &FORM.facts(&comparison.facts));
    for sentence in comparison.useless_entries() {
        let _ = writeln!(text, "\n**Warning**: {}", FORM.text(&sentence));
    }
    text
}

/// A label and its value in a file.
type Row = (&'static str, fn(&Side) -> String);

/// A table of the two runs, aligned in plain text.
fn table(text: &mut String, comparison: &Comparison) {
    let subject = |side: &Side| match side.subject {
        SubjectKind::Kvm => side.kernel.clone(),
        SubjectKind::Model => format!("{}, no kernel was tested", side.kernel),
    };
    let rules = |side: &Side| {
        let mut rules = vec![side.series.clone()];
        rules.extend(side.strict.then(|| "strict".to_owned()));
        rules.extend(side.allow_new.then(|| "new registers allowed".to_owned()));
        rules.join(", ")
    };
    let rows: [Row; 8] = [
        ("file", |side| side.file.clone()),
        ("kernel", subject),
        ("CPU", |side| side.cpu.clone()),
        ("fault", |side| side.fault.clone().unwrap_or_default()),
        ("suite", |side| side.suite.clone()),
        ("series", rules),
        ("seed", |side| side.seed.to_string()),
        ("cases", totals),
    ];
    let cell = |words: String| FORM.text(&words).replace('|', "\\|");
    let rows: Vec<[String; 3]> = rows
        .iter()
        .map(|(name, of)| [(*name).to_owned(), cell(of(&comparison.old)), cell(of(&comparison.new))])
        .filter(|[_, old, new]| !old.is_empty() || !new.is_empty())
        .collect();
    let head = ["", "OLD", "NEW"].map(str::to_owned);
    let widths: [usize; 3] = [0, 1, 2].map(|column: usize| {
        let cells = [&head].into_iter().chain(&rows).filter_map(|row| row.get(column));
        cells.map(|cell| console::measure_text_width(cell)).max().unwrap_or_default()
    });
    let mut line = |cells: &[String; 3], fill: &str| {
        for (cell, width) in cells.iter().zip(widths) {
            let rest = width.saturating_sub(console::measure_text_width(cell));
            let _ = write!(text, "|{fill}{cell}{}{fill}", if fill == " " { " " } else { fill }.repeat(rest));
        }
        text.push_str("|\n");
    };
    line(&head, " ");
    line(&[const { String::new() }; 3], "-");
    rows.iter().for_each(|row| line(row, " "));
}

fn section(text: &mut String, comparison: &Comparison, kind: Kind) {
    let number = comparison.of_kind(kind).count();
    if number == 0 {
        return;
    }
    let mut title = kind.words().to_owned();
    if let Some(first) = title.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    let regression = if kind.is_regression() { " (regression)" } else { "" };
    let _ = writeln!(text, "\n### {title}: {}{regression}\n", count(number, "case"));
    for Item { words, cases, below } in FORM.entries(comparison, kind) {
        let _ = writeln!(text, "- {words}");
        for item in cases.iter().chain(&below) {
            let _ = writeln!(text, "  - {item}");
        }
    }
}

fn list(text: &mut String, title: &str, items: &[String]) {
    if !items.is_empty() {
        let _ = writeln!(text, "\n### {title}\n");
        for item in items {
            let _ = writeln!(text, "- {item}");
        }
    }
}
