// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Registers that appeared in the list or are gone.
//!
//! A run records its lists. Older runs and logs of other formats only record the
//! differences from the expected list. Two such runs are comparable if they have
//! the same series.

use std::collections::{BTreeMap, HashMap};

use reglist_suite::report::events::{CaseFinished, NamedRegister, Outcome};
use serde::Serialize;

use super::side::Difference;
use crate::record::Record;
use crate::report::id::{check, configuration};

/// The check that looks at every register of the list.
pub(crate) const CONTENTS: &str = "contents.exact";
/// The clause with findings about listed registers.
pub(crate) const CLAUSE: &str = "list.contents";
/// Observed text of an expected register that is not listed.
pub(crate) const MISSING: &str = "missing";

/// Registers that appeared, or are gone, in the same configurations.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Moved {
    pub(crate) registers: Vec<NamedRegister>,
    /// The configurations, in the order of the plan.
    pub(crate) configurations: Vec<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Registers {
    /// Why the lists are not comparable.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) not_compared: Option<String>,
    /// Only in NEW.
    pub(crate) appeared: Vec<Moved>,
    /// Only in OLD.
    pub(crate) gone: Vec<Moved>,
}

/// Why the lists of two runs are not comparable, if so. `listed`: both runs record
/// their lists.
pub(super) fn why_not(differences: &[Difference], listed: bool) -> Option<String> {
    let hinders = |what: &str| what == "architecture" || what == "series" && !listed;
    let other = differences.iter().find(|difference| hinders(difference.what))?;
    Some(format!("the runs have different values of {}: {} and {}", other.what, other.old, other.new))
}

/// Whether a run records all its lists.
pub(super) fn has_lists(record: &Record) -> bool {
    contents(record).next().is_some() && contents(record).all(|case| !case.listed.is_empty())
}

/// The cases that compared a list.
fn contents(record: &Record) -> impl Iterator<Item = &CaseFinished> {
    let looked =
        |case: &&CaseFinished| check(&case.case) == CONTENTS && matches!(case.outcome, Outcome::Pass | Outcome::Fail);
    record.ended().filter(looked)
}

pub(crate) type Places = BTreeMap<u64, (NamedRegister, Vec<String>)>;

/// Collects over all pairs of runs.
#[derive(Debug, Default)]
pub(super) struct Collecting {
    appeared: Places,
    gone: Places,
}

#[derive(Debug, Default)]
struct List<'r> {
    there: HashMap<u64, &'r NamedRegister>,
    /// Expected registers that it lacks, if the list is not recorded.
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
            // The label names the configuration.
            let place = label.unwrap_or(name);
            for (places, from, to) in [(&mut self.appeared, &was, &is), (&mut self.gone, &is, &was)] {
                let came = to.there.iter().filter(|(id, _)| !from.there.contains_key(id));
                let came_back = from.missing.iter().filter(|(id, _)| !to.missing.contains_key(id));
                came.chain(came_back).for_each(|(_, register)| add(places, (*register).clone(), place));
            }
        }
    }

    /// Appeared and gone registers, grouped by configurations.
    pub(super) fn finish(self) -> (Vec<Moved>, Vec<Moved>) {
        (together(self.appeared), together(self.gone))
    }
}

pub(crate) fn add(places: &mut Places, register: NamedRegister, place: &str) {
    let (_, places) = places.entry(register.id).or_insert_with(|| (register, Vec::new()));
    places.push(place.to_owned());
}

/// Number of registers; each is in one group.
pub(crate) fn number(moved: &[Moved]) -> usize {
    moved.iter().map(|moved| moved.registers.len()).sum()
}

/// Groups registers by configurations.
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
    /// The list of a case; `known`: use the recorded list.
    fn of(case: &'r CaseFinished, known: bool) -> Self {
        if known {
            let there = case.listed.iter().map(|register| (register.id, register)).collect();
            return Self { there, ..Self::default() };
        }
        let mut list = Self::default();
        for finding in case.findings.iter().filter(|finding| finding.clause == CLAUSE) {
            if let Some(register) = &finding.register {
                let places = if finding.observed == MISSING { &mut list.missing } else { &mut list.there };
                places.insert(register.id, register);
            }
        }
        list
    }
}
