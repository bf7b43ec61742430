// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Registers: name, id, and what GET returns after SET.

use std::collections::BTreeMap;

use nix::errno::Errno;
use serde::{Deserialize, Serialize};

use super::error::{Problem, SpecError};
use super::source::{Source, unique_keys};
use crate::arch::{Arch, RegisterType};
use crate::events::NamedRegister;

/// What GET returns after SET.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// The SET value under the mask.
    #[default]
    Exact,
    /// At least the SET bits; bits that were set before may stay.
    Sticky,
    /// The SET value plus the time gone by.
    Counter,
    /// Only the present value is safe to SET.
    Fixed,
}

/// The state of a vCPU in which an exception holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Just created, nothing SET.
    Fresh,
}

/// A register whose own value cannot be written back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, expecting = "an exception with `state`, `errno` and `source`")]
pub struct Exception {
    /// When.
    pub state: State,
    /// The errno of the refused SET, by name.
    #[cfg_attr(test, schemars(regex(pattern = "^E[A-Z0-9]+$")))]
    pub errno: String,
    /// Where the fact comes from.
    pub source: String,
}

/// A register: its id, its name, and how it behaves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Register {
    /// Name, unique within the architecture.
    pub name: String,
    /// KVM register id.
    pub id: u64,
    /// Bits that survive a SET and GET.
    pub mask: u64,
    /// What GET returns after SET.
    pub rule: Rule,
    /// Values that are safe to SET on any host.
    pub values: Vec<u64>,
    /// States in which the register's own value is refused.
    pub exceptions: Vec<Exception>,
    /// Where the facts come from.
    #[serde(skip)]
    pub source: String,
}

impl Register {
    /// Name and id, for findings.
    #[must_use]
    pub fn named(&self) -> NamedRegister {
        NamedRegister { name: self.name.clone(), id: self.id }
    }
}

/// `registers.yaml` as the file has it.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, expecting = "a map with `architecture` and `groups`")]
pub(super) struct RegistersFile {
    /// The architecture, as `uname -m` spells it.
    #[cfg_attr(test, schemars(extend("const" = "loongarch64")))]
    architecture: String,
    /// Registers by family; the family's values are the registers' defaults.
    #[serde(deserialize_with = "unique_keys")]
    #[cfg_attr(test, schemars(extend("propertyNames" = {"pattern": "^[a-z0-9_]+$"})))]
    groups: BTreeMap<String, Family>,
}

#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, expecting = "a family with `type`, `values`, `source` and `registers`")]
struct Family {
    /// How ids are formed from an index.
    #[serde(rename = "type")]
    type_: RegisterType,
    /// Bits that survive a SET and GET; all of them if absent.
    mask: Option<u64>,
    /// Values that are safe to SET on any host.
    values: Vec<u64>,
    /// Where the facts come from.
    source: String,
    /// The registers, by index.
    registers: Vec<Entry>,
}

#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, expecting = "a register with `name` and `index`")]
struct Entry {
    /// Name, unique within the architecture.
    #[cfg_attr(test, schemars(regex(pattern = "^[A-Z][A-Za-z0-9_]*$")))]
    name: String,
    /// Index within its type.
    index: u64,
    /// Bits that survive a SET and GET, if not the family's.
    mask: Option<u64>,
    /// What GET returns after SET.
    #[serde(default)]
    rule: Rule,
    /// Safe values, if not the family's.
    values: Option<Vec<u64>>,
    /// Where the facts come from, if not the family's source alone.
    source: Option<String>,
    /// States in which the register's own value is refused.
    #[serde(default)]
    exceptions: Vec<Exception>,
}

/// Whether an errno has that name; Linux counts them from 1 to 133.
fn is_errno(name: &str) -> bool {
    (1..=133).map(Errno::from_raw).any(|errno| errno != Errno::UnknownErrno && format!("{errno:?}") == name)
}

/// Every named register of an architecture.
#[derive(Debug, Clone)]
pub struct RegisterTable {
    registers: Vec<Register>,
    by_name: BTreeMap<String, usize>,
    by_id: BTreeMap<u64, usize>,
}

impl RegisterTable {
    /// Reads `ARCHITECTURE/registers.yaml`.
    ///
    /// # Errors
    /// An unreadable or malformed file, an index outside its type, a name or id
    /// that stands twice, a value outside its mask.
    pub fn load(source: &Source, arch: &dyn Arch) -> Result<Self, SpecError> {
        let text = source.read(&format!("{}/registers.yaml", arch.name()))?;
        let file: RegistersFile = text.parse()?;
        if file.architecture != arch.name() {
            let problem =
                Problem::Unknown { key: "architecture", name: file.architecture, known: arch.name().to_owned() };
            return Err(text.error(text.line_of_key("architecture"), problem));
        }
        let mut table = Self { registers: Vec::new(), by_name: BTreeMap::new(), by_id: BTreeMap::new() };
        for family in file.groups.into_values() {
            let Family { type_, mask, values, source, registers } = family;
            for entry in registers {
                let name = entry.name.clone();
                let line = |occurrence| text.line_of_pair("name", &name, occurrence);
                if table.by_name.contains_key(&name) {
                    return Err(text.error(line(1), Problem::Duplicate { key: "name", name: name.clone() }));
                }
                let Some(id) = arch.encode(type_, entry.index) else {
                    let problem =
                        Problem::Index { register: name.clone(), index: entry.index, type_: type_.to_string() };
                    return Err(text.error(line(0), problem));
                };
                if let Some(other) = table.by_id(id) {
                    let problem = Problem::DuplicateId { register: name.clone(), other: other.name.clone(), id };
                    return Err(text.error(line(0), problem));
                }
                let mask = entry.mask.or(mask).unwrap_or(u64::MAX);
                let values = entry.values.unwrap_or_else(|| values.clone());
                if let Some(value) = values.iter().find(|value| *value & !mask != 0) {
                    let problem = Problem::Value { register: name.clone(), value: *value, mask };
                    return Err(text.error(line(0), problem));
                }
                if let Some(exception) = entry.exceptions.iter().find(|exception| !is_errno(&exception.errno)) {
                    let known = "the names in errno(3)".to_owned();
                    let problem = Problem::Unknown { key: "errno", name: exception.errno.clone(), known };
                    return Err(text.error(text.line_of_pair("errno", &exception.errno, 0), problem));
                }
                let source = entry.source.unwrap_or_else(|| source.clone());
                table.insert(Register {
                    name: entry.name,
                    id,
                    mask,
                    rule: entry.rule,
                    values,
                    exceptions: entry.exceptions,
                    source,
                });
            }
        }
        Ok(table)
    }

    fn insert(&mut self, register: Register) {
        let position = self.registers.len();
        self.by_name.insert(register.name.clone(), position);
        self.by_id.insert(register.id, position);
        self.registers.push(register);
    }

    /// The register of that name.
    #[must_use]
    pub fn by_name(&self, name: &str) -> Option<&Register> {
        self.by_name.get(name).and_then(|position| self.registers.get(*position))
    }

    /// The register of that id.
    #[must_use]
    pub fn by_id(&self, id: u64) -> Option<&Register> {
        self.by_id.get(&id).and_then(|position| self.registers.get(*position))
    }

    /// All registers.
    #[must_use]
    pub fn all(&self) -> &[Register] {
        &self.registers
    }
}
