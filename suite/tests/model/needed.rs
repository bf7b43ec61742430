// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Without any one check some fault goes unnoticed, and every clause that must
//! hold says something that no other one says.

use std::collections::{BTreeMap, BTreeSet};

use reglist_suite::checks;
use reglist_suite::fault::{Said, Tried};
use reglist_suite::spec::clause::Level;

use crate::faults::{all, clauses, levels};

/// Checks that are never alone in noticing a fault, and why they are kept.
const NEVER_ALONE: [(&str, &str); 1] =
    [("beyond.consumers", "the list that is specified has all that QEMU saves; another list may not")];

#[test]
fn without_any_one_check_a_fault_is_not_noticed_as_it_should_be() {
    let clauses = clauses();
    let is_needed = |check: &str| {
        all().iter().any(|tried| {
            let left: Vec<Said> = tried.said.iter().filter(|said| said.check != check).cloned().collect();
            !Tried::of(tried.fault, left, Vec::new(), &clauses).unnoticed.is_empty()
        })
    };
    let needless: Vec<&str> = checks::all().map(|check| check.name).filter(|check| !is_needed(check)).collect();
    assert!(needless.is_empty(), "no fault needs {needless:?}");
}

/// How much a fault matters: the strictest level of a clause that it breaks.
fn weight(tried: &Tried, levels: &BTreeMap<String, Level>) -> Level {
    tried.fault.expected().broken.iter().map(|broken| *levels.get(broken.clause).unwrap()).min().unwrap()
}

#[test]
fn without_any_one_check_a_fault_is_not_noticed_at_all() {
    let levels = levels();
    // By one check alone, among the findings that matter as much as the fault does.
    let needed: BTreeSet<&str> = all()
        .iter()
        .filter_map(|tried| {
            let weight = weight(tried, &levels);
            let noticing = tried.said.iter().filter(|said| said.finding.level <= weight);
            let noticing: BTreeSet<&str> = noticing.map(|said| &*said.check).collect();
            noticing.first().copied().filter(|_| noticing.len() == 1)
        })
        .collect();
    let known: BTreeSet<&str> = checks::all().map(|check| check.name).collect();
    let never_alone: BTreeSet<&str> = known.difference(&needed).copied().collect();
    assert_eq!(never_alone, NEVER_ALONE.map(|(check, _)| check).into());
}

#[test]
fn every_clause_that_must_hold_is_broken_alone_by_some_fault() {
    let levels = levels();
    let alone: BTreeSet<&str> = all()
        .iter()
        .filter_map(|tried| {
            let broken = tried.said.iter().filter(|said| said.finding.level != Level::Note);
            let broken: BTreeSet<&str> = broken.map(|said| &*said.finding.clause).collect();
            broken.first().copied().filter(|_| broken.len() == 1)
        })
        .collect();
    // The model has no kernel log.
    let must: BTreeSet<&str> = levels
        .iter()
        .filter(|(clause, level)| **level == Level::Must && *clause != checks::IN_EVERY_CASE)
        .map(|(clause, _)| clause.as_str())
        .collect();
    assert_eq!(must.difference(&alone).collect::<Vec<_>>(), Vec::<&&str>::new());
}
