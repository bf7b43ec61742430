// SPDX-License-Identifier: Apache-2.0 OR MIT
//! `registers.yaml`: every named register of an architecture.

use std::collections::BTreeMap;
use std::num::NonZeroU64;
use std::ops::Range;

use nix::errno::Errno;
use serde::Deserialize;

use super::error::{MOST_VALUES, Problem, SpecError};
use super::features;
use super::register::{Conditional, Exception, Gate, Refusal, Register, Rule, Unique};
use super::source::Source;
use super::text::{Text, unique_keys};
use crate::arch::{Arch, RegisterType};
use crate::value::{Value, size_of_register};

/// `registers.yaml`.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, expecting = "a map with `architecture` and `groups`")]
pub(super) struct RegistersFile {
    /// The architecture, as `uname -m` spells it.
    #[cfg_attr(test, schemars(extend("enum" = crate::arch::ALL.map(|arch| arch.name()))))]
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
    #[cfg_attr(test, schemars(with = "RegisterType"))]
    type_: String,
    /// Bits that survive a SET and GET; all of them if absent.
    mask: Option<u64>,
    /// Bits that may take any value in any combination on any host; none if
    /// absent, and none for registers whose rule is not `exact`.
    free: Option<u64>,
    /// Values that are safe to SET on any host.
    values: Vec<u64>,
    /// Features without which GET and SET refuse the registers.
    gate: Option<GateEntry>,
    /// Values that SET refuses; none if absent.
    #[serde(default)]
    refuses: Vec<RefusalEntry>,
    /// Purpose of the registers without their own `about`.
    #[cfg_attr(test, schemars(regex(pattern = "\\S")))]
    about: Option<String>,
    /// "GET ...": what a caller must know in addition to the rule.
    get: Option<String>,
    /// "SET ...": what a caller must know in addition to the rule.
    set: Option<String>,
    /// Source of the facts.
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
    /// Purpose of the register, if not the family's.
    #[cfg_attr(test, schemars(regex(pattern = "\\S")))]
    about: Option<String>,
    /// "GET ...", if not the family's.
    get: Option<String>,
    /// "SET ...", if not the family's.
    set: Option<String>,
    /// Bits that survive a SET and GET, if not the family's.
    mask: Option<u64>,
    /// Bits that may take any value in any combination on any host, if not the
    /// family's.
    free: Option<u64>,
    /// The result of GET after SET.
    #[serde(default)]
    rule: Rule,
    /// Safe values, if not the family's.
    values: Option<Vec<u64>>,
    /// Features without which GET and SET refuse the register, if not the
    /// family's.
    gate: Option<GateEntry>,
    /// Whether a GET loads the vCPU and reads other registers back.
    #[serde(default)]
    reloads: bool,
    /// Bits that SET keeps while another register has certain bits.
    conditional: Option<ConditionalEntry>,
    /// Where the facts come from, if not the family's source alone.
    source: Option<String>,
    /// States in which the register's own value is refused.
    #[serde(default)]
    exceptions: Vec<Exception>,
    /// Values that SET refuses, if not the family's.
    refuses: Option<Vec<RefusalEntry>>,
    /// Whether SET refuses the value of another vCPU of the VM.
    unique: Option<Unique>,
}

/// A value that SET must refuse. Only the lab and the model are asked for it.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(rename = "Refusal"))]
#[serde(deny_unknown_fields, expecting = "a value with `flip`, `about` and `errno`")]
struct RefusalEntry {
    /// Bits in which the value differs from the present one; 0 refuses even that one.
    flip: u64,
    /// Only on a vCPU with all these features.
    #[serde(default)]
    #[cfg_attr(test, schemars(with = "Vec<crate::arch::Feature>", extend("uniqueItems" = true)))]
    with: Vec<String>,
    /// What is wrong with the value, as a noun.
    #[cfg_attr(test, schemars(regex(pattern = "\\S")))]
    about: String,
    /// The errno of SET, by name.
    #[cfg_attr(test, schemars(regex(pattern = "^E[A-Z0-9]+$")))]
    errno: String,
    /// Source of the fact, if not the register's.
    source: Option<String>,
}

/// Features without which GET and SET refuse a register.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(rename = "Gate"))]
#[serde(deny_unknown_fields, expecting = "a gate with `any` and `errno`")]
struct GateEntry {
    /// Any of these lets GET and SET through.
    #[cfg_attr(test, schemars(with = "Vec<crate::arch::Feature>", length(min = 1), extend("uniqueItems" = true)))]
    any: Vec<String>,
    /// The errno without them, by name.
    #[cfg_attr(test, schemars(regex(pattern = "^E[A-Z0-9]+$")))]
    errno: String,
}

/// Bits that SET keeps while another register has certain bits.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(rename = "Conditional"))]
#[serde(deny_unknown_fields, expecting = "a condition with `on`, `bits`, `free` and `source`")]
struct ConditionalEntry {
    /// Name of the register on which it depends.
    #[cfg_attr(test, schemars(regex(pattern = "^[A-Z][A-Za-z0-9_]*$")))]
    on: String,
    /// Bits that that register must have, all of them.
    bits: NonZeroU64,
    /// Bits that SET keeps then, outside the mask.
    free: NonZeroU64,
    /// Source of the fact.
    source: String,
}

/// Every named register of an architecture.
#[derive(Debug, Clone, Default)]
pub struct RegisterTable {
    registers: Vec<Register>,
    families: BTreeMap<String, Range<usize>>,
}

impl RegisterTable {
    /// Reads `ARCHITECTURE/registers.yaml`.
    pub fn load(source: &Source, arch: &dyn Arch) -> Result<Self, SpecError> {
        let text = source.read(&format!("{}/registers.yaml", arch.name()))?;
        let file: RegistersFile = text.parse()?;
        if file.architecture != arch.name() {
            let problem =
                Problem::Unknown { key: "architecture", name: file.architecture, known: arch.name().to_owned() };
            return Err(text.error(text.line_of_key("architecture"), problem));
        }
        let mut table = Self::default();
        let mut conditionals = Vec::new();
        for (name, mut family) in file.groups {
            let first = table.registers.len();
            let entries = std::mem::take(&mut family.registers);
            let shared = Shared {
                text: &text,
                arch,
                type_: features::register_type(&text, || text.line_of_key(&name), &family.type_, arch)?,
                gate: gate(&text, || text.line_of_key(&name), family.gate.as_ref(), arch)?,
                family,
            };
            for mut entry in entries {
                if let Some(conditional) = entry.conditional.take() {
                    conditionals.push((table.registers.len(), conditional));
                }
                table.insert(&text, shared.register(entry)?)?;
            }
            table.families.insert(name, first..table.registers.len());
        }
        // Only now can they depend on any register.
        for (position, conditional) in conditionals {
            table.add_conditional(&text, position, conditional)?;
        }
        Ok(table)
    }

    fn insert(&mut self, text: &Text, register: Register) -> Result<(), SpecError> {
        let name = &register.name;
        let line = |occurrence| text.line_of_pair("name", name, occurrence);
        if self.by_name(name).is_some() {
            return Err(text.error(line(1), Problem::Duplicate { key: "name", name: name.clone() }));
        }
        if let Some(other) = self.by_id(register.id) {
            let problem = Problem::DuplicateId { register: name.clone(), other: other.name.clone(), id: register.id };
            return Err(text.error(line(0), problem));
        }
        self.registers.push(register);
        Ok(())
    }

    fn add_conditional(&mut self, text: &Text, position: usize, entry: ConditionalEntry) -> Result<(), SpecError> {
        let on = self.by_name(&entry.on).map(|register| register.id);
        let Some(register) = self.registers.get_mut(position) else { return Ok(()) };
        let name = register.name.clone();
        let line = || text.line_of_pair("name", &name, 0);
        let Some(on) = on else {
            let known = "the names in this file".to_owned();
            let line = text.line_of_word_from(text.line_of_key_from(line(), "conditional"), &entry.on);
            return Err(text.error(line, Problem::Unknown { key: "on", name: entry.on, known }));
        };
        let (mask, size) = (register.mask, register.mask.size());
        let bits = of_size(size_of_register(on), entry.bits.get());
        let (Some(bits), Some(free)) = (bits, of_size(size, entry.free.get())) else {
            let problem = Problem::Wide { register: name.clone(), key: "conditional", number: entry.free.get(), size };
            return Err(text.error(line(), problem));
        };
        if !(free & mask).is_zero() {
            let problem = Problem::Conditional { register: name.clone(), free: hex(free), mask: hex(mask) };
            return Err(text.error(line(), problem));
        }
        register.conditional = Some(Conditional { on, bits, free, source: entry.source });
        Ok(())
    }

    /// The register with this name.
    pub fn by_name(&self, name: &str) -> Option<&Register> {
        self.registers.iter().find(|register| register.name == name)
    }

    /// The register of this name under `registers` of another file, at `line` there.
    pub(super) fn named(&self, text: &Text, name: &str, line: impl FnOnce() -> usize) -> Result<&Register, SpecError> {
        self.by_name(name).ok_or_else(|| {
            let known = "the names in registers.yaml".to_owned();
            text.error(line(), Problem::Unknown { key: "registers", name: name.to_owned(), known })
        })
    }

    /// The register with this id.
    pub fn by_id(&self, id: u64) -> Option<&Register> {
        self.registers.iter().find(|register| register.id == id)
    }

    /// The registers of a family of `registers.yaml`.
    pub fn family(&self, name: &str) -> Option<&[Register]> {
        self.families.get(name).and_then(|positions| self.registers.get(positions.clone()))
    }

    /// The family of the register with this id.
    pub fn family_of(&self, id: u64) -> Option<&str> {
        let position = self.registers.iter().position(|register| register.id == id)?;
        let found = self.families.iter().find(|(_, positions)| positions.contains(&position));
        found.map(|(name, _)| name.as_str())
    }

    /// The names of the families.
    pub fn families(&self) -> impl Iterator<Item = &str> {
        self.families.keys().map(String::as_str)
    }

    /// All registers.
    pub fn all(&self) -> &[Register] {
        &self.registers
    }
}

struct Shared<'a> {
    text: &'a Text,
    arch: &'a dyn Arch,
    type_: RegisterType,
    family: Family,
    gate: Option<Gate>,
}

impl Shared<'_> {
    fn register(&self, entry: Entry) -> Result<Register, SpecError> {
        let (text, family) = (self.text, &self.family);
        let line = || text.line_of_pair("name", &entry.name, 0);
        let register = || entry.name.clone();
        let error = |problem| text.error(line(), problem);
        let Some(id) = self.arch.encode(self.type_, entry.index) else {
            return Err(error(Problem::Index { register: register(), index: entry.index, type_: self.type_ }));
        };
        let size = size_of_register(id);
        let sized = |key, number| {
            of_size(size, number).ok_or_else(|| error(Problem::Wide { register: register(), key, number, size }))
        };
        let mask = entry.mask.or(family.mask).map_or(Ok(Value::ones(size)), |mask| sized("mask", mask))?;
        let values = entry.values.as_ref().unwrap_or(&family.values);
        if values.len() > MOST_VALUES {
            return Err(error(Problem::Values { register: register() }));
        }
        let values = values.iter().map(|value| sized("values", *value));
        let values = values.collect::<Result<Vec<_>, _>>()?;
        if let Some(value) = values.iter().find(|value| !(**value & !mask).is_zero()) {
            return Err(error(Problem::Value { register: register(), value: hex(*value), mask: hex(mask) }));
        }
        let inherited = family.free.filter(|_| entry.rule == Rule::Exact);
        let free = sized("free", entry.free.or(inherited).unwrap_or(0))?;
        if !free.is_zero() && entry.rule != Rule::Exact {
            return Err(error(Problem::FreeAgainstRule { register: register(), rule: entry.rule }));
        }
        if !(free & !mask).is_zero() {
            return Err(error(Problem::Free { register: register(), free: hex(free), mask: hex(mask) }));
        }
        for exception in &entry.exceptions {
            check_errno(text, &exception.errno)?;
        }
        if let Some(unique) = &entry.unique {
            check_errno(text, &unique.errno)?;
        }
        let gate = match &entry.gate {
            Some(own) => gate(text, line, Some(own), self.arch)?,
            None => self.gate.clone(),
        };
        let about = entry.about.or_else(|| family.about.clone()).filter(|about| !about.trim().is_empty());
        let Some(about) = about else {
            return Err(error(Problem::NoAbout { register: register() }));
        };
        let source = entry.source.clone().unwrap_or_else(|| family.source.clone());
        let refuses = entry.refuses.as_ref().unwrap_or(&family.refuses);
        let refuses = refuses.iter().map(|refusal| {
            check_errno(text, &refusal.errno)?;
            Ok(Refusal {
                flip: sized("flip", refusal.flip)?,
                with: features::resolve(text, line, "with", &refusal.with, self.arch)?,
                about: refusal.about.clone(),
                errno: refusal.errno.clone(),
                source: refusal.source.clone().unwrap_or_else(|| source.clone()),
            })
        });
        let refuses = refuses.collect::<Result<Vec<_>, SpecError>>()?;
        Ok(Register {
            name: entry.name,
            id,
            mask,
            free,
            rule: entry.rule,
            values,
            exceptions: entry.exceptions,
            refuses,
            unique: entry.unique,
            reloads: entry.reloads,
            gate,
            conditional: None,
            about,
            get: entry.get.or_else(|| family.get.clone()),
            set: entry.set.or_else(|| family.set.clone()),
            source,
        })
    }
}

fn hex(value: Value) -> String {
    format!("{value:#x}")
}

fn of_size(size: usize, number: u64) -> Option<Value> {
    Some(Value::new(number, size)).filter(|value| value.number() == number.into())
}

/// Resolves a gate. `start` gives the first line to search for an error.
fn gate(
    text: &Text,
    start: impl Fn() -> usize,
    entry: Option<&GateEntry>,
    arch: &dyn Arch,
) -> Result<Option<Gate>, SpecError> {
    let Some(entry) = entry else { return Ok(None) };
    check_errno(text, &entry.errno)?;
    let any = features::resolve_some(text, start, "any", Some(&entry.any), arch)?;
    Ok(Some(Gate { any, errno: entry.errno.clone() }))
}

fn check_errno(text: &Text, name: &str) -> Result<(), SpecError> {
    let mut known = (1..=133).map(Errno::from_raw).filter(|errno| *errno != Errno::UnknownErrno);
    if known.any(|errno| format!("{errno:?}") == name) {
        return Ok(());
    }
    let known = "the names in errno(3)".to_owned();
    let problem = Problem::Unknown { key: "errno", name: name.to_owned(), known };
    Err(text.error(text.line_of_pair("errno", name, 0), problem))
}
