// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Every fault is noticed: by its clause, at the clause's level, and with the
//! register or the entry that it concerns. Nothing else is accused.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use clap::ValueEnum as _;
use reglist_suite::arch::LoongArch64;
use reglist_suite::checks;
use reglist_suite::fault::{Fault, Place, Right, Tried, rounds};
use reglist_suite::report::events::SubjectKind;
use reglist_suite::spec::clause::{Clauses, Level};
use reglist_suite::spec::{Source, Spec};

use crate::program::Run;

/// Every fault, as the program tries them.
pub(crate) fn all() -> &'static [Tried] {
    static ALL: OnceLock<Vec<Tried>> = OnceLock::new();
    ALL.get_or_init(|| {
        let clauses = clauses();
        let mut right = Right::default();
        let mut tried = Vec::new();
        for (started, Run(cases)) in Run::each(&["--fault", "all"]) {
            let configuration = started.configuration().unwrap().to_owned();
            match started.fault {
                None => {
                    let broken = right.take(&configuration, started.allow_new, &cases);
                    assert!(broken.is_empty(), "{configuration}: {broken:?}");
                }
                Some(fault) => {
                    let fault = Fault::named(&fault).unwrap();
                    let compared = right.compare(fault, &configuration, started.allow_new, &cases, &clauses);
                    tried.push(compared.unwrap());
                }
            }
        }
        tried
    })
}

pub(crate) fn clauses() -> Clauses {
    Spec::load(&Source::Embedded, &LoongArch64, "v5").unwrap().clauses
}

/// The clauses' levels.
pub(crate) fn levels() -> BTreeMap<String, Level> {
    clauses().clauses.into_iter().map(|clause| (clause.id, clause.level)).collect()
}

#[test]
fn every_fault_that_the_model_can_have_is_tried() {
    let tried: Vec<Fault> = all().iter().map(|tried| tried.fault).collect();
    let can_have = |fault: &&Fault| !matches!(fault.place(), Place::Kernel | Place::KernelLog | Place::KernelCheck);
    assert_eq!(tried, Fault::value_variants().iter().filter(can_have).copied().collect::<Vec<_>>());
    assert_eq!(rounds(SubjectKind::Model).iter().filter(|round| round.fault.is_some()).count(), tried.len());
}

#[test]
fn every_fault_is_noticed_by_its_clause_with_its_register_and_entry() {
    let wrong: Vec<String> = all()
        .iter()
        .filter(|tried| !tried.unnoticed.is_empty())
        .map(|tried| format!("{:?}: expected {:?}, found {:#?}", tried.fault, tried.unnoticed, tried.said))
        .collect();
    assert!(wrong.is_empty(), "faults that went unnoticed:\n{}", wrong.join("\n"));
}

#[test]
fn no_fault_is_taken_for_another() {
    let accused = |tried: &Tried| {
        let fault = tried.fault;
        tried.accused.iter().map(move |said| format!("{fault:?}: {}: {}", said.check, said.finding)).collect()
    };
    let wrong: Vec<String> = all().iter().flat_map::<Vec<_>, _>(accused).collect();
    assert!(wrong.is_empty(), "wrongly accused:\n{}", wrong.join("\n"));
    let in_error: Vec<&String> = all().iter().flat_map(|tried| &tried.in_error).collect();
    assert!(in_error.is_empty(), "{in_error:?}");
}

#[test]
fn every_clause_has_a_fault() {
    let levels = levels();
    let broken: BTreeSet<&str> =
        Fault::value_variants().iter().flat_map(|fault| fault.expected().broken).map(|broken| broken.clause).collect();
    let known: BTreeSet<&str> = levels.keys().map(String::as_str).collect();
    assert_eq!(broken, known);
}

#[test]
fn every_check_has_been_seen_to_fail_for_each_of_its_clauses() {
    let mut never = Vec::new();
    for check in checks::all() {
        for clause in check.clauses {
            let seen = all().iter().any(|tried| {
                tried.fault.expected().broken.iter().any(|broken| broken.clause == *clause)
                    && tried.said.iter().any(|said| said.check == check.name && said.finding.clause == *clause)
            });
            if !seen {
                never.push(format!("{}: {clause}", check.name));
            }
        }
    }
    assert!(never.is_empty(), "never seen to fail:\n{}", never.join("\n"));
}
