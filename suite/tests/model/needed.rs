// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Without any one check some fault goes unnoticed, and every clause that must
//! hold says something that no other one says.

use std::collections::{BTreeMap, BTreeSet};

use reglist_suite::checks;
use reglist_suite::clause::Level;

use crate::faults::{Tried, all, levels};

/// Checks without which every fault is still noticed, and why they are kept.
const REDUNDANT: [(&str, &str); 3] = [
    ("count.expected", "a wrong count is a missing, unexpected or repeated register; said first, and in one line"),
    ("independent.list_order", "restore.list_order finds the same on a second VM; here one vCPU is enough"),
    ("beyond.consumers", "the list that is specified has all that QEMU saves; another list may not"),
];

/// Clauses that no fault breaks alone, and why.
const IMPLIED: [(&str, &str); 1] =
    [("list.count", "a list of the right registers, each of them once, is as long as it should be")];

/// How much a fault matters: the strictest level of a clause that it breaks.
fn weight(tried: &Tried, levels: &BTreeMap<String, Level>) -> Level {
    tried.expected.broken.iter().map(|broken| *levels.get(broken.clause).unwrap()).min().unwrap()
}

#[test]
fn without_any_one_check_a_fault_goes_unnoticed() {
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
    let redundant: BTreeSet<&str> = known.difference(&needed).copied().collect();
    assert_eq!(redundant, REDUNDANT.map(|(check, _)| check).into());
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
    let must: BTreeSet<&str> =
        levels.iter().filter(|(_, level)| **level == Level::Must).map(|(clause, _)| clause.as_str()).collect();
    let implied: BTreeSet<&str> = must.difference(&alone).copied().collect();
    assert_eq!(implied, IMPLIED.map(|(clause, _)| clause).into());
}
