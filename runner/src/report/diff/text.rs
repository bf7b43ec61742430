// SPDX-License-Identifier: Apache-2.0 OR MIT
//! A comparison for a terminal.

use std::fmt::Write as _;

use console::Style;
use reglist_suite::clause::Level;

use super::compare::{Comparison, Kind, Side};
use super::facts::FactChange;
use super::registers::Moved;
use super::sections::{Entry, Names, doubts, entries, numbers, of_known, other_rules, totals, verdict};
use super::words::{count, finding, plain};
use crate::report::paragraph::{fill, hanging};

/// Configurations named before the rest is only counted.
const SHOWN: usize = 8;

/// The whole report, the verdict last.
pub(crate) fn text(comparison: &Comparison) -> String {
    let mut text = String::new();
    side(&mut text, "OLD", &comparison.old);
    side(&mut text, "NEW", &comparison.new);
    differences(&mut text, comparison);
    for kind in Kind::ALL {
        section(&mut text, comparison, kind);
    }
    registers(&mut text, "appeared", &comparison.registers.appeared);
    registers(&mut text, "gone", &comparison.registers.gone);
    if let Some(reason) = &comparison.registers.not_compared {
        text.push('\n');
        hanging(&mut text, &format!("registers not compared: {}", plain(reason)));
    }
    facts(&mut text, &comparison.facts);
    known(&mut text, comparison);
    if let Some(numbers) = numbers(comparison) {
        text.push('\n');
        hanging(&mut text, &numbers);
    }
    let (word, what) = verdict(comparison);
    let style = if word == "no regression" { Style::new().green() } else { Style::new().red() };
    let _ = writeln!(text, "\nreglist: {}: {what}", style.bold().apply_to(word));
    text
}

fn side(text: &mut String, name: &str, side: &Side) {
    let what = format!("{} {}", Style::new().bold().apply_to(format!("{name}:")), plain(&side.file));
    hanging(text, &what);
    indented(text, 2, &plain(&subject(side)));
    indented(text, 2, &totals(side));
    for doubt in doubts(side) {
        indented(text, 2, &format!("{} {}", Style::new().yellow().apply_to("warning:"), plain(&doubt)));
    }
}

/// What was tested and how.
fn subject(side: &Side) -> String {
    let mut parts = vec![format!("Linux {}", side.kernel), side.architecture.clone()];
    parts.extend(Some(side.cpu.clone()).filter(|cpu| !cpu.is_empty()));
    parts.extend([format!("suite {}", side.suite), format!("series {}", side.series), format!("seed {}", side.seed)]);
    parts.extend(side.strict.then(|| "strict".to_owned()));
    parts.extend(side.allow_new.then(|| "new registers allowed".to_owned()));
    parts.extend(side.fault.as_ref().map(|fault| format!("fault {fault}")));
    parts.join(", ")
}

fn differences(text: &mut String, comparison: &Comparison) {
    if let Some(rules) = other_rules(comparison) {
        let word = Style::new().yellow().bold().apply_to("not judged by the same rules:");
        text.push('\n');
        hanging(text, &format!("{word} {}", plain(&rules)));
    }
    let others: Vec<&str> = comparison
        .differences
        .iter()
        .filter(|difference| !difference.changes_rules)
        .map(|difference| difference.what)
        .collect();
    if !others.is_empty() {
        text.push('\n');
        hanging(text, &format!("different: {}", others.join(", ")));
    }
}

fn section(text: &mut String, comparison: &Comparison, kind: Kind) {
    let number = comparison.of_kind(kind).count();
    if number == 0 {
        return;
    }
    let (mark, style) = match kind {
        Kind::UnexpectedPass => ("UNEXPECTED ", Style::new().red().bold()),
        kind if kind.is_regression() => ("REGRESSION ", Style::new().red().bold()),
        Kind::FailingUntested | Kind::StillFailing | Kind::FailureSkipped => ("", Style::new().yellow()),
        Kind::Fixed | Kind::Tested | Kind::Noticed => ("", Style::new().green()),
        _ => ("", Style::new().cyan()),
    };
    let _ = write!(text, "\n{}", style.apply_to(format!("{mark}{}", kind.words())));
    let _ = writeln!(text, ": {}", count(number, "case"));
    for each in entries(comparison, kind) {
        entry(text, &each, kind);
    }
}

fn entry(text: &mut String, entry: &Entry<'_>, kind: Kind) {
    let mut what = entry.what.clone();
    if let Some(reason) = entry.reason {
        let _ = write!(what, ": {}", plain(reason));
    }
    if let Some(run) = entry.run {
        what = format!("{what} ({})", plain(run));
    }
    let names = names(&entry.names);
    match &entry.names {
        Names::List { .. } => {
            indented(text, 2, &format!("{what}:"));
            fill(text, "    ", 4, names.split_whitespace().map(str::to_owned));
        }
        _ => indented(text, 2, &format!("{names}: {what}")),
    }
    if let Some(known) = entry.known {
        indented(text, 4, &format!("known: {}", plain(&known.to_string())));
    }
    if kind == Kind::UnexpectedPass {
        indented(text, 4, "take its entry out of the known failures");
    }
    for (position, each) in entry.findings.iter().enumerate() {
        let of = entry.of.filter(|_| position == 0).map(|of| format!("in {}: ", plain(of)));
        indented(text, 4, &format!("{}{}", of.unwrap_or_default(), plain(&finding(each))));
    }
    if entry.more > 0 {
        indented(text, 4, &format!("and {}", count(entry.more, "more finding")));
    }
}

fn names(names: &Names<'_>) -> String {
    match names {
        Names::One(case) => plain(case),
        Names::Check { check, configurations } => plain(&format!("{check} in {}", some(configurations))),
        Names::List { whole, single } => {
            let whole = whole.iter().map(|(name, number)| format!("all {number} cases of {}", plain(name)));
            whole.chain(single.iter().map(|case| plain(case))).collect::<Vec<_>>().join(", ")
        }
    }
}

/// The first names, and how many there are beyond.
pub(super) fn some<S: AsRef<str>>(names: &[S]) -> String {
    let mut shown: Vec<&str> = names.iter().take(SHOWN).map(AsRef::as_ref).collect();
    let more = format!("{} more", names.len().saturating_sub(SHOWN));
    if names.len() > SHOWN {
        shown.push(&more);
    }
    shown.join(", ")
}

fn registers(text: &mut String, word: &str, moved: &[Moved]) {
    if moved.is_empty() {
        return;
    }
    let _ = writeln!(text, "\n{}", Style::new().cyan().apply_to(format!("registers {word}")));
    for Moved { registers, configurations } in moved {
        let ids: Vec<String> =
            registers.iter().map(|register| format!("{} ({:#018x})", plain(&register.name), register.id)).collect();
        indented(text, 2, &format!("in {}: {}", plain(&some(configurations)), ids.join(", ")));
    }
}

fn facts(text: &mut String, facts: &[FactChange]) {
    if facts.is_empty() {
        return;
    }
    let _ = writeln!(text, "\n{}", Style::new().cyan().apply_to("warnings and facts"));
    for fact in facts {
        let word = if fact.level == Level::Note { "note" } else { "warning" };
        let about = if fact.about.is_empty() { String::new() } else { format!(", {}", fact.about) };
        let what = match (&fact.old, &fact.new) {
            (Some(old), Some(new)) => format!("was: {old}; is: {new}"),
            (Some(old), None) => format!("gone: {old}"),
            (_, new) => format!("new: {}", new.as_deref().unwrap_or_default()),
        };
        let words = format!("{word} {}{about}: {what} (in {})", fact.clause, some(&fact.configurations));
        indented(text, 2, &plain(&words));
    }
}

fn known(text: &mut String, comparison: &Comparison) {
    let sentences = of_known(comparison);
    if !sentences.is_empty() {
        text.push('\n');
    }
    for sentence in sentences {
        hanging(text, &format!("{} {}", Style::new().yellow().apply_to("warning:"), plain(&sentence)));
    }
}

/// A paragraph at an indentation, and two columns more from its second line on.
fn indented(text: &mut String, columns: usize, words: &str) {
    fill(text, &" ".repeat(columns), columns + 2, words.split_whitespace().map(str::to_owned));
}
