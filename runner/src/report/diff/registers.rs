// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Which registers came into the list and which left it.
//!
//! A run says what is listed. One that does not, because it is older, or because
//! it comes from a log of another format, says where the list differs from the
//! one that the series expects; so two of these tell how their lists differ as
//! long as they expect the same.

use std::collections::{BTreeMap, HashMap};

use reglist_suite::report::events::{CaseFinished, NamedRegister, Outcome};
use serde::Serialize;

use super::side::Difference;
use crate::record::Record;
use crate::report::id::{check, configuration};

/// The check that looks at every register of the list.
pub(crate) const CONTENTS: &str = "contents.exact";
/// The clause whose findings name registers.
pub(crate) const CLAUSE: &str = "list.contents";
/// What is observed of an expected register that is not listed.
pub(crate) const MISSING: &str = "missing";

/// Registers that came and went in the same configurations.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Moved {
    pub(crate) registers: Vec<NamedRegister>,
    /// The configurations, in the order of the plan.
    pub(crate) configurations: Vec<String>,
}

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

/// Why two runs cannot be compared in this, if they cannot; `listed` says whether
/// both have their lists.
pub(super) fn why_not(differences: &[Difference], listed: bool) -> Option<String> {
    let hinders = |what: &str| what == "architecture" || what == "series" && !listed;
    let other = differences.iter().find(|difference| hinders(difference.what))?;
    Some(format!("each run speaks of its own {}, {} and {}", other.what, other.old, other.new))
}

/// Whether a run saw lists, and has all of them.
pub(super) fn has_lists(record: &Record) -> bool {
    contents(record).next().is_some() && contents(record).all(|case| !case.listed.is_empty())
}

/// The cases that looked at a list.
fn contents(record: &Record) -> impl Iterator<Item = &CaseFinished> {
    let looked =
        |case: &&CaseFinished| check(&case.case) == CONTENTS && matches!(case.outcome, Outcome::Pass | Outcome::Fail);
    record.ended.iter().filter(looked)
}

pub(crate) type Places = BTreeMap<u64, (NamedRegister, Vec<String>)>;

/// What one pair of runs after the other says.
#[derive(Debug, Default)]
pub(super) struct Collecting {
    appeared: Places,
    gone: Places,
}

/// What can be said of a list.
#[derive(Debug)]
struct List<'r> {
    there: HashMap<u64, &'r NamedRegister>,
    /// Expected registers that are not in it, where the list is not known.
    missing: HashMap<u64, &'r NamedRegister>,
}

impl Collecting {
    pub(super) fn take(&mut self, label: Option<&str>, old: &Record, new: &Record) {
        let old: HashMap<&str, &CaseFinished> = contents(old).map(|case| (configuration(&case.case), case)).collect();
        for case in contents(new) {
            let name = configuration(&case.case);
            let Some(was) = old.get(name) else {
                continue;
            };
            let known = !was.listed.is_empty() && !case.listed.is_empty();
            let (was, is) = (List::of(was, known), List::of(case, known));
            // The words of a run name its configuration.
            let place = label.unwrap_or(name);
            for (places, from, to) in [(&mut self.appeared, &was, &is), (&mut self.gone, &is, &was)] {
                let came = to.there.iter().filter(|(id, _)| !from.there.contains_key(id));
                let came_back = from.missing.iter().filter(|(id, _)| !to.missing.contains_key(id));
                came.chain(came_back).for_each(|(_, register)| add(places, (*register).clone(), place));
            }
        }
    }

    /// What appeared and what is gone, with registers of the same configurations
    /// together.
    pub(super) fn finish(self) -> (Vec<Moved>, Vec<Moved>) {
        (together(self.appeared), together(self.gone))
    }
}

pub(crate) fn add(places: &mut Places, register: NamedRegister, place: &str) {
    let (_, places) = places.entry(register.id).or_insert_with(|| (register, Vec::new()));
    places.push(place.to_owned());
}

/// Registers of the same places together.
pub(crate) fn together(places: Places) -> Vec<Moved> {
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

impl<'r> List<'r> {
    /// What a case says of the list, which may be `known` as a whole.
    fn of(case: &'r CaseFinished, known: bool) -> Self {
        if known {
            let there = case.listed.iter().map(|register| (register.id, register)).collect();
            return Self { there, missing: HashMap::new() };
        }
        let mut list = Self { there: HashMap::new(), missing: HashMap::new() };
        for finding in case.findings.iter().filter(|finding| finding.clause == CLAUSE) {
            if let Some(register) = &finding.register {
                let places = if finding.observed == MISSING { &mut list.missing } else { &mut list.there };
                places.insert(register.id, register);
            }
        }
        list
    }
}
