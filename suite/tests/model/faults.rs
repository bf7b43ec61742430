// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Every fault is noticed: by its clause, at the clause's level, and with the
//! register or the entry that it concerns. Nothing else is accused.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock};
use std::thread;

use clap::ValueEnum as _;
use reglist_suite::arch::LoongArch64;
use reglist_suite::checks;
use reglist_suite::clause::Level;
use reglist_suite::events::Finding;
use reglist_suite::model::Fault;
use reglist_suite::spec::{Source, Spec};

use crate::broken::{Broken, Expected, expected};
use crate::program::{Run, Said, name};

/// A fault that was tried, and what the checks say of it and not of the right
/// model.
#[derive(Debug)]
pub(crate) struct Tried {
    pub(crate) fault: Fault,
    pub(crate) expected: Expected,
    pub(crate) said: Vec<Said>,
}

/// Every fault.
pub(crate) fn all() -> &'static [Tried] {
    static ALL: OnceLock<Vec<Tried>> = OnceLock::new();
    ALL.get_or_init(|| {
        let faults = Fault::value_variants();
        let right: BTreeMap<(&str, &[&str]), Vec<Said>> = faults
            .iter()
            .map(|fault| expected(*fault))
            .map(|Expected { configuration, arguments, .. }| (configuration, arguments))
            .collect::<BTreeSet<_>>()
            .into_iter()
            .map(|key| (key, Run::of(key.0, key.1).said()))
            .collect();
        let next = AtomicUsize::new(0);
        let tried = Mutex::new(Vec::new());
        let worker = || {
            while let Some(fault) = faults.get(next.fetch_add(1, Ordering::Relaxed)) {
                let expected = expected(*fault);
                let key = (expected.configuration, expected.arguments);
                let name = name(*fault);
                let arguments = [expected.arguments, &["--fault", &name]].concat();
                let mut said = Run::of(expected.configuration, &arguments).said();
                said.retain(|said| !right.get(&key).unwrap().contains(said));
                tried.lock().unwrap().push(Tried { fault: *fault, expected, said });
            }
        };
        thread::scope(|scope| {
            scope.spawn(worker);
            worker();
        });
        tried.into_inner().unwrap()
    })
}

/// The clauses' levels.
pub(crate) fn levels() -> BTreeMap<String, Level> {
    let spec = Spec::load(&Source::Embedded, &LoongArch64, "v5").unwrap();
    spec.clauses.clauses.into_iter().map(|clause| (clause.id, clause.level)).collect()
}

#[test]
fn every_fault_is_noticed_by_its_clause_with_its_register_and_entry() {
    let levels = levels();
    let mut unnoticed = Vec::new();
    for Tried { fault, expected, said } in all() {
        for broken in &expected.broken {
            let level = levels.get(broken.clause).copied();
            let about: Vec<&Finding> = said
                .iter()
                .map(|said| &said.finding)
                .filter(|finding| finding.clause == broken.clause && Some(finding.level) == level)
                .collect();
            if !agrees(broken, &about) {
                unnoticed.push(format!("{fault:?}: expected {broken:?}, found {about:#?}"));
            }
        }
    }
    assert!(unnoticed.is_empty(), "faults that went unnoticed:\n{}", unnoticed.join("\n"));
}

/// Whether findings name what they should.
fn agrees(broken: &Broken, about: &[&Finding]) -> bool {
    let names = |registers: &[&'static str]| -> BTreeSet<&str> { registers.iter().copied().collect() };
    let registers: BTreeSet<&str> =
        about.iter().filter_map(|finding| finding.register.as_ref()).map(|register| &*register.name).collect();
    let after: BTreeSet<&str> =
        about.iter().filter_map(|finding| finding.after.as_ref()).map(|register| &*register.name).collect();
    let entries: BTreeSet<usize> = about.iter().flat_map(|finding| entries(finding)).collect();
    !about.is_empty()
        && (broken.registers.is_empty() || registers == names(broken.registers))
        && (broken.after.is_empty() || after == names(broken.after))
        && broken.entries.clone().is_none_or(|wanted| entries == wanted.collect())
}

fn entries(finding: &Finding) -> impl Iterator<Item = usize> {
    let first = finding.entry.into_iter();
    first.flat_map(|first| first..=finding.last_entry.unwrap_or(first))
}

#[test]
fn no_fault_is_taken_for_another() {
    let mut accused = Vec::new();
    for Tried { fault, expected, said } in all() {
        let broken = expected.broken.iter().map(|broken| broken.clause);
        let known: BTreeSet<&str> = broken.chain(expected.consequences.iter().copied()).collect();
        for Said { check, finding } in said {
            if finding.level != Level::Note && !known.contains(&*finding.clause) {
                accused.push(format!("{fault:?}: {check}: {finding}"));
            }
        }
    }
    assert!(accused.is_empty(), "wrongly accused:\n{}", accused.join("\n"));
}

#[test]
fn every_clause_has_a_fault() {
    let levels = levels();
    let broken: BTreeSet<&str> =
        Fault::value_variants().iter().flat_map(|fault| expected(*fault).broken).map(|broken| broken.clause).collect();
    let known: BTreeSet<&str> = levels.keys().map(String::as_str).collect();
    assert_eq!(broken, known);
}

#[test]
fn every_check_has_been_seen_to_fail_for_each_of_its_clauses() {
    let mut never = Vec::new();
    for check in checks::all() {
        for clause in check.clauses {
            let seen = all().iter().any(|Tried { expected, said, .. }| {
                expected.broken.iter().any(|broken| broken.clause == *clause)
                    && said.iter().any(|said| said.check == check.name && said.finding.clause == *clause)
            });
            if !seen {
                never.push(format!("{}: {clause}", check.name));
            }
        }
    }
    assert!(never.is_empty(), "never seen to fail:\n{}", never.join("\n"));
}
