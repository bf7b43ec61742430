// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The differences of two runs, as in `reglist diff`.

use std::collections::HashMap;

use reglist_suite::spec::clause::Level;

use super::anchor::Link;
use super::findings::{MOST_NAMES, links};
use super::view::Views;
use crate::report::diff::compare::{Comparison, Kind};
use crate::report::diff::facts::FactChange;
use crate::report::diff::registers::Moved;
use crate::report::diff::sections::{Entry, Names, doubts, entries, numbers, other_rules, others, verdict};
use crate::report::words::{count, cut, finding, some, warning_or_note};

/// Maximum entries of a kind, and names of an entry; the rest is counted.
const MOST_ENTRIES: usize = 60;
const MOST_CASES: usize = 64;

#[derive(Debug)]
pub(super) struct Differences {
    pub(super) word: &'static str,
    pub(super) class: &'static str,
    pub(super) sentence: String,
    pub(super) numbers: String,
    pub(super) other_rules: String,
    pub(super) others: String,
    pub(super) doubts: Vec<String>,
    pub(super) kinds: Vec<OfKind>,
    pub(super) registers: Vec<Moving>,
    pub(super) not_compared: String,
    /// Warnings, then notes.
    pub(super) facts: Vec<Facts>,
}

#[derive(Debug)]
pub(super) struct OfKind {
    pub(super) heading: String,
    pub(super) class: &'static str,
    pub(super) entries: Vec<Said>,
    pub(super) more: usize,
}

/// A group of similar cases.
#[derive(Debug)]
pub(super) struct Said {
    pub(super) cases: Vec<Link>,
    /// Check, before its configurations.
    pub(super) check: String,
    pub(super) what: String,
    pub(super) findings: Vec<String>,
    pub(super) more: usize,
}

/// Registers that appeared, or are gone, in the same configurations.
#[derive(Debug)]
pub(super) struct Moving {
    pub(super) word: &'static str,
    pub(super) class: &'static str,
    pub(super) registers: Vec<Link>,
    pub(super) configurations: String,
}

#[derive(Debug)]
pub(super) struct Facts {
    pub(super) heading: String,
    pub(super) open: bool,
    pub(super) changes: Vec<FactChange>,
    /// Number of omitted ones.
    pub(super) more: usize,
}

impl Differences {
    pub(super) fn of(comparison: &Comparison, views: &Views<'_>, anchors: &HashMap<u64, String>) -> Self {
        let (word, sentence) = verdict(comparison);
        let of_side = |(name, side): (&str, _)| -> Vec<String> {
            doubts(side).into_iter().map(|doubt| format!("{name}: {doubt}")).collect()
        };
        let moving = |word, class| {
            move |moved: &Moved| Moving {
                word,
                class,
                registers: links(&moved.registers.iter().collect::<Vec<_>>(), anchors),
                configurations: some(&moved.configurations, MOST_NAMES),
            }
        };
        let registers = &comparison.registers;
        let appeared = registers.appeared.iter().map(moving("appeared", "come"));
        let gone = registers.gone.iter().map(moving("gone", "gone"));
        Self {
            word,
            class: if word == "no regression" { "good" } else { "bad" },
            sentence,
            numbers: numbers(comparison).unwrap_or_default(),
            other_rules: other_rules(comparison).unwrap_or_default(),
            others: others(comparison),
            doubts: [("old", &comparison.old), ("new", &comparison.new)].into_iter().flat_map(of_side).collect(),
            kinds: Kind::all().filter_map(|kind| of_kind(comparison, kind, views)).collect(),
            registers: appeared.chain(gone).take(MOST_ENTRIES).collect(),
            not_compared: registers.not_compared.clone().unwrap_or_default(),
            facts: [Level::Should, Level::Note].into_iter().filter_map(|level| facts(comparison, level)).collect(),
        }
    }
}

fn of_kind(comparison: &Comparison, kind: Kind, views: &Views<'_>) -> Option<OfKind> {
    let number = comparison.of_kind(kind).count();
    let all = entries(comparison, kind);
    (number > 0).then(|| OfKind {
        heading: format!("{}{}: {number}", if kind.is_regression() { "regression, " } else { "" }, kind.words()),
        class: match kind {
            kind if kind.is_regression() => "bad",
            Kind::Fixed | Kind::Tested | Kind::Noticed => "good",
            _ => "open",
        },
        more: all.len().saturating_sub(MOST_ENTRIES),
        entries: all.iter().take(MOST_ENTRIES).map(|entry| said(entry, views)).collect(),
    })
}

fn said(entry: &Entry<'_>, views: &Views<'_>) -> Said {
    let (check, mut cases) = match &entry.names {
        Names::One(id) => (String::new(), vec![views.case(id, id)]),
        Names::Check { check, configurations } => {
            let link = |name: &&str| views.case(&format!("{name}.{check}"), name);
            (format!("{check} in "), configurations.iter().map(link).collect())
        }
        Names::List { whole, single } => {
            let whole = whole
                .iter()
                .map(|(name, number)| Link { name: format!("all {number} cases of {name}"), anchor: String::new() });
            (String::new(), whole.chain(single.iter().map(|id| views.case(id, id))).collect())
        }
    };
    let left_out = cases.len().saturating_sub(MOST_CASES);
    cases.truncate(MOST_CASES);
    if left_out > 0 {
        cases.push(Link { name: format!("{left_out} more"), anchor: String::new() });
    }
    let reason = entry.reason.map(|reason| format!(": {}", cut(reason, 1000))).unwrap_or_default();
    let in_place = |place| entry.of.filter(|_| place == 0).map(|of| format!("in {of}: ")).unwrap_or_default();
    let findings = entry.findings.iter().enumerate();
    let findings = findings.map(|(place, each)| format!("{}{}", in_place(place), finding(each)));
    Said { cases, check, what: format!("{}{reason}", entry.what), findings: findings.collect(), more: entry.more }
}

fn facts(comparison: &Comparison, level: Level) -> Option<Facts> {
    let all = || comparison.facts.iter().filter(|fact| fact.level == level);
    let number = all().count();
    (number > 0).then(|| Facts {
        heading: format!("{} changed", count(number, warning_or_note(level))),
        open: level != Level::Note,
        changes: all().take(MOST_ENTRIES).cloned().collect(),
        more: number.saturating_sub(MOST_ENTRIES),
    })
}
