// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Groups equal findings of several cases.

use std::collections::BTreeMap;

use indexmap::IndexSet;
use reglist_suite::report::events::{CaseFinished, Finding, NamedRegister};

/// Limit: more entries than any kernel lists.
pub(crate) const LONGEST_LIST: usize = 4096;

/// A first and a last entry.
type Span = (usize, usize);

#[derive(Debug)]
pub(crate) struct Group<'r> {
    pub(crate) first: &'r Finding,
    same_expected: bool,
    same_observed: bool,
    pub(crate) cases: IndexSet<&'r str>,
    pub(crate) registers: IndexSet<&'r NamedRegister>,
    /// The first and last entries, from 0, by case.
    entries: BTreeMap<&'r str, Vec<Span>>,
}

/// Puts the findings of all cases together.
pub(crate) fn grouped<'r>(cases: impl Iterator<Item = &'r CaseFinished>) -> Vec<Group<'r>> {
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
        let (cases, registers, entries) = (IndexSet::new(), IndexSet::new(), BTreeMap::new());
        Self { first, same_expected: true, same_observed: true, cases, registers, entries }
    }

    fn add(&mut self, case: &'r str, finding: &'r Finding) {
        self.same_expected &= self.first.expected == finding.expected;
        self.same_observed &= self.first.observed == finding.observed;
        self.cases.insert(case);
        self.registers.extend(&finding.register);
        if let Some(span) = span(finding) {
            self.entries.entry(case).or_default().push(span);
        }
    }

    pub(crate) fn expected(&self) -> String {
        alike(&self.first.expected, self.same_expected)
    }

    pub(crate) fn observed(&self) -> String {
        alike(&self.first.observed, self.same_observed)
    }

    /// The entries as ranges, with a note if the cases differ; empty if there are none.
    pub(crate) fn entry_ranges(&self) -> Vec<String> {
        let all = joined(self.entries.values().flatten().copied());
        let mut ranges: Vec<String> = all.iter().map(words).collect();
        let uneven = self.entries.values().any(|entries| joined(entries.iter().copied()) != all);
        if let Some(last) = ranges.last_mut().filter(|_| uneven) {
            last.push_str(" (not all in every case)");
        }
        ranges
    }

    /// The entries, after their word; none if there are none.
    pub(crate) fn entries(&self) -> Option<(&'static str, String)> {
        let ranges = self.entry_ranges();
        let word = match ranges.as_slice() {
            [] => return None,
            [one] if one.bytes().all(|byte| byte.is_ascii_digit()) => "entry",
            _ => "entries",
        };
        Some((word, ranges.join(", ")))
    }
}

fn span(finding: &Finding) -> Option<Span> {
    let first = finding.entry?;
    Some((first, finding.last_entry.unwrap_or(first).max(first)))
}

fn words((first, last): &Span) -> String {
    if first == last { first.to_string() } else { format!("{first}-{last}") }
}

/// The entries of findings as ranges.
pub(crate) fn entries<'f>(findings: impl IntoIterator<Item = &'f Finding>) -> Vec<String> {
    joined(findings.into_iter().filter_map(span)).iter().map(words).collect()
}

/// Spans without overlaps and neighbours, in order.
fn joined(spans: impl Iterator<Item = Span>) -> Vec<Span> {
    let mut spans: Vec<Span> = spans.collect();
    spans.sort_unstable();
    let mut joined: Vec<Span> = Vec::new();
    for (first, last) in spans {
        match joined.last_mut().filter(|(_, end)| first <= end.saturating_add(1)) {
            Some((_, end)) => *end = last.max(*end),
            None => joined.push((first, last)),
        }
    }
    joined
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
pub(crate) fn pattern(text: &str, finding: &Finding) -> String {
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

#[cfg(test)]
mod tests {
    use reglist_suite::spec::clause::Level;

    use super::*;

    #[test]
    fn neighbouring_entries_are_a_range() {
        let finding = |(first, last)| Finding {
            entry: Some(first),
            last_entry: last,
            ..Finding::new("a.b", Level::Must, String::new(), String::new())
        };
        let findings = [(3, None), (1, Some(2)), (7, None), (9, Some(usize::MAX)), (8, Some(0))].map(finding);
        assert_eq!(entries(&findings), ["1-3", &format!("7-{}", usize::MAX)]);
        assert!(entries(&[]).is_empty());
    }
}
