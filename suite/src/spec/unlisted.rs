// SPDX-License-Identifier: Apache-2.0 OR MIT
//! `unlisted.yaml`: registers that GET reads although no list contains them.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::error::{Problem, SpecError};
use super::features;
use super::register::Register;
use super::registers::RegisterTable;
use super::source::Source;
use super::text::Text;
use crate::arch::Arch;

/// The known exceptions: unlisted registers that GET reads.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Unlisted {
    /// The exceptions. Each named register belongs to at most one.
    pub exceptions: Vec<UnlistedException>,
}

/// Unlisted registers that GET reads for one reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnlistedException {
    /// Name, unique among the exceptions.
    pub name: String,
    /// Why GET reads them.
    pub reason: String,
    ids: BTreeSet<u64>,
}

impl Unlisted {
    /// The name of the exception to which `id` belongs, if any.
    pub fn exception(&self, id: u64) -> Option<&str> {
        self.why(id).map(|exception| exception.name.as_str())
    }

    /// The exception to which `id` belongs, if any.
    pub fn why(&self, id: u64) -> Option<&UnlistedException> {
        self.exceptions.iter().find(|exception| exception.ids.contains(&id))
    }

    /// Reads `ARCHITECTURE/unlisted.yaml`; empty without that file.
    pub(super) fn load(source: &Source, arch: &dyn Arch, table: &RegisterTable) -> Result<Self, SpecError> {
        let Some(text) = source.read_if_there(&format!("{}/unlisted.yaml", arch.name()))? else {
            return Ok(Self::default());
        };
        let file: UnlistedFile = text.parse()?;
        let mut unlisted = Self::default();
        for entry in file.unlisted {
            if unlisted.exceptions.iter().any(|other| other.name == entry.name) {
                let line = text.line_of_pair("name", &entry.name, 1);
                return Err(text.error(line, Problem::Duplicate { key: "name", name: entry.name }));
            }
            let resolver = Resolver { text: &text, name: &entry.name, arch, table, others: &unlisted };
            let exception = resolver.exception(&entry)?;
            unlisted.exceptions.push(exception);
        }
        Ok(unlisted)
    }
}

/// `unlisted.yaml`.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, expecting = "a map with `unlisted`")]
pub(super) struct UnlistedFile {
    /// The exceptions.
    unlisted: Vec<Entry>,
}

/// Unlisted registers that GET reads for one reason.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(rename = "Exception", extend("anyOf" = [
    {"required": ["families"]},
    {"required": ["registers"]},
    {"required": ["unnamed"]},
])))]
#[serde(deny_unknown_fields, expecting = "an exception with `name`, registers, `reason` and `source`")]
struct Entry {
    /// Name, unique within the file.
    #[cfg_attr(test, schemars(regex(pattern = "^[a-z0-9_]+$")))]
    name: String,
    /// Families of registers.yaml.
    #[serde(default)]
    #[cfg_attr(test, schemars(inner(regex(pattern = "^[a-z0-9_]+$")), length(min = 1), extend("uniqueItems" = true)))]
    families: Vec<String>,
    /// Registers of registers.yaml.
    #[serde(default)]
    #[cfg_attr(test, schemars(inner(regex(pattern = "^[A-Z][A-Za-z0-9_]*$")), length(min = 1), extend("uniqueItems" = true)))]
    registers: Vec<String>,
    /// Registers without a name in registers.yaml.
    unnamed: Option<IndexRange>,
    /// Why GET reads them.
    reason: String,
    /// Source of the fact.
    #[expect(dead_code, reason = "required of the file, read by people")]
    source: String,
}

/// Indexes of a type, without those of named registers.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, expecting = "a range with `type`, `first` and `last`")]
struct IndexRange {
    /// How ids are formed from an index.
    #[serde(rename = "type")]
    #[cfg_attr(test, schemars(with = "crate::arch::RegisterType"))]
    type_: String,
    /// The first index.
    first: u64,
    /// The last index.
    last: u64,
}

struct Resolver<'a> {
    text: &'a Text,
    name: &'a str,
    arch: &'a dyn Arch,
    table: &'a RegisterTable,
    others: &'a Unlisted,
}

impl Resolver<'_> {
    fn exception(&self, entry: &Entry) -> Result<UnlistedException, SpecError> {
        let mut ids = BTreeSet::new();
        for name in &entry.families {
            let Some(family) = self.table.family(name) else {
                let known = self.table.families().collect::<Vec<_>>().join(", ");
                let problem = Problem::Unknown { key: "families", name: name.clone(), known };
                return Err(self.text.error(self.line("families", name), problem));
            };
            for register in family {
                self.add(&mut ids, "families", name, register)?;
            }
        }
        for name in &entry.registers {
            let register = self.table.named(self.text, name, || self.line("registers", name))?;
            self.add(&mut ids, "registers", name, register)?;
        }
        if let Some(range) = &entry.unnamed {
            self.add_unnamed(&mut ids, range)?;
        }
        // A list may name every register of a range.
        if ids.is_empty() && entry.unnamed.is_none() {
            return Err(self.text.error(self.start(), Problem::NoRegisters { exception: entry.name.clone() }));
        }
        Ok(UnlistedException { name: entry.name.clone(), reason: entry.reason.clone(), ids })
    }

    fn start(&self) -> usize {
        self.text.line_of_pair("name", self.name, 0)
    }

    fn add(
        &self,
        ids: &mut BTreeSet<u64>,
        key: &'static str,
        word: &str,
        register: &Register,
    ) -> Result<(), SpecError> {
        if let Some(first) = self.others.exception(register.id) {
            let problem = Problem::InTwoGroups {
                key,
                register: register.name.clone(),
                first: first.to_owned(),
                second: self.name.to_owned(),
            };
            return Err(self.text.error(self.line(key, word), problem));
        }
        if !ids.insert(register.id) {
            let problem = Problem::Duplicate { key, name: register.name.clone() };
            return Err(self.text.error(self.line(key, word), problem));
        }
        Ok(())
    }

    fn line(&self, key: &str, word: &str) -> usize {
        self.text.line_of_word_from(self.text.line_of_key_from(self.start(), key), word)
    }

    fn add_unnamed(&self, ids: &mut BTreeSet<u64>, range: &IndexRange) -> Result<(), SpecError> {
        let IndexRange { first, last, .. } = *range;
        let type_ = features::register_type(self.text, || self.start(), &range.type_, self.arch)?;
        let is_index = |index| self.arch.encode(type_, index).is_some();
        if first > last || !is_index(first) || !is_index(last) {
            let line = self.text.line_of_key_from(self.start(), "unnamed");
            return Err(self.text.error(line, Problem::Range { type_, first, last }));
        }
        let all = (first..=last).filter_map(|index| self.arch.encode(type_, index));
        ids.extend(all.filter(|id| self.table.by_id(*id).is_none()));
        Ok(())
    }
}
