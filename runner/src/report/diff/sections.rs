// SPDX-License-Identifier: Apache-2.0 OR MIT
//! A comparison for people: the worst kind first, similar cases grouped.

use std::collections::{BTreeSet, HashMap};

use reglist_suite::report::events::Finding;
use reglist_suite::spec::clause::Level;

use super::compare::{Change, Comparison, Kind};
use super::registers;
use super::side::Side;
use crate::record::known::Entry as KnownEntry;
use crate::report::id::{check, configuration};
use crate::report::state::State;
use crate::report::words::{count, untested, warning_or_note};

/// Maximum findings per case; the rest is counted.
const SHOWN: usize = 3;

/// A group of similar cases.
#[derive(Debug)]
pub(crate) struct Entry<'c> {
    pub(crate) names: Names<'c>,
    /// Their run, if there are several.
    pub(crate) run: Option<&'c str>,
    pub(crate) what: String,
    /// Reason of a skip, an error or a missing end.
    pub(crate) reason: Option<&'c str>,
    pub(crate) known: Option<&'c KnownEntry>,
    /// Findings of the first case.
    pub(crate) findings: Vec<&'c Finding>,
    pub(crate) more: usize,
    /// Configuration of the findings, if others differ.
    pub(crate) of: Option<&'c str>,
}

/// Names of cases, in short.
#[derive(Debug)]
pub(crate) enum Names<'c> {
    /// The only case.
    One(&'c str),
    /// A check in several configurations.
    Check { check: &'c str, configurations: Vec<&'c str> },
    /// Configurations with their number of cases, and single cases.
    List { whole: Vec<(&'c str, usize)>, single: Vec<&'c str> },
}

/// The common properties of a group.
#[derive(PartialEq, Eq, Hash)]
struct Key<'c> {
    run: Option<&'c str>,
    old: Option<State>,
    new: Option<State>,
    alike: bool,
    reason: Option<&'c str>,
    known: Option<usize>,
    /// Check and broken clauses, for a group with findings.
    detail: Option<(&'c str, BTreeSet<&'c str>)>,
}

pub(crate) fn entries(comparison: &Comparison, kind: Kind) -> Vec<Entry<'_>> {
    let mut places: HashMap<Key<'_>, usize> = HashMap::new();
    let mut groups: Vec<Vec<&Change>> = Vec::new();
    for change in comparison.of_kind(kind) {
        let place = *places.entry(key(change)).or_insert(groups.len());
        match groups.get_mut(place) {
            Some(group) => group.push(change),
            None => groups.push(vec![change]),
        }
    }
    groups.iter().filter_map(|group| entry(comparison, group)).collect()
}

fn is_detailed(change: &Change) -> bool {
    let told = matches!(
        change.kind,
        Kind::NewlyFailing | Kind::FailingUntested | Kind::New | Kind::StillFailing | Kind::Noticed
    );
    told && !change.findings.is_empty() && !(change.kind == Kind::StillFailing && change.alike)
}

fn key(change: &Change) -> Key<'_> {
    let clauses = || change.findings.iter().map(|finding| finding.clause.as_str()).collect();
    Key {
        run: change.run.as_deref(),
        old: change.old,
        new: change.new,
        alike: change.alike,
        reason: change.reason.as_deref(),
        known: change.known.as_ref().map(|entry| entry.line),
        detail: is_detailed(change).then(|| (check(&change.case), clauses())),
    }
}

fn entry<'c>(comparison: &'c Comparison, group: &[&'c Change]) -> Option<Entry<'c>> {
    let first = *group.first()?;
    let detailed = is_detailed(first);
    let findings: Vec<&Finding> = if detailed { first.findings.iter().take(SHOWN).collect() } else { Vec::new() };
    let differ = group.iter().any(|change| change.findings != first.findings);
    Some(Entry {
        names: names(comparison, group, detailed),
        run: first.run.as_deref(),
        what: what(first),
        reason: first.reason.as_deref(),
        known: first.known.as_ref(),
        more: if detailed { first.findings.len() - findings.len() } else { 0 },
        findings,
        of: (detailed && differ).then(|| configuration(&first.case)),
    })
}

fn names<'c>(comparison: &Comparison, group: &[&'c Change], detailed: bool) -> Names<'c> {
    match group {
        [one] => return Names::One(&one.case),
        [first, ..] if detailed => {
            let configurations = group.iter().map(|change| configuration(&change.case)).collect();
            return Names::Check { check: check(&first.case), configurations };
        }
        _ => {}
    }
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for change in group {
        *counts.entry(configuration(&change.case)).or_default() += 1;
    }
    let is_whole = |change: &Change, name: &str| {
        let planned = comparison.planned.get(&(change.run.clone(), name.to_owned())).copied().unwrap_or_default();
        planned > 1 && counts.get(name) == Some(&planned)
    };
    let mut whole: Vec<(&str, usize)> = Vec::new();
    let mut single = Vec::new();
    for change in group {
        let name = configuration(&change.case);
        match whole.last_mut() {
            Some((last, number)) if *last == name => *number += 1,
            _ if is_whole(change, name) => whole.push((name, 1)),
            _ => single.push(change.case.as_str()),
        }
    }
    Names::List { whole, single }
}

/// The state before and now.
fn what(change: &Change) -> String {
    match (change.old, change.new) {
        (Some(State::Fail), Some(State::Fail)) if change.kind == Kind::StillFailing && !change.alike => {
            "still fails, with other findings".to_owned()
        }
        (Some(old), Some(new)) if old == new => format!("still {}", new.words().is),
        (Some(old), Some(new)) => format!("{}, {} now", old.words().was, new.words().is),
        (Some(old), None) => format!("{} before", old.words().was),
        (None, Some(new)) => new.words().is.to_owned(),
        (None, None) => String::new(),
    }
}

/// The verdict's word, and its number of cases.
pub(crate) fn verdict(comparison: &Comparison) -> (&'static str, String) {
    let (worse, passing) = (comparison.regressions(), comparison.unexpected_passes());
    let compared = comparison.compared;
    let (word, what) = match (worse, passing) {
        (0, 0) => ("no regression", format!("{} compared", count(compared, "case"))),
        (0, _) => ("unexpected pass", format!("{}, {compared} compared", count(passing, "case"))),
        (_, 0) => ("regression", format!("{}, {compared} compared", count(worse, "case"))),
        _ => {
            ("regression", format!("{} and {passing} unexpectedly passing, {compared} compared", count(worse, "case")))
        }
    };
    (word, what + &untested(comparison.new.subject))
}

/// The numbers of all differences; none if there are none.
pub(crate) fn numbers(comparison: &Comparison) -> Option<String> {
    let mut parts = Vec::new();
    for kind in Kind::all() {
        let number = comparison.of_kind(kind).count();
        if number > 0 {
            parts.push(format!("{number} {}", kind.words()));
        }
    }
    for (moved, word) in [(&comparison.registers.appeared, "appeared"), (&comparison.registers.gone, "gone")] {
        if !moved.is_empty() {
            parts.push(format!("{} {word}", count(registers::number(moved), "register")));
        }
    }
    for level in [Level::Should, Level::Note] {
        let facts = comparison.facts.iter().filter(|fact| fact.level == level).count();
        if facts > 0 {
            parts.push(format!("{} changed", count(facts, warning_or_note(level))));
        }
    }
    (!parts.is_empty()).then(|| parts.join(", "))
}

pub(crate) fn totals(side: &Side) -> String {
    let all: usize = side.cases.values().sum();
    let parts: Vec<String> =
        side.cases.iter().map(|(state, number)| format!("{number} {}", state.words().ended)).collect();
    let runs = if side.runs == 1 { String::new() } else { format!(" in {}", count(side.runs, "run")) };
    let colon = if parts.is_empty() { "" } else { ": " };
    format!("{}{runs}{colon}{}", count(all, "case"), parts.join(", "))
}

/// Warnings about a file: incomplete runs, stray lines.
pub(crate) fn doubts(side: &Side) -> Vec<String> {
    let mut doubts: Vec<String> = side.incomplete.iter().take(SHOWN).cloned().collect();
    if side.incomplete.len() > SHOWN {
        doubts.push(format!("{} more incomplete runs", side.incomplete.len() - SHOWN));
    }
    if let Some(first) = side.first_stray_line {
        let lines =
            if side.stray_lines == 1 { "1 line is not an event of a run" } else { "lines are not events of a run" };
        doubts.push(match side.stray_lines {
            1 => format!("{lines}: line {first}"),
            number => format!("{number} {lines}; the first is line {first}"),
        });
    }
    doubts
}

/// The other differences of the runs' settings, by name.
pub(crate) fn others(comparison: &Comparison) -> String {
    let others = comparison.differences.iter().filter(|difference| !difference.changes_rules);
    others.map(|difference| difference.what).collect::<Vec<_>>().join(", ")
}

/// Differences in the rules of the runs; none if equal.
pub(crate) fn other_rules(comparison: &Comparison) -> Option<String> {
    let rules = comparison.differences.iter().filter(|difference| difference.changes_rules);
    let rules: Vec<String> = rules.map(|rule| format!("{}: {}, then {}", rule.what, rule.old, rule.new)).collect();
    (!rules.is_empty()).then(|| rules.join("; "))
}
