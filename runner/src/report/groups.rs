// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Groups equal findings of several cases.

use std::collections::{BTreeMap, BTreeSet};

use reglist_suite::report::events::{CaseFinished, Finding, NamedRegister};

use super::id::push_new;
use super::words::ranges;

/// Limit: more entries than any kernel lists.
pub(crate) const LONGEST_LIST: usize = 4096;

#[derive(Debug)]
pub(crate) struct Group<'r> {
    pub(crate) first: &'r Finding,
    same_expected: bool,
    same_observed: bool,
    /// The cases, each once.
    pub(crate) cases: Vec<&'r str>,
    pub(crate) registers: Vec<&'r NamedRegister>,
    /// The entries, from 0.
    pub(crate) entries: Vec<usize>,
    entries_by_case: BTreeMap<&'r str, BTreeSet<usize>>,
}

/// Puts the findings of all cases together.
pub(crate) fn grouped(cases: &[CaseFinished]) -> Vec<Group<'_>> {
    let mut places = BTreeMap::new();
    let mut groups: Vec<Group<'_>> = Vec::new();
    for case in cases {
        for finding in &case.findings {
            let place = *places.entry(key(finding)).or_insert(groups.len());
            if place == groups.len() {
                groups.push(Group::of(finding));
            }
            if let Some(group) = groups.get_mut(place) {
                group.add(&case.case, finding);
            }
        }
    }
    groups
}

impl<'r> Group<'r> {
    fn of(first: &'r Finding) -> Self {
        let (cases, registers, entries) = (Vec::new(), Vec::new(), Vec::new());
        let entries_by_case = BTreeMap::new();
        Self { first, same_expected: true, same_observed: true, cases, registers, entries, entries_by_case }
    }

    fn add(&mut self, case: &'r str, finding: &'r Finding) {
        self.same_expected &= self.first.expected == finding.expected;
        self.same_observed &= self.first.observed == finding.observed;
        push_new(&mut self.cases, case);
        if let Some(register) = &finding.register {
            push_new(&mut self.registers, register);
        }
        if let Some(first) = finding.entry {
            // A torn stream may contain any number.
            let last = finding.last_entry.unwrap_or(first).min(first.saturating_add(LONGEST_LIST));
            for entry in first..=last {
                push_new(&mut self.entries, entry);
            }
            self.entries_by_case.entry(case).or_default().extend(first..=last);
        }
    }

    pub(crate) fn expected(&self) -> String {
        alike(&self.first.expected, self.same_expected)
    }

    pub(crate) fn observed(&self) -> String {
        alike(&self.first.observed, self.same_observed)
    }

    /// The entries as ranges, with a note if the cases differ.
    pub(crate) fn entry_ranges(&self) -> Vec<String> {
        let mut ranges = ranges(&self.entries);
        let uneven = self.entries_by_case.values().any(|entries| entries.len() != self.entries.len());
        if let Some(last) = ranges.last_mut().filter(|_| uneven) {
            last.push_str(" (not all in every case)");
        }
        ranges
    }
}

fn alike(words: &str, same: bool) -> String {
    if same { words.to_owned() } else { format!("{words} (and similar)") }
}

/// The common part of a group's findings. A fact without expectation must be equal
/// with its numbers.
fn key(finding: &Finding) -> impl Ord + use<'_> {
    let fact = finding.expected.is_empty();
    let observed = if fact { finding.observed.clone() } else { pattern(&finding.observed, finding) };
    (
        finding.clause.as_str(),
        finding.level as u8,
        finding.ioctl.as_deref(),
        finding.errno.as_deref(),
        pattern(&finding.expected, finding),
        observed,
    )
}

/// A text without register names and numbers.
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
