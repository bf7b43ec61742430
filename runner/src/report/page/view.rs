// SPDX-License-Identifier: Apache-2.0 OR MIT
//! A run with its specification, for all parts of the page.

use std::collections::HashSet;

use reglist_suite::report::events::{Finding, Label, RunStarted, SubjectKind};

use super::anchor::{Link, anchor};
use super::fit::Input;
use super::specification::Specification;
use crate::record::Record;
use crate::report::id::{configuration, each_once};
use crate::report::state::{State, States};

/// Maximum cases with a row; beyond it, passed cases have none.
const MOST_CASES: usize = 1500;

pub(super) struct View<'r> {
    pub(super) input: &'r Input,
    pub(super) specification: Specification,
    pub(super) states: States<'r>,
    rows: HashSet<&'r str>,
}

impl<'r> View<'r> {
    pub(super) fn of(input: &'r Input) -> Self {
        let states = States::of(&input.run);
        let plan = &input.run.started.plan;
        let few = plan.len() <= MOST_CASES;
        let is_shown = |case: &&str| few || states.state(case) != Some(State::Pass);
        let rows = plan.iter().map(String::as_str).filter(is_shown).take(MOST_CASES).collect();
        Self { input, specification: Specification::of(&input.run.started), states, rows }
    }

    pub(super) fn started(&self) -> &'r RunStarted {
        &self.input.run.started
    }

    /// Whether each case has read the kernel's log.
    pub(super) fn reads_kernel_log(&self) -> bool {
        let started = &self.input.run.started;
        started.subject == SubjectKind::Kvm && !started.labels.iter().any(|label| label.name == Label::KERNEL_LOG)
    }

    pub(super) fn record(&self) -> &'r Record {
        &self.input.run.record
    }

    pub(super) fn findings(&self, case: &str) -> &'r [Finding] {
        self.states.case(case).map_or(&[], |case| &case.findings)
    }

    /// All findings, with their case.
    pub(super) fn all_findings(&self) -> impl Iterator<Item = (&'r str, &'r Finding)> {
        self.record().ended().flat_map(|case| case.findings.iter().map(|finding| (&*case.case, finding)))
    }

    /// Whether a finding makes its case fail.
    pub(super) fn fails(&self, finding: &Finding) -> bool {
        finding.level.fails(self.started().strict)
    }

    pub(super) fn has_row(&self, case: &str) -> bool {
        self.rows.contains(case)
    }

    /// The configurations of the plan, in its order.
    pub(super) fn configurations(&self) -> Vec<&'r str> {
        each_once(self.started().plan.iter().map(String::as_str), configuration)
    }
}

/// The run of the page, and an older one.
pub(super) struct Views<'r> {
    pub(super) new: View<'r>,
    pub(super) old: Option<View<'r>>,
}

impl<'r> Views<'r> {
    /// The older one first.
    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = &View<'r>> {
        self.old.iter().chain([&self.new])
    }

    /// Every case of both plans, in the newer run's order.
    pub(super) fn plan(&self) -> Vec<&'r str> {
        let mut known = HashSet::new();
        let cases = self.iter().rev().flat_map(|run| &run.started().plan).map(String::as_str);
        cases.filter(|case| known.insert(*case)).collect()
    }

    /// Every configuration of both plans, in the newer run's order.
    pub(super) fn configurations(&self) -> Vec<&'r str> {
        each_once(self.iter().rev().flat_map(View::configurations), |name| name)
    }

    /// A name that links to a case, if it has a row.
    pub(super) fn case(&self, case: &str, name: &str) -> Link {
        let anchor = if self.has_row(case) { anchor("case", case) } else { String::new() };
        Link { name: name.to_owned(), anchor }
    }

    pub(super) fn has_row(&self, case: &str) -> bool {
        self.iter().any(|run| run.has_row(case))
    }
}
