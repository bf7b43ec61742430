// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Series: the expected list of every configuration, in one revision.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::error::{Problem, SpecError};
use super::features::{self, second};
use super::register::Register;
use super::registers::RegisterTable;
use super::source::{Source, Text, unique_keys};
use crate::arch::{Arch, Feature};

/// A combination of guest features with the list that is expected for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Configuration {
    /// Name, the first part of its cases' ids.
    pub name: String,
    /// Features to switch on, beyond what every vCPU under test has.
    pub features: Vec<Feature>,
    /// The expected list, in order.
    pub registers: Vec<Register>,
}

/// `groups.yaml` as the file has it.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, expecting = "a map with `groups`")]
pub(super) struct GroupsFile {
    /// Named sequences of registers.
    #[serde(deserialize_with = "unique_keys")]
    #[cfg_attr(test, schemars(extend("propertyNames" = {"pattern": "^[a-z0-9_]+$"})))]
    groups: BTreeMap<String, Group>,
}

#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, expecting = "a group with `registers` and `include`")]
struct Group {
    /// Registers by name, in order.
    #[serde(default)]
    #[cfg_attr(test, schemars(inner(regex(pattern = "^[A-Z][A-Za-z0-9_]*$")), extend("uniqueItems" = true)))]
    registers: Vec<String>,
    /// Groups that follow the registers, in order.
    #[serde(default)]
    #[cfg_attr(test, schemars(inner(regex(pattern = "^[a-z0-9_]+$")), extend("uniqueItems" = true)))]
    include: Vec<String>,
}

/// A configuration's file as it is.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, expecting = "a map with `features`, `groups`, `count` and `source`")]
pub(super) struct ConfigurationFile {
    /// Features to switch on.
    #[cfg_attr(test, schemars(with = "Vec<Feature>", extend("uniqueItems" = true)))]
    features: Vec<String>,
    /// Groups of the list, in order.
    #[cfg_attr(test, schemars(inner(regex(pattern = "^[a-z0-9_]+$")), extend("uniqueItems" = true)))]
    groups: Vec<String>,
    /// Number of registers in the list.
    count: usize,
    /// Where the list comes from.
    #[expect(dead_code, reason = "required of the file, read by people")]
    source: String,
}

/// Reads every configuration of a series, by name.
///
/// # Errors
/// No such series, an unreadable or malformed file, an unknown name, a cyclic
/// or missing group, a register that stands twice, a wrong count.
pub(super) fn load(
    source: &Source,
    arch: &dyn Arch,
    table: &RegisterTable,
    series: &str,
) -> Result<Vec<Configuration>, SpecError> {
    let folder = format!("{}/{series}", arch.name());
    let names: Vec<String> = source
        .list(&folder)
        .iter()
        .filter_map(|file| file.strip_suffix(".yaml"))
        .filter(|name| *name != "groups")
        .map(str::to_owned)
        .collect();
    let known: Vec<String> = source.list(arch.name()).into_iter().filter(|name| !name.ends_with(".yaml")).collect();
    if names.is_empty() || !known.iter().any(|known| known == series) {
        let known = known.join(", ");
        return Err(SpecError {
            file: source.display(&folder),
            line: 1,
            problem: Problem::NoSeries { series: series.to_owned(), known },
        });
    }
    let groups = Groups::load(source, table, &folder)?;
    names.into_iter().map(|name| configuration(source, arch, &groups, &folder, name)).collect()
}

fn configuration(
    source: &Source,
    arch: &dyn Arch,
    groups: &Groups<'_>,
    folder: &str,
    name: String,
) -> Result<Configuration, SpecError> {
    let text = source.read(&format!("{folder}/{name}.yaml"))?;
    if name.is_empty() || !name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_') {
        return Err(text.error(1, Problem::FileName { name }));
    }
    let file: ConfigurationFile = text.parse()?;
    if let Some(name) = second(&file.groups) {
        let problem = Problem::Duplicate { key: "groups", name: name.to_owned() };
        return Err(text.error(text.line_of_key("groups"), problem));
    }
    let features = features::resolve(&text, 1, "features", &file.features, arch)?;
    let mut registers: Vec<Register> = Vec::new();
    let mut counted: Vec<(&str, usize)> = Vec::new();
    for group in &file.groups {
        if !groups.file.groups.contains_key(group) {
            let problem = Problem::Unknown { key: "groups", name: group.clone(), known: groups.known() };
            return Err(text.error(text.line_of_word_in("groups", group), problem));
        }
        let mut own = Vec::new();
        groups.expand(group, &mut Vec::new(), &mut own)?;
        if let Some((position, register)) = position_of_common(&registers, &own) {
            let problem = Problem::InTwoGroups {
                register: register.name.clone(),
                first: group_at(&counted, position).to_owned(),
                second: group.clone(),
            };
            return Err(text.error(text.line_of_word_in("groups", group), problem));
        }
        counted.push((group, own.len()));
        registers.append(&mut own);
    }
    if registers.len() != file.count {
        let breakdown = counted.iter().map(|(group, count)| format!("{group} {count}")).collect::<Vec<_>>().join(", ");
        let problem = Problem::Count { stated: file.count, actual: registers.len(), breakdown };
        return Err(text.error(text.line_of_key("count"), problem));
    }
    Ok(Configuration { name, features, registers })
}

/// The first register of `own` that `registers` has too, and where it is there.
fn position_of_common<'a>(registers: &[Register], own: &'a [Register]) -> Option<(usize, &'a Register)> {
    own.iter().find_map(|register| {
        let position = registers.iter().position(|other| other.id == register.id)?;
        Some((position, register))
    })
}

/// The group that holds the `position`th register.
fn group_at<'a>(counted: &[(&'a str, usize)], position: usize) -> &'a str {
    let mut end = 0;
    let group = counted.iter().find(|(_, count)| {
        end += count;
        position < end
    });
    group.map_or("", |(name, _)| name)
}

/// The groups of a series with what is needed to resolve them.
struct Groups<'a> {
    text: Text,
    file: GroupsFile,
    table: &'a RegisterTable,
}

impl<'a> Groups<'a> {
    fn load(source: &Source, table: &'a RegisterTable, folder: &str) -> Result<Self, SpecError> {
        let text = source.read(&format!("{folder}/groups.yaml"))?;
        let file: GroupsFile = text.parse()?;
        let groups = Self { text, file, table };
        for name in groups.file.groups.keys() {
            groups.expand(name, &mut Vec::new(), &mut Vec::new())?;
        }
        Ok(groups)
    }

    fn known(&self) -> String {
        self.file.groups.keys().cloned().collect::<Vec<_>>().join(", ")
    }

    fn expand(&self, name: &str, path: &mut Vec<String>, registers: &mut Vec<Register>) -> Result<(), SpecError> {
        let Some(group) = self.file.groups.get(name) else {
            let problem = Problem::Unknown { key: "include", name: name.to_owned(), known: self.known() };
            return Err(self.text.error(self.text.line_of_word_in("include", name), problem));
        };
        let cyclic = path.iter().any(|on_the_way| on_the_way == name);
        path.push(name.to_owned());
        if cyclic {
            let path = path.iter().skip_while(|on_the_way| *on_the_way != name).cloned().collect();
            return Err(self.text.error(self.text.line_of_key(name), Problem::Cycle { path }));
        }
        for register in &group.registers {
            let Some(found) = self.table.by_name(register) else {
                let known = "the names in registers.yaml".to_owned();
                let problem = Problem::Unknown { key: "registers", name: register.clone(), known };
                return Err(self.text.error(self.text.line_of_word(register, 0), problem));
            };
            if registers.contains(found) {
                let problem = Problem::Duplicate { key: "registers", name: register.clone() };
                return Err(self.text.error(self.text.line_of_word(register, 1), problem));
            }
            registers.push(found.clone());
        }
        for included in &group.include {
            self.expand(included, path, registers)?;
        }
        path.pop();
        Ok(())
    }
}
