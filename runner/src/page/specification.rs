// SPDX-License-Identifier: Apache-2.0 OR MIT
//! What this program's own specifications say of a run's registers, clauses and
//! checks. Every description on the page comes from here.

use std::collections::HashSet;

use reglist_suite::arch::{Arch, LoongArch64, X86_64};
use reglist_suite::checks::{self, Check};
use reglist_suite::clause::{Clause, Clauses};
use reglist_suite::events::RunStarted;
use reglist_suite::spec::{Configuration, Register, RegisterTable, Source, Spec};

use crate::report::id::check as check_name;

const ARCHITECTURES: [&dyn Arch; 2] = [&LoongArch64, &X86_64];

/// A label and what stands behind it.
pub(super) type Fact = (&'static str, String);

/// What is known beside the run itself.
#[derive(Debug)]
pub(super) struct Specification {
    /// The architecture, if it is a known one.
    pub(super) arch: Option<&'static dyn Arch>,
    /// The run's series, if this program has it.
    pub(super) spec: Option<Spec>,
    /// The architecture's registers by name.
    table: Option<RegisterTable>,
    /// The clauses, none where they cannot be read.
    pub(super) clauses: Clauses,
}

impl Specification {
    /// What is known of the subject of a run.
    pub(super) fn of(started: &RunStarted) -> Self {
        let source = Source::Embedded;
        let arch = ARCHITECTURES.into_iter().find(|known| known.name() == started.architecture);
        let spec = arch.and_then(|arch| Spec::load(&source, arch, &started.series).ok());
        let table = arch.and_then(|arch| RegisterTable::load(&source, arch).ok());
        let clauses = Clauses::load(&source).unwrap_or(Clauses { clauses: Vec::new() });
        Self { arch, spec, table, clauses }
    }

    /// The register of that id, if it has a name.
    pub(super) fn register(&self, id: u64) -> Option<&Register> {
        self.table.as_ref().and_then(|table| table.by_id(id))
    }

    /// The configuration of that name.
    pub(super) fn configuration(&self, name: &str) -> Option<&Configuration> {
        self.spec.as_ref()?.configurations.iter().find(|configuration| configuration.name == name)
    }

    /// Ids of the registers that a configuration is expected to list; nothing
    /// where nothing is said of them.
    pub(super) fn expected(&self, configuration: &str) -> Option<HashSet<u64>> {
        let configuration = self.configuration(configuration).filter(|configuration| !configuration.contract_only)?;
        Some(configuration.registers.iter().map(|register| register.id).collect())
    }

    /// What is to be said of a register.
    pub(super) fn of_register(&self, id: u64) -> Vec<Fact> {
        let mut facts = Vec::new();
        if let Some(arch) = self.arch {
            facts.push(("id", arch.describe(id)));
        }
        let Some(register) = self.register(id) else {
            return facts;
        };
        facts.push(("after SET", register.rule.to_string()));
        if register.mask != u64::MAX {
            facts.push(("mask", format!("{:#x}", register.mask)));
        }
        if let Some(gate) = &register.gate {
            let features: Vec<&str> = gate.any.iter().map(|feature| feature.name()).collect();
            facts.push(("needs", format!("{}, else {}", features.join(" or "), gate.errno)));
        }
        facts.push(("source", register.source.clone()));
        facts
    }

    /// What is to be said of a clause, beside its demand.
    pub(super) fn of_clause(clause: &Clause) -> Vec<Fact> {
        let sources: Vec<String> = clause.source.iter().map(|origin| format!("{origin:?}").to_lowercase()).collect();
        vec![("source", sources.join(", ").replace("api", "API"))]
    }

    /// What is to be said of a case.
    pub(super) fn of_case(case: &str) -> Vec<Fact> {
        let clauses = check(case).map_or(&[][..], |check| check.clauses);
        if clauses.len() > 1 { vec![("tests", clauses.join(", "))] } else { Vec::new() }
    }
}

/// The check of a case, if this program has it.
pub(super) fn check(case: &str) -> Option<&'static Check> {
    checks::all().find(|check| check.name == check_name(case))
}
