// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Grouped findings.

use std::collections::HashMap;

use reglist_suite::report::events::NamedRegister;
use reglist_suite::spec::clause::Level;

use super::anchor::{Link, anchor};
use super::view::View;
use crate::report::groups::{Group, grouped};
use crate::report::id::{by_key, check, configuration, each_once};
use crate::report::likeness::guesses;
use crate::report::words::some;

/// Maximum groups, and names of a group; the rest is counted.
const MOST_GROUPS: usize = 150;
pub(super) const MOST_NAMES: usize = 128;
/// Maximum linked registers of a case's finding; more are folded.
const MOST_LINKS: usize = 6;

#[derive(Debug, Default)]
pub(super) struct Findings {
    /// Failures, then warnings.
    pub(super) told: Vec<Block>,
    pub(super) notes: Vec<Block>,
    /// What they look like.
    pub(super) guesses: Vec<String>,
    pub(super) more: usize,
    pub(super) left_out: usize,
}

/// Equal findings of several cases.
#[derive(Debug)]
pub(super) struct Block {
    pub(super) said: Said,
    pub(super) configurations: String,
    pub(super) checks: String,
    /// The first case that found it.
    pub(super) first: Option<String>,
}

/// Equal findings.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) word: &'static str,
    pub(super) class: &'static str,
    pub(super) clause: String,
    pub(super) subject: String,
    /// Empty for a finding without expectation.
    pub(super) expected: String,
    pub(super) observed: String,
    pub(super) registers: Vec<Link>,
    pub(super) entries: String,
    /// The register that must come before.
    pub(super) after: String,
}

impl Findings {
    pub(super) fn of(run: &View<'_>, anchors: &HashMap<u64, String>) -> Self {
        let mut groups = grouped(run.record().ended());
        let kind = |group: &Group<'_>| match group.first.level {
            _ if run.fails(group.first) => 0,
            Level::Should => 1,
            _ => 2,
        };
        let guesses = guesses(run.record()).iter().map(ToString::to_string).collect();
        let mut findings = Self { guesses, left_out: run.input.left_out, ..Self::default() };
        groups.sort_by_key(kind);
        for group in &groups {
            let list = if kind(group) == 2 { &mut findings.notes } else { &mut findings.told };
            if list.len() == MOST_GROUPS {
                findings.more += 1;
            } else {
                list.push(block(run, group, anchors));
            }
        }
        // Group notes by clause.
        let by_clause = by_key(findings.notes.into_iter().map(|block| (block.said.clause.clone(), block)));
        findings.notes = by_clause.into_iter().flat_map(|(_, blocks)| blocks).collect();
        findings
    }
}

impl Said {
    pub(super) fn of(run: &View<'_>, group: &Group<'_>, anchors: &HashMap<u64, String>) -> Self {
        let finding = group.first;
        let (word, class) = match finding.level {
            _ if run.fails(finding) => ("FAIL", "bad"),
            Level::Should => ("WARN", "warn"),
            _ => ("note", "new"),
        };
        let subject: Vec<&str> = [&finding.ioctl, &finding.errno].into_iter().flatten().map(String::as_str).collect();
        Self {
            word,
            class,
            clause: finding.clause.clone(),
            subject: subject.join(", "),
            expected: group.expected(),
            observed: group.observed(),
            registers: links(&group.registers.iter().copied().collect::<Vec<_>>(), anchors),
            entries: some(&group.entry_ranges(), MOST_NAMES),
            after: finding.after.as_ref().map(|after| after.name.clone()).unwrap_or_default(),
        }
    }

    /// Whether the registers are folded.
    pub(super) fn has_many(&self) -> bool {
        self.registers.len() > MOST_LINKS
    }
}

fn block(run: &View<'_>, group: &Group<'_>, anchors: &HashMap<u64, String>) -> Block {
    let cases = || group.cases.iter().copied();
    Block {
        said: Said::of(run, group, anchors),
        configurations: some(&each_once(cases(), configuration), MOST_NAMES),
        checks: some(&each_once(cases(), check), MOST_NAMES),
        first: group.cases.iter().find(|case| run.has_row(case)).map(|case| anchor("case", case)),
    }
}

/// Links to the first registers.
pub(super) fn links(registers: &[&NamedRegister], anchors: &HashMap<u64, String>) -> Vec<Link> {
    let link = |register: &&NamedRegister| Link {
        name: register.name.clone(),
        anchor: anchors.get(&register.id).cloned().unwrap_or_default(),
    };
    let mut links: Vec<Link> = registers.iter().take(MOST_NAMES).map(link).collect();
    if registers.len() > MOST_NAMES {
        links.push(Link { name: format!("{} more", registers.len() - MOST_NAMES), anchor: String::new() });
    }
    links
}
