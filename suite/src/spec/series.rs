// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Series: one revision of the expected lists of all configurations.

use serde::Deserialize;

use super::consumer;
use super::error::{Problem, SpecError};
use super::features::{self, second};
use super::groups::{Groups, ListedGroup};
use super::register::Register;
use super::registers::RegisterTable;
use super::source::Source;
use super::text::Text;
use crate::arch::{Arch, Feature, feature_names};

/// A combination of guest features, with its expected list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Configuration {
    /// Name, the first part of the ids of its cases.
    pub name: String,
    /// Features to switch on.
    pub features: Vec<Feature>,
    /// The expected list, in order; empty if none is specified.
    pub registers: Vec<Register>,
    /// Whether only the requirements on any list apply.
    pub contract_only: bool,
}

impl Configuration {
    /// No configuration has this name: commands mean all of a series by it.
    pub const ALL: &str = "all";
}

/// A configuration's file.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(extend("oneOf" = [
    {"required": ["groups", "count"], "properties": {"contract_only": {"const": false}}},
    {"required": ["contract_only"], "properties": {"contract_only": {"const": true}, "groups": false, "count": false}},
])))]
#[serde(deny_unknown_fields, expecting = "a map with `features`, `groups`, `count` and `source`")]
pub(super) struct ConfigurationFile {
    /// Features to switch on.
    #[cfg_attr(test, schemars(with = "Vec<Feature>", extend("uniqueItems" = true)))]
    features: Vec<String>,
    /// Groups of the list, in order.
    #[cfg_attr(test, schemars(inner(regex(pattern = "^[a-z0-9_]+$")), extend("uniqueItems" = true)))]
    groups: Option<Vec<String>>,
    /// Number of registers in the list.
    count: Option<usize>,
    /// Whether no list is specified: instead of `groups` and `count`.
    #[serde(default)]
    contract_only: bool,
    /// Source of the list.
    #[expect(dead_code, reason = "required of the file, read by people")]
    source: String,
}

pub(super) fn names_of(source: &Source, arch: &dyn Arch) -> Vec<String> {
    let is_series = |name: &String| !name.ends_with(".yaml") && name != consumer::FOLDER;
    source.list(arch.name()).into_iter().filter(is_series).collect()
}

type Configurations = Vec<Result<Configuration, SpecError>>;

/// Reads a series: the groups of its list, and its configurations by name.
pub(super) fn load(
    source: &Source,
    arch: &dyn Arch,
    table: &RegisterTable,
    series: &str,
) -> Result<(Vec<ListedGroup>, Configurations), SpecError> {
    let folder = format!("{}/{series}", arch.name());
    let files = source.list(&folder);
    let names = files.iter().filter_map(|file| file.strip_suffix(".yaml")).filter(|name| *name != "groups");
    let known = names_of(source, arch);
    if names.clone().next().is_none() || !known.iter().any(|known| known == series) {
        let known = known.join(", ");
        return Err(SpecError {
            file: source.display(&folder),
            line: 1,
            problem: Problem::NoSeries { series: series.to_owned(), known },
        });
    }
    let groups = Groups::load(source, arch, table, series)?;
    let configurations = names.map(|name| configuration(source, arch, &groups, &folder, name.to_owned())).collect();
    Ok((groups.listed, configurations))
}

fn configuration(
    source: &Source,
    arch: &dyn Arch,
    groups: &Groups,
    folder: &str,
    name: String,
) -> Result<Configuration, SpecError> {
    let text = source.read(&format!("{folder}/{name}.yaml"))?;
    if name.is_empty() || !name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_') {
        return Err(text.error(1, Problem::FileName { name }));
    }
    if name == Configuration::ALL {
        return Err(text.error(1, Problem::NameOfAll { name }));
    }
    let file: ConfigurationFile = text.parse()?;
    let features = features::resolve(&text, || 1, "features", &file.features, arch)?;
    let (stated, count) = match (file.contract_only, file.groups, file.count) {
        (true, None, None) => return Ok(Configuration { name, features, registers: Vec::new(), contract_only: true }),
        (true, groups, _) => {
            let key = if groups.is_some() { "groups" } else { "count" };
            return Err(text.error(text.line_of_key(key), Problem::ListOfContract { key }));
        }
        (false, Some(groups), Some(count)) => (groups, count),
        (false, groups, _) => {
            let key = if groups.is_none() { "groups" } else { "count" };
            return Err(text.error(1, Problem::NoList { key }));
        }
    };
    let listed = listed(&text, groups, &features, &stated)?;
    let registers: Vec<Register> = listed.iter().flat_map(|group| &group.registers).cloned().collect();
    if registers.len() != count {
        let breakdown: Vec<String> =
            listed.iter().map(|group| format!("{} {}", group.name, group.registers.len())).collect();
        let problem = Problem::Count { stated: count, actual: registers.len(), breakdown: breakdown.join(", ") };
        return Err(text.error(text.line_of_key("count"), problem));
    }
    Ok(Configuration { name, features, registers, contract_only: false })
}

/// The groups of a vCPU with `features`. They must match the stated ones.
fn listed<'a>(
    text: &Text,
    groups: &'a Groups,
    features: &[Feature],
    stated: &[String],
) -> Result<Vec<&'a ListedGroup>, SpecError> {
    if let Some(name) = second(stated) {
        let problem = Problem::Duplicate { key: "groups", name: name.to_owned() };
        return Err(text.error(text.line_of_key("groups"), problem));
    }
    if let Some(name) = stated.iter().find(|name| !groups.names.contains(name)) {
        let problem = Problem::Unknown { key: "groups", name: name.clone(), known: groups.names.join(", ") };
        return Err(text.error(text.line_of_word_in("groups", name), problem));
    }
    let listed: Vec<&ListedGroup> = groups.listed.iter().filter(|group| group.is_listed(features)).collect();
    if !listed.iter().map(|group| &group.name).eq(stated) {
        let problem = Problem::Groups {
            stated: stated.join(", "),
            given: listed.iter().map(|group| group.name.as_str()).collect::<Vec<_>>().join(", "),
            features: feature_names(features).join(", "),
        };
        return Err(text.error(text.line_of_key("groups"), problem));
    }
    Ok(listed)
}
