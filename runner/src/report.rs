// SPDX-License-Identifier: Apache-2.0 OR MIT
//! A run for people: a table of configurations, the findings with what they
//! have in common said once, and the verdict. A function of the events alone.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Write as _};

use console::Style;
use reglist_suite::clause::Level;
use reglist_suite::events::{CaseFinished, Finding, NamedRegister, Outcome, RunStarted, Totals, Verdict};

use crate::error::Error;
use crate::stream::Record;

/// Columns of a terminal that everybody has.
const WIDTH: usize = 80;
/// Reasons shown of each kind before the rest is only counted.
const SHOWN: usize = 12;

/// Writes to the standard output; a closed pipe is the reader's choice.
pub(crate) fn print(text: &str) -> Result<(), Error> {
    let mut output = io::stdout().lock();
    match output.write_all(text.as_bytes()).and_then(|()| output.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Error::Output(error)),
        _ => Ok(()),
    }
}

/// The whole report; empty for a run that never started.
pub(crate) fn text(record: &Record) -> String {
    let mut text = String::new();
    let Some(started) = &record.started else {
        return text;
    };
    let implemented = record.finished.as_ref().is_none_or(|finished| finished.verdict != Verdict::NotImplemented);
    if implemented {
        table(&mut text, record, started);
        reasons(&mut text, record);
        findings(&mut text, record, started);
    }
    if let Some(finished) = &record.finished {
        verdict(&mut text, finished.verdict, finished.totals, started);
    }
    text
}

/// Counts per configuration, aligned.
fn table(text: &mut String, record: &Record, started: &RunStarted) {
    let mut rows: Vec<(&str, Totals, usize)> = Vec::new();
    let ended: BTreeMap<&str, Outcome> = record.ended.iter().map(|case| (case.case.as_str(), case.outcome)).collect();
    for case in &started.plan {
        let name = configuration(case);
        if rows.last().is_none_or(|row| row.0 != name) && !rows.iter().any(|row| row.0 == name) {
            rows.push((name, Totals::default(), 0));
        }
        if let Some((_, totals, missing)) = rows.iter_mut().find(|row| row.0 == name) {
            match ended.get(case.as_str()) {
                Some(outcome) => totals.count(*outcome),
                None => *missing += 1,
            }
        }
    }
    let any_missing = rows.iter().any(|(_, _, missing)| *missing > 0);
    let width = rows.iter().map(|row| row.0.len()).chain(["configuration".len()]).max().unwrap_or(0);
    let head = format!("{:width$}  {:>5}  {:>5}  {:>5}  {:>5}", "configuration", "pass", "fail", "skip", "error");
    let _ = writeln!(text, "{head}{}", if any_missing { "  missing" } else { "" });
    let mut all = (Totals::default(), 0);
    for (name, totals, missing) in &rows {
        row(text, name, width, *totals, any_missing.then_some(*missing));
        all.0 = sum(all.0, *totals);
        all.1 += missing;
    }
    if rows.len() > 1 {
        row(text, "total", width, all.0, any_missing.then_some(all.1));
    }
}

fn row(text: &mut String, name: &str, width: usize, totals: Totals, missing: Option<usize>) {
    let number = |count: usize, style: Style| match count {
        0 => format!("{:>5}", "-"),
        _ => style.apply_to(format!("{count:>5}")).to_string(),
    };
    let _ = write!(
        text,
        "{name:width$}  {}  {}  {}  {}",
        number(totals.pass, Style::new().green()),
        number(totals.fail, Style::new().red().bold()),
        number(totals.skip, Style::new().yellow()),
        number(totals.error, Style::new().red().bold()),
    );
    if let Some(missing) = missing {
        let _ = write!(text, "  {}", number(missing, Style::new().red().bold()));
    }
    text.push('\n');
}

fn sum(one: Totals, other: Totals) -> Totals {
    Totals {
        pass: one.pass + other.pass,
        fail: one.fail + other.fail,
        skip: one.skip + other.skip,
        error: one.error + other.error,
    }
}

/// Why cases were skipped or ended in error.
fn reasons(text: &mut String, record: &Record) {
    for (outcome, word, style) in
        [(Outcome::Error, "error", Style::new().red().bold()), (Outcome::Skip, "skipped", Style::new().yellow())]
    {
        let mut reasons: Vec<(&str, Vec<&str>)> = Vec::new();
        for case in record.ended.iter().filter(|case| case.outcome == outcome) {
            let reason = case.reason.as_deref().unwrap_or("no reason given");
            match reasons.iter_mut().find(|(known, _)| *known == reason) {
                Some((_, cases)) => cases.push(&case.case),
                None => reasons.push((reason, vec![&case.case])),
            }
        }
        for (reason, cases) in reasons.iter().take(SHOWN) {
            let _ = writeln!(text, "\n{}: {reason}", style.apply_to(word));
            wrapped(text, "cases", cases);
        }
        if reasons.len() > SHOWN {
            let _ = writeln!(text, "\n{word}: {} more reasons", reasons.len() - SHOWN);
        }
    }
}

/// More entries than any kernel lists.
const LONGEST_LIST: usize = 4096;

/// Findings that say the same.
struct Group<'r> {
    first: &'r Finding,
    same_expected: bool,
    same_observed: bool,
    cases: Vec<&'r str>,
    registers: Vec<&'r NamedRegister>,
    entries: Vec<usize>,
}

fn findings(text: &mut String, record: &Record, started: &RunStarted) {
    let groups = grouped(&record.ended);
    for (word, style, level) in [
        ("FAIL", Style::new().red().bold(), None),
        ("WARN", Style::new().yellow(), Some(Level::Should)),
        ("NOTE", Style::new().cyan(), Some(Level::Note)),
    ] {
        for group in &groups {
            let fails = group.first.level.fails(started.strict);
            let here = match level {
                None => fails,
                Some(level) => !fails && group.first.level == level,
            };
            if here {
                describe(text, group, &style.apply_to(word).to_string());
            }
        }
    }
}

fn grouped(cases: &[CaseFinished]) -> Vec<Group<'_>> {
    let mut places = BTreeMap::new();
    let mut groups: Vec<Group<'_>> = Vec::new();
    for case in cases {
        for finding in &case.findings {
            let key = (
                finding.clause.as_str(),
                finding.level as u8,
                finding.ioctl.as_deref(),
                finding.errno.as_deref(),
                pattern(&finding.expected, finding),
                pattern(&finding.observed, finding),
            );
            let place = *places.entry(key).or_insert(groups.len());
            if place == groups.len() {
                groups.push(Group {
                    first: finding,
                    same_expected: true,
                    same_observed: true,
                    cases: Vec::new(),
                    registers: Vec::new(),
                    entries: Vec::new(),
                });
            }
            let Some(group) = groups.get_mut(place) else { continue };
            group.same_expected &= group.first.expected == finding.expected;
            group.same_observed &= group.first.observed == finding.observed;
            push_new(&mut group.cases, case.case.as_str());
            if let Some(register) = &finding.register {
                push_new(&mut group.registers, register);
            }
            if let Some(first) = finding.entry {
                // No list is longer; a torn stream may claim anything.
                let last = finding.last_entry.unwrap_or(first).min(first.saturating_add(LONGEST_LIST));
                for entry in first..=last {
                    push_new(&mut group.entries, entry);
                }
            }
        }
    }
    groups
}

fn push_new<T: PartialEq>(list: &mut Vec<T>, item: T) {
    if !list.contains(&item) {
        list.push(item);
    }
}

/// A text without what differs from register to register and from one
/// configuration to the next: names and numbers.
fn pattern(text: &str, finding: &Finding) -> String {
    let text = match &finding.register {
        Some(register) => text.replace(&register.name, "*"),
        None => text.to_owned(),
    };
    let mut pattern = String::new();
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        if !character.is_ascii_digit() {
            pattern.push(character);
            continue;
        }
        pattern.push('#');
        while characters.next_if(|next| next.is_ascii_alphanumeric()).is_some() {}
    }
    pattern
}

fn describe(text: &mut String, group: &Group<'_>, word: &str) {
    let finding = group.first;
    let _ = write!(text, "\n{word} {}", Style::new().bold().apply_to(&finding.clause));
    if let Some(ioctl) = &finding.ioctl {
        let _ = write!(text, ", {ioctl}");
    }
    if let Some(errno) = &finding.errno {
        let _ = write!(text, ", {errno}");
    }
    text.push('\n');
    let alike = |same: bool| if same { "" } else { " (and alike)" };
    paragraph(text, "expected", &format!("{}{}", finding.expected, alike(group.same_expected)));
    paragraph(text, "observed", &format!("{}{}", finding.observed, alike(group.same_observed)));
    match group.registers.as_slice() {
        [] => {}
        [register] => paragraph(text, "register", &format!("{} ({:#018x})", register.name, register.id)),
        registers => {
            let names: Vec<&str> = registers.iter().map(|register| register.name.as_str()).collect();
            wrapped(text, &format!("{} registers", names.len()), &names);
        }
    }
    if !group.entries.is_empty() {
        let ranges = ranges(&group.entries);
        wrapped(text, "entries", &ranges.iter().map(String::as_str).collect::<Vec<_>>());
    }
    let mut configurations = Vec::new();
    let mut checks = Vec::new();
    for case in &group.cases {
        push_new(&mut configurations, configuration(case));
        push_new(&mut checks, case.split_once('.').map_or(*case, |(_, check)| check));
    }
    wrapped(text, "in", &configurations);
    wrapped(text, "checks", &checks);
}

/// `1, 2, 3, 7` as `1-3`, `7`.
fn ranges(numbers: &[usize]) -> Vec<String> {
    let mut numbers = numbers.to_vec();
    numbers.sort_unstable();
    let mut ranges: Vec<(usize, usize)> = Vec::new();
    for number in numbers {
        match ranges.last_mut() {
            Some((_, end)) if *end + 1 == number => *end = number,
            _ => ranges.push((number, number)),
        }
    }
    let show = |(start, end)| if start == end { format!("{start}") } else { format!("{start}-{end}") };
    ranges.into_iter().map(show).collect()
}

fn paragraph(text: &mut String, label: &str, words: &str) {
    fill(text, label, words.split_whitespace().map(str::to_owned), " ");
}

fn wrapped(text: &mut String, label: &str, items: &[&str]) {
    let last = items.len().saturating_sub(1);
    let items = items.iter().enumerate().map(
        |(number, item)| {
            if number == last { (*item).to_owned() } else { format!("{item},") }
        },
    );
    fill(text, label, items, " ");
}

/// Words under a label, broken before the last column.
fn fill(text: &mut String, label: &str, words: impl Iterator<Item = String>, separator: &str) {
    let indent = 14;
    let mut line = format!("  {:<width$}", format!("{label}:"), width = indent - 2);
    if line.ends_with(':') {
        line.push(' ');
    }
    let mut empty = true;
    for word in words {
        if !empty && line.chars().count() + separator.len() + word.chars().count() > WIDTH {
            let _ = writeln!(text, "{line}");
            line = " ".repeat(indent);
            empty = true;
        }
        if !empty {
            line.push_str(separator);
        }
        line.push_str(&word);
        empty = false;
    }
    let _ = writeln!(text, "{}", line.trim_end());
}

/// The last line.
fn verdict(text: &mut String, verdict: Verdict, totals: Totals, started: &RunStarted) {
    let release = started.kernel.split_whitespace().next().unwrap_or("of an unknown release");
    let series = &started.series;
    let cases = totals.pass + totals.fail + totals.skip + totals.error;
    let skipped = match totals.skip {
        0 => String::new(),
        count => format!(" ({count} skipped)"),
    };
    if !text.is_empty() {
        text.push('\n');
    }
    let line = match verdict {
        Verdict::Passed => format!(
            "{}: {} cases on Linux {release}, series {series}{skipped}",
            Style::new().green().bold().apply_to("passed"),
            totals.pass
        ),
        Verdict::Failed => format!(
            "{}: {} of {cases} cases on Linux {release}, series {series}{skipped}",
            Style::new().red().bold().apply_to("failed"),
            totals.fail + totals.error
        ),
        Verdict::NothingTested => format!(
            "{}: all {cases} cases were skipped on Linux {release}, series {series}",
            Style::new().yellow().bold().apply_to("nothing tested")
        ),
        Verdict::NotImplemented => format!(
            "{}: KVM_GET_REG_LIST is unknown to Linux {release} (ENOTTY)",
            Style::new().yellow().bold().apply_to("not implemented")
        ),
    };
    let _ = writeln!(text, "reglist: {line}");
}

/// The configuration that a case belongs to.
fn configuration(case: &str) -> &str {
    case.split('.').next().unwrap_or(case)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn shown(plan: &[&str], events: &[serde_json::Value]) -> String {
        console::set_colors_enabled(false);
        let mut record = Record::default();
        let started = json!({
            "event": "run_started", "format": 1, "suite": "0.1.0", "subject": "kvm",
            "architecture": "loongarch64", "kernel": "7.2.13 #1 SMP", "cpu": "", "series": "v5",
            "strict": false, "allow_new": false, "plan": plan,
        });
        record.take(&started.to_string());
        for event in events {
            record.take(&event.to_string());
        }
        assert_eq!(record.stray, Vec::<String>::new());
        text(&record)
    }

    fn case(id: &str, outcome: &str, findings: &[serde_json::Value]) -> serde_json::Value {
        json!({
            "event": "case_finished", "case": id, "outcome": outcome, "duration_us": 1, "ioctls": 1,
            "reason": matches!(outcome, "skip" | "error").then_some("the host has no PMU"), "findings": findings,
        })
    }

    fn missing(name: &str, id: &str) -> serde_json::Value {
        json!({
            "clause": "list.contents", "level": "must", "register": {"name": name, "id": id},
            "ioctl": "KVM_GET_REG_LIST", "expected": "listed", "observed": "missing",
        })
    }

    fn count(expected: usize, observed: usize) -> serde_json::Value {
        json!({
            "clause": "list.count", "level": "must", "ioctl": "KVM_GET_REG_LIST",
            "expected": format!("{expected} registers"), "observed": format!("{observed} registers"),
        })
    }

    fn end(verdict: &str, totals: [usize; 4]) -> serde_json::Value {
        let [pass, fail, skip, error] = totals;
        json!({
            "event": "run_finished", "verdict": verdict,
            "totals": {"pass": pass, "fail": fail, "skip": skip, "error": error},
        })
    }

    #[test]
    fn what_findings_have_in_common_is_said_once() {
        let note = json!({
            "clause": "list.width", "level": "note", "errno": "E2BIG", "ioctl": "KVM_GET_REG_LIST",
            "expected": "success with n = 2^32", "observed": "E2BIG", "entry": 3,
        });
        let list = [missing("KS6", "0x9030000000010036"), missing("TVAL", "0x9030000000010042")];
        let plan = ["base.contents", "base.count", "pmu_lbt.contents", "pmu_lbt.count", "pmu.count"];
        insta::assert_snapshot!(shown(
            &plan,
            &[
                case("base.contents", "fail", &list),
                case("base.count", "fail", &[count(76, 54), note.clone()]),
                case("pmu_lbt.contents", "fail", &list),
                case("pmu_lbt.count", "fail", &[count(90, 68), note]),
                case("pmu.count", "skip", &[]),
                end("failed", [0, 4, 1, 0]),
            ]
        ));
    }

    #[test]
    fn a_passing_run_is_short() {
        insta::assert_snapshot!(shown(
            &["base.a", "base.b"],
            &[case("base.a", "pass", &[]), case("base.b", "pass", &[]), end("passed", [2, 0, 0, 0])]
        ));
    }

    #[test]
    fn a_run_that_broke_off_has_no_verdict() {
        insta::assert_snapshot!(shown(
            &["base.a", "base.b", "lbt.a"],
            &[case("base.a", "pass", &[]), json!({"event": "case_started", "case": "base.b"})]
        ));
    }

    #[test]
    fn an_unknown_ioctl_is_one_line() {
        assert_eq!(
            shown(&["base.a"], &[end("not_implemented", [0, 0, 1, 0])]),
            "reglist: not implemented: KVM_GET_REG_LIST is unknown to Linux 7.2.13 (ENOTTY)\n"
        );
    }

    #[test]
    fn no_line_is_wider_than_a_terminal() {
        let long = "word ".repeat(60);
        let finding = json!({
            "clause": "efault.array", "level": "should", "expected": long, "observed": long,
            "register": {"name": "A_VERY_LONG_NAME_OF_A_REGISTER", "id": "0x1"},
        });
        let text = shown(&["base.a"], &[case("base.a", "pass", &[finding]), end("passed", [1, 0, 0, 0])]);
        assert!(text.contains("WARN efault.array"), "{text}");
        assert!(text.lines().all(|line| line.len() <= WIDTH), "{text}");
    }

    #[test]
    fn entries_are_shown_as_ranges() {
        assert_eq!(ranges(&[3, 1, 2, 7]), ["1-3", "7"]);
    }
}
