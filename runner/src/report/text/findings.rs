// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Findings, grouped: failures, warnings, and short notes.

use std::collections::HashSet;
use std::fmt::Write as _;

use console::Style;
use reglist_suite::report::events::{Outcome, RunStarted};
use reglist_suite::spec::clause::Level;

use crate::record::Record;
use crate::report::groups::Group;
use crate::report::id::{by_key, check, configuration, each_once};
use crate::report::paragraph::{hanging, labelled};
use crate::report::words::count;

/// More configurations than this, if they are all, are not named.
const MOST_NAMED: usize = 3;

pub(super) fn write(text: &mut String, groups: &[Group<'_>], started: &RunStarted) {
    let fails = |group: &&Group<'_>| group.first.level.fails(started.strict);
    for group in groups.iter().filter(fails) {
        describe(text, group, started, "FAIL", Style::new().red().bold());
    }
    for group in groups.iter().filter(|group| !fails(group) && group.first.level == Level::Should) {
        describe(text, group, started, "WARN", Style::new().yellow());
    }
}

/// Writes notes, one paragraph each, grouped by clause.
pub(super) fn write_notes(text: &mut String, groups: &[Group<'_>], record: &Record) {
    let notes = groups.iter().filter(|group| group.first.level == Level::Note);
    let by_clause = by_key(notes.map(|group| (group.first.clause.as_str(), group)));
    if !by_clause.is_empty() {
        text.push('\n');
    }
    by_clause.into_iter().flat_map(|(_, groups)| groups).for_each(|group| note(text, group, record));
}

/// Writes how many notes there are.
pub(super) fn count_notes(text: &mut String, groups: &[Group<'_>]) {
    let notes = groups.iter().filter(|group| group.first.level == Level::Note).count();
    if notes > 0 {
        let _ = writeln!(text, "{}; -v shows them", count(notes, "note"));
    }
}

fn describe(text: &mut String, group: &Group<'_>, started: &RunStarted, word: &str, style: Style) {
    let _ = writeln!(text, "\n{} {}", style.apply_to(word), subject(group));
    if !group.first.expected.is_empty() {
        labelled(text, "expected", &group.expected());
    }
    labelled(text, "observed", &group.observed());
    match (group.registers.len(), group.registers.first()) {
        (1, Some(register)) => labelled(text, "register", &format!("{} ({:#018x})", register.name, register.id)),
        (0, _) | (_, None) => {}
        (number, _) => labelled(text, &count(number, "register"), &names(group)),
    }
    if let Some((word, entries)) = group.entries() {
        labelled(text, word, &entries);
    }
    let (all, found) = (
        each_once(started.plan.iter().map(String::as_str), configuration),
        each_once(group.cases.iter().copied(), configuration),
    );
    let is_everywhere = found.len() == all.len() && all.len() > MOST_NAMED;
    labelled(text, "in", &if is_everywhere { format!("all {} configurations", all.len()) } else { found.join(", ") });
    labelled(text, "checks", &each_once(group.cases.iter().copied(), check).join(", "));
}

fn note(text: &mut String, group: &Group<'_>, record: &Record) {
    let mut line = format!("{} {}: ", Style::new().cyan().apply_to("note"), subject(group));
    if !group.registers.is_empty() {
        let _ = write!(line, "{}: ", names(group));
    }
    if let Some((word, entries)) = group.entries() {
        let _ = write!(line, "{word} {entries}: ");
    }
    if !group.first.expected.is_empty() {
        let _ = write!(line, "expected {}, observed ", group.expected());
    }
    line.push_str(&group.observed());
    line.push_str(&place(group, record));
    hanging(text, &line);
}

/// The configurations of a finding, in short; empty if all that ran the checks.
fn place(group: &Group<'_>, record: &Record) -> String {
    let checks: HashSet<&str> = group.cases.iter().map(|case| check(case)).collect();
    let ran = record.ended().filter(|case| matches!(case.outcome, Outcome::Pass | Outcome::Fail));
    let looked = ran.map(|case| case.case.as_str()).filter(|case| checks.contains(&check(case)));
    let found = each_once(group.cases.iter().copied(), configuration);
    let has_it: HashSet<&str> = found.iter().copied().collect();
    let mut others = each_once(looked, configuration);
    others.retain(|name| !has_it.contains(name));
    if others.is_empty() {
        String::new()
    } else if others.len() < found.len() {
        format!(" (not in {})", others.join(", "))
    } else {
        format!(" (in {})", found.join(", "))
    }
}

/// The clause, the ioctl and the errno.
fn subject(group: &Group<'_>) -> String {
    let mut subject = Style::new().bold().apply_to(&group.first.clause).to_string();
    for part in [&group.first.ioctl, &group.first.errno].into_iter().flatten() {
        let _ = write!(subject, ", {part}");
    }
    subject
}

fn names(group: &Group<'_>) -> String {
    // A name such as `CSR 0x9` stays on one line.
    group.registers.iter().map(|register| register.name.replace(' ', "\u{a0}")).collect::<Vec<_>>().join(", ")
}
