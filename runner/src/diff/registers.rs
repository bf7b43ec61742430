// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Which registers came into the list and which left it.
//!
//! A run does not store the list, but says where it differs from the one that
//! the series expects; so two runs tell how their lists differ as long as they
//! expect the same.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use reglist_suite::events::{NamedRegister, Outcome};
use serde::Serialize;

use super::compare::Difference;
use super::place;
use crate::report::id::{check, configuration};
use crate::stream::Record;

/// The check that looks at every register of the list.
const CONTENTS: &str = "contents.exact";
/// The clause whose findings name registers.
const CLAUSE: &str = "list.contents";
/// What is observed of an expected register that is not listed.
const MISSING: &str = "missing";

/// Registers that came and went in the same configurations.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Moved {
    /// The registers, by id.
    pub(crate) registers: Vec<NamedRegister>,
    /// The configurations, in the order of the plan.
    pub(crate) configurations: Vec<String>,
}

/// Registers that came and went.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Registers {
    /// Why the lists cannot be compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) not_compared: Option<String>,
    /// In NEW alone.
    pub(crate) appeared: Vec<Moved>,
    /// In OLD alone.
    pub(crate) gone: Vec<Moved>,
}

/// Why two runs cannot be compared in this, if they cannot.
pub(super) fn why_not(differences: &[Difference]) -> Option<String> {
    let other = differences.iter().find(|difference| ["architecture", "series"].contains(&difference.what))?;
    Some(format!("each run speaks of its own {}, {} and {}", other.what, other.old, other.new))
}

/// A register and the places in which it is.
type Places = BTreeMap<u64, (NamedRegister, Vec<String>)>;

/// What one pair of runs after the other says.
#[derive(Debug, Default)]
pub(super) struct Collecting {
    appeared: Places,
    gone: Places,
}

/// How a list differs from the expected one.
#[derive(Debug, Default)]
struct Deviation<'r> {
    missing: BTreeSet<u64>,
    beyond: BTreeSet<u64>,
    names: HashMap<u64, &'r NamedRegister>,
}

impl Collecting {
    /// Takes a pair of runs.
    pub(super) fn take(&mut self, label: Option<&str>, old: &Record, new: &Record) {
        let old = deviations(old);
        for case in new.ended.iter().filter(|case| check(&case.case) == CONTENTS) {
            let name = configuration(&case.case);
            let (Some(was), Some(is)) = (old.get(name), deviation(case)) else {
                continue;
            };
            let register =
                |id: &u64| is.names.get(id).or_else(|| was.names.get(id)).map(|register| (*register).clone());
            let appeared = was.missing.difference(&is.missing).chain(is.beyond.difference(&was.beyond));
            let gone = is.missing.difference(&was.missing).chain(was.beyond.difference(&is.beyond));
            let place = place(name, label);
            appeared.filter_map(register).for_each(|register| add(&mut self.appeared, register, &place));
            gone.filter_map(register).for_each(|register| add(&mut self.gone, register, &place));
        }
    }

    /// What appeared and what is gone, with registers of the same configurations
    /// together.
    pub(super) fn finish(self) -> (Vec<Moved>, Vec<Moved>) {
        (together(self.appeared), together(self.gone))
    }
}

fn add(places: &mut Places, register: NamedRegister, place: &str) {
    let (_, places) = places.entry(register.id).or_insert_with(|| (register, Vec::new()));
    places.push(place.to_owned());
}

fn together(places: Places) -> Vec<Moved> {
    let mut moved: Vec<Moved> = Vec::new();
    let mut known: HashMap<Vec<String>, usize> = HashMap::new();
    for (register, configurations) in places.into_values() {
        let place = *known.entry(configurations.clone()).or_insert(moved.len());
        match moved.get_mut(place) {
            Some(moved) => moved.registers.push(register),
            None => moved.push(Moved { registers: vec![register], configurations }),
        }
    }
    moved
}

/// By configuration.
fn deviations(record: &Record) -> HashMap<&str, Deviation<'_>> {
    let cases = record.ended.iter().filter(|case| check(&case.case) == CONTENTS);
    cases.filter_map(|case| Some((configuration(&case.case), deviation(case)?))).collect()
}

/// What a case says of the list; nothing if it could not look.
fn deviation(case: &reglist_suite::events::CaseFinished) -> Option<Deviation<'_>> {
    if !matches!(case.outcome, Outcome::Pass | Outcome::Fail) {
        return None;
    }
    let mut deviation = Deviation::default();
    for finding in case.findings.iter().filter(|finding| finding.clause == CLAUSE) {
        if let Some(register) = &finding.register {
            deviation.names.insert(register.id, register);
            let set = if finding.observed == MISSING { &mut deviation.missing } else { &mut deviation.beyond };
            set.insert(register.id);
        }
    }
    Some(deviation)
}
