// SPDX-License-Identifier: Apache-2.0 OR MIT
//! `groups.yaml`: named sequences of registers, and the vCPUs that list them.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::error::{MOST_GROUPS, Problem, SpecError};
use super::features::{self, second};
use super::register::Register;
use super::registers::RegisterTable;
use super::source::Source;
use super::text::{Text, unique_keys};
use crate::arch::{Arch, Feature};

/// A group of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedGroup {
    /// Name, unique within the series.
    pub name: String,
    /// Any of these features has the group listed; every vCPU lists it if there
    /// are none.
    pub when: Vec<Feature>,
    /// Its registers, in order.
    pub registers: Vec<Register>,
}

impl ListedGroup {
    /// Whether a vCPU with `features` lists the group.
    pub fn is_listed(&self, features: &[Feature]) -> bool {
        self.when.is_empty() || self.when.iter().any(|feature| features.contains(feature))
    }
}

/// `groups.yaml` as the file has it: groups may include others, names are not
/// looked up.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, expecting = "a map with `list` and `groups`")]
pub struct GroupsFile {
    /// Groups of the whole list, in order.
    #[cfg_attr(test, schemars(inner(regex(pattern = "^[a-z0-9_]+$")), extend("uniqueItems" = true)))]
    pub list: Vec<String>,
    /// Named sequences of registers.
    #[serde(deserialize_with = "unique_keys")]
    #[cfg_attr(test, schemars(extend("propertyNames" = {"pattern": "^[a-z0-9_]+$"})))]
    pub groups: BTreeMap<String, Group>,
}

/// A named sequence of registers, as the file has it.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, expecting = "a group with `registers`, `include` and `when`")]
pub struct Group {
    /// Registers by name, in order.
    #[serde(default)]
    #[cfg_attr(test, schemars(inner(regex(pattern = "^[A-Z][A-Za-z0-9_]*$")), extend("uniqueItems" = true)))]
    pub registers: Vec<String>,
    /// Groups that follow the registers, in order.
    #[serde(default)]
    #[cfg_attr(test, schemars(inner(regex(pattern = "^[a-z0-9_]+$")), extend("uniqueItems" = true)))]
    pub include: Vec<String>,
    /// Any of these features has the group listed; every vCPU lists it if absent.
    #[cfg_attr(test, schemars(with = "Option<Vec<Feature>>", length(min = 1), extend("uniqueItems" = true)))]
    pub when: Option<Vec<String>>,
}

impl GroupsFile {
    /// Parses `groups.yaml` of a series, and gives its text too, of which the
    /// comments and the lines matter to who writes a file like it.
    pub fn read(source: &Source, arch: &dyn Arch, series: &str) -> Result<(Self, Text), SpecError> {
        let text = source.read(&format!("{}/{series}/groups.yaml", arch.name()))?;
        Ok((text.parse()?, text))
    }
}

pub(super) struct Groups {
    /// Those of the list, in order.
    pub(super) listed: Vec<ListedGroup>,
    pub(super) names: Vec<String>,
}

impl Groups {
    /// Reads `groups.yaml` of a series.
    pub(super) fn load(
        source: &Source,
        arch: &dyn Arch,
        table: &RegisterTable,
        series: &str,
    ) -> Result<Self, SpecError> {
        let (file, text) = GroupsFile::read(source, arch, series)?;
        if file.groups.len() > MOST_GROUPS {
            return Err(text.error(text.line_of_key("groups"), Problem::ManyGroups));
        }
        let known = file.groups.keys().cloned().collect::<Vec<_>>().join(", ");
        let mut resolver =
            Resolver { text: &text, groups: &file.groups, known: &known, table, expanded: BTreeMap::new() };
        for name in file.groups.keys() {
            resolver.expand(name, &mut Vec::new())?;
        }
        resolver.check_use(&file.list)?;
        let expanded = resolver.expanded;
        let mut listed: Vec<ListedGroup> = Vec::new();
        for name in &file.list {
            let (Some(group), Some(registers)) = (file.groups.get(name), expanded.get(name.as_str())) else {
                let problem = Problem::Unknown { key: "list", name: name.clone(), known: known.clone() };
                return Err(text.error(text.line_of_word_in("list", name), problem));
            };
            let start = || text.line_of_key(name);
            let when = features::resolve_some(&text, start, "when", group.when.as_ref(), arch)?;
            if let Some((register, first)) = common(&listed, registers) {
                let problem = Problem::InTwoGroups {
                    key: "list",
                    register: register.name.clone(),
                    first: first.name.clone(),
                    second: name.clone(),
                };
                return Err(text.error(text.line_of_word_in("list", name), problem));
            }
            let registers = registers.iter().copied().cloned().collect();
            listed.push(ListedGroup { name: name.clone(), when, registers });
        }
        Ok(Self { listed, names: file.groups.into_keys().collect() })
    }
}

/// The first of `registers` that a listed group has too, and that group.
fn common<'a>(listed: &'a [ListedGroup], registers: &[&'a Register]) -> Option<(&'a Register, &'a ListedGroup)> {
    registers.iter().find_map(|register| {
        let group = listed.iter().find(|group| group.registers.iter().any(|other| other.id == register.id))?;
        Some((*register, group))
    })
}

struct Resolver<'a> {
    text: &'a Text,
    groups: &'a BTreeMap<String, Group>,
    known: &'a str,
    table: &'a RegisterTable,
    /// The registers of each group, and of the groups that it includes.
    expanded: BTreeMap<&'a str, Vec<&'a Register>>,
}

impl<'a> Resolver<'a> {
    /// Expands a group, once.
    fn expand(&mut self, name: &str, path: &mut Vec<String>) -> Result<(), SpecError> {
        if self.expanded.contains_key(name) {
            return Ok(());
        }
        let Some((name, group)) = self.groups.get_key_value(name) else {
            let problem = Problem::Unknown { key: "include", name: name.to_owned(), known: self.known.to_owned() };
            return Err(self.text.error(self.text.line_of_word_in("include", name), problem));
        };
        let cyclic = path.iter().any(|on_the_way| on_the_way == name);
        path.push(name.to_owned());
        if cyclic {
            let path = path.iter().skip_while(|on_the_way| *on_the_way != name).cloned().collect();
            return Err(self.text.error(self.text.line_of_key(name), Problem::Cycle { path }));
        }
        let (mut ids, mut registers) = (BTreeSet::new(), Vec::new());
        for register in &group.registers {
            let found = self.table.named(self.text, register, || self.text.line_of_word(register, 0))?;
            self.add(&mut ids, &mut registers, found)?;
        }
        for included in &group.include {
            self.expand(included, path)?;
            for register in self.expanded.get(included.as_str()).into_iter().flatten() {
                self.add(&mut ids, &mut registers, register)?;
            }
        }
        path.pop();
        self.expanded.insert(name, registers);
        Ok(())
    }

    fn add(
        &self,
        ids: &mut BTreeSet<u64>,
        registers: &mut Vec<&'a Register>,
        register: &'a Register,
    ) -> Result<(), SpecError> {
        if !ids.insert(register.id) {
            let problem = Problem::Duplicate { key: "registers", name: register.name.clone() };
            return Err(self.text.error(self.text.line_of_word(&register.name, 1), problem));
        }
        registers.push(register);
        Ok(())
    }

    /// Every group is listed or included, and `when` stands where it is read.
    fn check_use(&self, list: &[String]) -> Result<(), SpecError> {
        if let Some(name) = second(list) {
            let problem = Problem::Duplicate { key: "list", name: name.to_owned() };
            return Err(self.text.error(self.text.line_of_key("list"), problem));
        }
        let listed: BTreeSet<&String> = list.iter().collect();
        let included: BTreeSet<&String> = self.groups.values().flat_map(|group| &group.include).collect();
        for (name, group) in self.groups.iter().filter(|(name, _)| !listed.contains(name)) {
            let line = || self.text.line_of_key(name);
            if !included.contains(name) {
                return Err(self.text.error(line(), Problem::UnusedGroup { group: name.clone() }));
            }
            if group.when.is_some() {
                let line = self.text.line_of_key_from(line(), "when");
                return Err(self.text.error(line, Problem::UnreadWhen { group: name.clone() }));
            }
        }
        Ok(())
    }
}
