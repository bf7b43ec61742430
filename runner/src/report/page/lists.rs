// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The results of a run for each register and configuration.

use std::collections::{BTreeMap, HashMap, HashSet};

use reglist_suite::report::events::NamedRegister;

use super::mark::{Listing, Trip};
use super::view::View;
use crate::report::diff::registers::{CLAUSE, CONTENTS, MISSING};
use crate::report::id::configuration;
use crate::report::state::State;
use reglist_suite::spec::clause::Level;

/// The check that writes every listed register and reads it back.
const TRIP: &str = "roundtrip.values";
/// The clause that all checks of the list require.
const COMPLETE: &str = "list.complete";

#[derive(Debug, Default)]
pub(super) struct List<'r> {
    /// Whether the check of the contents passed or failed.
    pub(super) is_known: bool,
    /// The list in the kernel's order, if recorded.
    pub(super) listed: Option<Vec<&'r NamedRegister>>,
    /// Expected ids, if specified.
    pub(super) expected: Option<HashSet<u64>>,
    ids: HashSet<u64>,
    deviating: HashMap<u64, Listing>,
    is_tried: bool,
    /// Round trip results with their first case.
    trips: HashMap<u64, (Trip, &'r str)>,
}

/// The lists of a run, by configuration.
pub(super) struct Lists<'r> {
    by_name: BTreeMap<&'r str, List<'r>>,
    pub(super) named: BTreeMap<u64, &'r NamedRegister>,
}

impl<'r> Lists<'r> {
    pub(super) fn of(run: &View<'r>) -> Self {
        let mut lists = Self { by_name: BTreeMap::new(), named: BTreeMap::new() };
        for name in run.configurations() {
            lists.by_name.insert(name, List::of(run, name));
        }
        for (case, finding) in run.all_findings() {
            let Some(list) = lists.by_name.get_mut(configuration(case)) else { continue };
            let Some(register) = &finding.register else { continue };
            let is_trip = ["reg.", "restore."].iter().any(|theme| finding.clause.starts_with(theme));
            let trip = match finding.level {
                _ if !is_trip => continue,
                _ if run.fails(finding) => Trip::Failed,
                Level::Should => Trip::Warned,
                _ => continue,
            };
            let known = list.trips.entry(register.id).or_insert((trip, case));
            if trip == Trip::Failed && known.0 != Trip::Failed {
                *known = (trip, case);
            }
        }
        for list in lists.by_name.values() {
            for register in list.listed.iter().flatten() {
                lists.named.entry(register.id).or_insert(register);
            }
        }
        // The page has no row for an id in no list.
        for (_, finding) in run.all_findings().filter(|(_, finding)| finding.clause == CLAUSE) {
            if let Some(register) = &finding.register {
                lists.named.entry(register.id).or_insert(register);
            }
        }
        lists
    }

    pub(super) fn get(&self, configuration: &str) -> Option<&List<'r>> {
        self.by_name.get(configuration)
    }

    pub(super) fn is_known(&self) -> bool {
        self.by_name.values().any(|list| list.is_known)
    }

    /// Whether a list was checked but not recorded.
    pub(super) fn is_unrecorded(&self) -> bool {
        self.by_name.values().any(|list| list.is_known && list.listed.is_none())
    }
}

impl<'r> List<'r> {
    fn of(run: &View<'r>, name: &str) -> Self {
        let mut list = Self { expected: run.specification.expected(name), ..Self::default() };
        let came_to_a_result = |case: &str| {
            matches!(run.states.state(case), Some(State::Pass | State::Fail))
                && !run.findings(case).iter().any(|finding| finding.clause == COMPLETE && run.fails(finding))
        };
        list.is_tried = came_to_a_result(&format!("{name}.{TRIP}"));
        let case = format!("{name}.{CONTENTS}");
        if !came_to_a_result(&case) {
            return list;
        }
        list.is_known = true;
        let listed = run.states.case(&case).map(|case| case.listed.iter().collect::<Vec<_>>()).unwrap_or_default();
        list.ids = listed.iter().map(|register| register.id).collect();
        list.listed = (!listed.is_empty()).then_some(listed);
        for finding in run.findings(&case).iter().filter(|finding| finding.clause == CLAUSE) {
            let Some(register) = &finding.register else { continue };
            let listing = match finding.observed.as_str() {
                MISSING => Listing::Missing,
                _ if finding.level == Level::Note => Listing::New,
                _ => Listing::Unexpected,
            };
            list.deviating.insert(register.id, listing);
        }
        list
    }

    /// Whether a register is in the list.
    pub(super) fn listing(&self, id: u64) -> Listing {
        if !self.is_known {
            return Listing::Unknown;
        }
        if let Some(deviating) = self.deviating.get(&id) {
            return *deviating;
        }
        // Without a finding, the list is as expected.
        let is_listed = match &self.listed {
            Some(_) => self.ids.contains(&id),
            None => self.expected.as_ref().is_some_and(|expected| expected.contains(&id)),
        };
        if is_listed { Listing::Listed } else { Listing::Absent }
    }

    /// The round trip of a register, and its case.
    pub(super) fn trip(&self, id: u64) -> (Trip, Option<&'r str>) {
        if let Some((trip, case)) = self.trips.get(&id) {
            return (*trip, Some(case));
        }
        // Checks write only registers that are listed and expected.
        let is_tried = self.is_tried && self.listing(id) == Listing::Listed;
        (if is_tried { Trip::Passed } else { Trip::NotTried }, None)
    }

    /// Number of expected, listed, missing and unexpected registers, without allowed
    /// new ones; none if unknown.
    pub(super) fn numbers(&self) -> [Option<usize>; 4] {
        let of = |wanted: &[Listing]| self.deviating.values().filter(|listing| wanted.contains(listing)).count();
        let (missing, beyond) = (of(&[Listing::Missing]), of(&[Listing::Unexpected, Listing::New]));
        let expected = self.expected.as_ref().map(HashSet::len);
        let listed = match &self.listed {
            Some(listed) => Some(listed.len()),
            None => expected.map(|expected| (expected + beyond).saturating_sub(missing)),
        };
        if self.is_known {
            [expected, listed, Some(missing), Some(of(&[Listing::Unexpected]))]
        } else {
            [expected, None, None, None]
        }
    }
}
