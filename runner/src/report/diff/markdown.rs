// SPDX-License-Identifier: Apache-2.0 OR MIT
//! A comparison to paste into a mail or a pull request.
//!
//! No paragraph is broken into lines: a comment on GitHub keeps every break, and
//! a mail program makes its own.

use std::fmt::Write as _;

use reglist_suite::clause::Level;
use reglist_suite::report::events::SubjectKind;

use super::compare::{Comparison, Kind, Side};
use super::facts::FactChange;
use super::registers::Moved;
use super::sections::{Entry, Names, doubts, entries, numbers, of_known, other_rules, totals, verdict};
use super::words::{count, observed, plain, subject};
use crate::record::known::Entry as KnownEntry;

/// The whole report, the verdict first.
pub(crate) fn markdown(comparison: &Comparison) -> String {
    let (word, what) = verdict(comparison);
    let mut text = format!("**reglist diff: {word}**: {what}\n\n");
    if let Some(numbers) = numbers(comparison) {
        let _ = writeln!(text, "{numbers}\n");
    }
    table(&mut text, comparison);
    for (name, side) in [("OLD", &comparison.old), ("NEW", &comparison.new)] {
        for doubt in doubts(side) {
            let _ = writeln!(text, "\n**Warning**: {name}: {}", safe(&doubt));
        }
    }
    if let Some(rules) = other_rules(comparison) {
        let _ = writeln!(text, "\n**Not judged by the same rules**: {}", safe(&rules));
    }
    for kind in Kind::ALL {
        section(&mut text, comparison, kind);
    }
    registers(&mut text, "appeared", &comparison.registers.appeared);
    registers(&mut text, "gone", &comparison.registers.gone);
    if let Some(reason) = &comparison.registers.not_compared {
        let _ = writeln!(text, "\nRegisters not compared: {}", safe(reason));
    }
    facts(&mut text, &comparison.facts);
    for sentence in of_known(comparison) {
        let _ = writeln!(text, "\n**Warning**: {}", safe(&sentence));
    }
    text
}

/// What a row of the table is about, and what a file says of it.
type Row = (&'static str, fn(&Side) -> String);

/// The two runs, with columns that stand below each other in plain text.
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
    let cell = |words: String| safe(&words).replace('|', "\\|");
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
    for each in entries(comparison, kind) {
        entry(text, &each, kind);
    }
}

fn entry(text: &mut String, entry: &Entry<'_>, kind: Kind) {
    let mut what = entry.what.clone();
    if let Some(reason) = entry.reason {
        let _ = write!(what, ": {}", safe(reason));
    }
    if let Some(run) = entry.run {
        let _ = write!(what, " ({})", safe(run));
    }
    let _ = match &entry.names {
        Names::List { .. } => writeln!(text, "- {what}\n  - {}", names(&entry.names)),
        _ => writeln!(text, "- {}: {what}", names(&entry.names)),
    };
    if let Some(entry) = entry.known {
        let _ = writeln!(text, "  - known: {}", known(entry));
    }
    if kind == Kind::UnexpectedPass {
        text.push_str("  - take its entry out of the known failures\n");
    }
    for (position, finding) in entry.findings.iter().enumerate() {
        let of = entry.of.filter(|_| position == 0).map(|of| format!("in {}: ", code(of))).unwrap_or_default();
        let about = subject(finding);
        let about = if about.is_empty() { String::new() } else { format!(", {}", safe(&about)) };
        let _ = writeln!(text, "  - {of}{}{about}: {}", code(&finding.clause), safe(&observed(finding)));
    }
    if entry.more > 0 {
        let _ = writeln!(text, "  - and {}", count(entry.more, "more finding"));
    }
}

fn names(names: &Names<'_>) -> String {
    match names {
        Names::One(case) => code(case),
        Names::Check { check, configurations } => format!("{} in {}", code(check), codes(configurations)),
        Names::List { whole, single } => {
            let whole = whole.iter().map(|(name, number)| format!("all {number} cases of {}", code(name)));
            whole.chain(single.iter().map(|case| code(case))).collect::<Vec<_>>().join(", ")
        }
    }
}

fn known(entry: &KnownEntry) -> String {
    let mut words = safe(&entry.reason);
    if let Some(link) = &entry.link {
        let is_link = (link.starts_with("https://") || link.starts_with("http://"))
            && link.bytes().all(|c| c.is_ascii_graphic() && !b"<>`\\".contains(&c));
        let _ = if is_link { write!(words, ", <{link}>") } else { write!(words, ", {}", safe(link)) };
    }
    if let Some(date) = entry.expires {
        let _ = write!(words, ", until {date}");
    }
    words
}

fn registers(text: &mut String, word: &str, moved: &[Moved]) {
    if moved.is_empty() {
        return;
    }
    let _ = writeln!(text, "\n### Registers {word}\n");
    for Moved { registers, configurations } in moved {
        let ids: Vec<String> =
            registers.iter().map(|register| format!("{} (`{:#018x}`)", safe(&register.name), register.id)).collect();
        let _ = writeln!(text, "- in {}: {}", codes(configurations), ids.join(", "));
    }
}

fn facts(text: &mut String, facts: &[FactChange]) {
    if facts.is_empty() {
        return;
    }
    text.push_str("\n### Warnings and facts\n\n");
    for fact in facts {
        let word = if fact.level == Level::Note { "note" } else { "warning" };
        let about = if fact.about.is_empty() { String::new() } else { format!(", {}", safe(&fact.about)) };
        let what = match (&fact.old, &fact.new) {
            (Some(old), Some(new)) => format!("was: {}; is: {}", safe(old), safe(new)),
            (Some(old), None) => format!("gone: {}", safe(old)),
            (_, new) => format!("new: {}", safe(new.as_deref().unwrap_or_default())),
        };
        let places = codes(&fact.configurations);
        let _ = writeln!(text, "- {word} {}{about}: {what} (in {places})", code(&fact.clause));
    }
}

fn codes<S: AsRef<str>>(names: &[S]) -> String {
    names.iter().map(|name| code(name.as_ref())).collect::<Vec<_>>().join(", ")
}

/// Words as they are.
fn code(words: &str) -> String {
    let words = plain(words).replace('`', "'");
    if words.is_empty() { String::new() } else { format!("`{words}`") }
}

/// Foreign words, as they are where Markdown would read more into them.
fn safe(words: &str) -> String {
    let words = plain(words);
    if is_harmless(&words) { words } else { code(&words) }
}

fn is_harmless(words: &str) -> bool {
    let inside = |at: usize| {
        let before = words.get(..at).and_then(|before| before.chars().next_back());
        let after = words.get(at + 1..).and_then(|after| after.chars().next());
        [before, after].into_iter().all(|c| c.is_some_and(char::is_alphanumeric))
    };
    words.char_indices().all(|(at, c)| match c {
        // Emphasis only begins and ends at the edge of a word.
        '_' => inside(at),
        c => !"*`<>[]\\&~$|#@".contains(c),
    })
}
