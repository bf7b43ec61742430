// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Registers with names from registers.yaml, or decoded from ids.

use reglist_suite::arch::{Arch, RegisterType};
use reglist_suite::spec::RegisterTable;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) id: u64,
    pub(super) name: String,
    /// Family in registers.yaml, or a new one.
    pub(super) family: String,
    pub(super) type_: RegisterType,
    pub(super) index: u64,
    pub(super) known: bool,
}

#[derive(Debug)]
pub(super) struct Namer<'t> {
    arch: &'t dyn Arch,
    table: &'t RegisterTable,
}

impl<'t> Namer<'t> {
    pub(super) fn new(arch: &'t dyn Arch, table: &'t RegisterTable) -> Self {
        Self { arch, table }
    }

    /// The register; none if a specification cannot name its id.
    pub(super) fn named(&self, id: u64) -> Option<Named> {
        let (type_, index) = self.arch.decode(id)?;
        if let Some(register) = self.table.by_id(id) {
            let family = self.table.family_of(id).unwrap_or_default().to_owned();
            return Some(Named { id, name: register.name.clone(), family, type_, index, known: true });
        }
        let is_of_a_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let decoded = self.arch.describe(id).replace(|c: char| !is_of_a_name(c), "_");
        let name = unique(decoded, |name| self.table.by_name(name).is_some());
        let family = unique(format!("unknown_{type_}"), |name| self.table.family(name).is_some());
        Some(Named { id, name, family, type_, index, known: false })
    }

    /// The name, or a description of the id.
    pub(super) fn name(&self, id: u64) -> String {
        self.named(id).map_or_else(|| self.arch.describe(id), |named| named.name)
    }
}

/// The first unused name of `name`, `name_2`, `name_3`...
pub(super) fn unique(name: String, is_taken: impl Fn(&str) -> bool) -> String {
    if !is_taken(&name) {
        return name;
    }
    let numbered = (2_u64..).map(|number| format!("{name}_{number}")).find(|name| !is_taken(name));
    numbered.unwrap_or(name)
}
