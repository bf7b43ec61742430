// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Descriptions of registers and clauses, from this program's specifications.

use std::collections::HashSet;

use reglist_suite::arch::{self, Arch};
use reglist_suite::checks::{self, Check};
use reglist_suite::report::describe::{Catalogue, Description, Part};
use reglist_suite::report::events::RunStarted;
use reglist_suite::spec::clause::{Clause, Clauses};
use reglist_suite::spec::{Configuration, Register, Source, Spec};

use crate::report::id::check as check_name;
use crate::report::series::Expected;

/// Labels that are elsewhere on the page, or about tests of reglist itself.
const NOT_OF_REGISTER: [&str; 4] = ["id", "bits", "listed", "saved by"];

#[derive(Debug)]
pub(super) struct Specification {
    /// The architecture, if it is a known one.
    pub(super) arch: Option<&'static dyn Arch>,
    /// The run's series, if known.
    pub(super) spec: Option<Spec>,
    /// The default series, for names and descriptions only.
    usual: Option<Spec>,
    /// The clauses; empty if unreadable.
    pub(super) clauses: Clauses,
}

impl Specification {
    pub(super) fn of(started: &RunStarted) -> Self {
        let source = Source::Embedded;
        let arch = arch::by_name(&started.architecture);
        let spec = Expected::of(started).map(|expected| expected.spec.clone());
        let usual = arch.filter(|_| spec.is_none());
        let usual = usual.and_then(|arch| Spec::load(&source, arch, arch.default_series()).ok());
        let clauses = Clauses::load(&source).unwrap_or(Clauses { clauses: Vec::new() });
        Self { arch, spec, usual, clauses }
    }

    fn any(&self) -> Option<&Spec> {
        self.spec.as_ref().or(self.usual.as_ref())
    }

    fn catalogue(&self) -> Option<Catalogue<'_>> {
        Some(Catalogue::new(self.any()?, self.arch?))
    }

    /// The register of that id, if it has a name.
    pub(super) fn register(&self, id: u64) -> Option<&Register> {
        self.any().and_then(|spec| spec.registers.by_id(id))
    }

    pub(super) fn configuration(&self, name: &str) -> Option<&Configuration> {
        self.spec.as_ref()?.configurations.iter().find(|configuration| configuration.name == name)
    }

    /// Expected ids of a configuration, if specified.
    pub(super) fn expected(&self, configuration: &str) -> Option<HashSet<u64>> {
        let configuration = self.configuration(configuration).filter(|configuration| !configuration.contract_only)?;
        Some(configuration.registers.iter().map(|register| register.id).collect())
    }

    pub(super) fn of_register(&self, id: u64) -> (String, Vec<Part>) {
        let Some(catalogue) = self.catalogue() else {
            return (String::new(), Vec::new());
        };
        let skipped = if self.register(id).is_some() { &NOT_OF_REGISTER[..] } else { &[] };
        described(catalogue.id(id), skipped)
    }

    pub(super) fn of_clause(&self, clause: &Clause) -> Vec<Part> {
        self.catalogue().map(|catalogue| described(catalogue.clause(clause), &[]).1).unwrap_or_default()
    }
}

pub(super) fn check(case: &str) -> Option<&'static Check> {
    checks::all().find(|check| check.name == check_name(case))
}

/// The summary and the parts, without details and `skipped` labels.
fn described(description: Description, skipped: &[&str]) -> (String, Vec<Part>) {
    let Description { summary, mut parts, .. } = description;
    parts.retain(|part| !part.detail && !skipped.contains(&part.label));
    (summary, parts)
}
