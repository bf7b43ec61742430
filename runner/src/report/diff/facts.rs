// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Changed warnings and notes.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use reglist_suite::report::events::{CaseFinished, Finding, Outcome};
use reglist_suite::spec::clause::Level;
use serde::Serialize;

use super::registers::CLAUSE;
use crate::report::id::configuration;
use crate::report::stored::StoredRun;
use crate::report::words::{observed, subject};

/// A warning or a note that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct FactChange {
    /// `should` or `note`.
    pub(crate) level: Level,
    pub(crate) clause: String,
    /// Subject: ioctl, register, entries.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) about: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) old: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) new: Option<String>,
    pub(crate) configurations: Vec<String>,
}

/// Level (`note` last), clause, subject.
type About = (bool, String, String);

/// Collects over all pairs of runs.
#[derive(Debug, Default)]
pub(super) struct Collecting {
    changes: Vec<FactChange>,
    known: HashMap<(About, Option<String>, Option<String>), usize>,
    /// Configurations of each change.
    places: HashSet<(usize, String)>,
}

impl Collecting {
    /// Takes a pair of runs. Compares only cases that ran in both.
    pub(super) fn take(&mut self, label: Option<&str>, old: &StoredRun, new: &StoredRun) {
        // A failure in either run is not a warning.
        let strict = old.started.strict || new.started.strict;
        let before: HashMap<&str, &CaseFinished> = looked(old).map(|case| (case.case.as_str(), case)).collect();
        for case in looked(new) {
            let Some(before) = before.get(case.case.as_str()) else {
                continue;
            };
            let (old, new) = (facts(before, strict), facts(case, strict));
            // The label names the configuration.
            let place = label.unwrap_or(configuration(&case.case));
            for about in old.keys().chain(new.keys().filter(|about| !old.contains_key(*about))) {
                let none = BTreeSet::new();
                let (old, new) = (old.get(about).unwrap_or(&none), new.get(about).unwrap_or(&none));
                let gone: Vec<&String> = old.difference(new).collect();
                let come: Vec<&String> = new.difference(old).collect();
                if let ([gone], [come]) = (gone.as_slice(), come.as_slice()) {
                    self.add(about, Some(gone), Some(come), place);
                    continue;
                }
                gone.into_iter().for_each(|gone| self.add(about, Some(gone), None, place));
                come.into_iter().for_each(|come| self.add(about, None, Some(come), place));
            }
        }
    }

    /// Warnings, then notes.
    pub(super) fn finish(mut self) -> Vec<FactChange> {
        self.changes.sort_by_key(|change| change.level == Level::Note);
        self.changes
    }

    fn add(&mut self, about: &About, old: Option<&String>, new: Option<&String>, place: &str) {
        let (old, new) = (old.cloned(), new.cloned());
        let next = self.changes.len();
        let at = *self.known.entry((about.clone(), old.clone(), new.clone())).or_insert(next);
        if at == next {
            let (is_note, clause, about) = about.clone();
            let level = if is_note { Level::Note } else { Level::Should };
            self.changes.push(FactChange { level, clause, about, old, new, configurations: Vec::new() });
        }
        if self.places.insert((at, place.to_owned()))
            && let Some(change) = self.changes.get_mut(at)
        {
            change.configurations.push(place.to_owned());
        }
    }
}

fn looked(run: &StoredRun) -> impl Iterator<Item = &CaseFinished> {
    run.record.ended().filter(|case| matches!(case.outcome, Outcome::Pass | Outcome::Fail))
}

/// The warnings and notes of a case by subject.
fn facts(case: &CaseFinished, strict: bool) -> BTreeMap<About, BTreeSet<String>> {
    let mut facts: BTreeMap<About, BTreeSet<String>> = BTreeMap::new();
    // The comparison of registers has the findings of CLAUSE.
    let told =
        |finding: &&Finding| !finding.level.fails(strict) && finding.level != Level::Must && finding.clause != CLAUSE;
    for finding in case.findings.iter().filter(told) {
        let about = (finding.level == Level::Note, finding.clause.clone(), subject(finding));
        facts.entry(about).or_default().insert(observed(finding));
    }
    facts
}
