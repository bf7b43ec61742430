// SPDX-License-Identifier: Apache-2.0 OR MIT
//! A comparison as text.

use std::fmt::Write as _;

use console::Style;

use super::compare::{Comparison, Kind};
use super::lines::{Form, Item};
use super::sections::{doubts, numbers, other_rules, others, totals, verdict};
use super::side::Side;
use crate::report::paragraph::{fill, hanging, indented, titled};
use crate::report::words::{count, plain};

/// The report, the verdict last.
pub(crate) fn text(comparison: &Comparison) -> String {
    let mut text = String::new();
    side(&mut text, "OLD", &comparison.old);
    side(&mut text, "NEW", &comparison.new);
    differences(&mut text, comparison);
    for kind in Kind::all() {
        section(&mut text, comparison, kind);
    }
    titled(&mut text, "registers appeared", &Form::Terminal.registers(&comparison.registers.appeared));
    titled(&mut text, "registers gone", &Form::Terminal.registers(&comparison.registers.gone));
    if let Some(reason) = &comparison.registers.not_compared {
        text.push('\n');
        hanging(&mut text, &format!("registers not compared: {}", plain(reason)));
    }
    titled(&mut text, "warnings and notes", &Form::Terminal.facts(&comparison.facts));
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
        let word = Style::new().yellow().bold().apply_to("different rules:");
        text.push('\n');
        hanging(text, &format!("{word} {}", plain(&rules)));
    }
    let others = others(comparison);
    if !others.is_empty() {
        text.push('\n');
        hanging(text, &format!("different: {others}"));
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
    for Item { words, cases, below } in Form::Terminal.entries(comparison, kind) {
        match cases {
            Some(cases) => {
                indented(text, 2, &format!("{words}:"));
                fill(text, "    ", "    ", &cases);
            }
            None => indented(text, 2, &words),
        }
        below.iter().for_each(|item| indented(text, 4, item));
    }
}

fn known(text: &mut String, comparison: &Comparison) {
    let sentences = comparison.useless_entries();
    if !sentences.is_empty() {
        text.push('\n');
    }
    for sentence in sentences {
        hanging(text, &format!("{} {}", Style::new().yellow().apply_to("warning:"), plain(&sentence)));
    }
}
