// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Series: the expected list of every configuration, in one revision.

use serde::{Deserialize, Serialize};

use super::consumer;
use super::error::{Problem, SpecError};
use super::features::{self, second};
use super::groups::{Groups, ListedGroup};
use super::register::Register;
use super::registers::RegisterTable;
use super::source::Source;
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

/// Reads a series: the groups of its list, and its configurations by name.
///
/// # Errors
/// No such series, an unreadable or malformed file, an unknown name, a cyclic
/// or missing group, a register that stands twice, a wrong count.
pub(super) fn load(
    source: &Source,
    arch: &dyn Arch,
    table: &RegisterTable,
    series: &str,
) -> Result<(Vec<ListedGroup>, Vec<Configuration>), SpecError> {
    let folder = format!("{}/{series}", arch.name());
    let names: Vec<String> = source
        .list(&folder)
        .iter()
        .filter_map(|file| file.strip_suffix(".yaml"))
        .filter(|name| *name != "groups")
        .map(str::to_owned)
        .collect();
    let is_series = |name: &String| !name.ends_with(".yaml") && name != consumer::FOLDER;
    let known: Vec<String> = source.list(arch.name()).into_iter().filter(is_series).collect();
    if names.is_empty() || !known.iter().any(|known| known == series) {
        let known = known.join(", ");
        return Err(SpecError {
            file: source.display(&folder),
            line: 1,
            problem: Problem::NoSeries { series: series.to_owned(), known },
        });
    }
    let groups = Groups::load(source, arch, table, &folder)?;
    let configurations = names
        .into_iter()
        .map(|name| configuration(source, arch, &groups, &folder, name))
        .collect::<Result<Vec<_>, _>>()?;
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
    let file: ConfigurationFile = text.parse()?;
    if let Some(name) = second(&file.groups) {
        let problem = Problem::Duplicate { key: "groups", name: name.to_owned() };
        return Err(text.error(text.line_of_key("groups"), problem));
    }
    let features = features::resolve(&text, 1, "features", &file.features, arch)?;
    if let Some(name) = file.groups.iter().find(|name| !groups.known(name)) {
        let problem = Problem::Unknown { key: "groups", name: name.clone(), known: groups.names.join(", ") };
        return Err(text.error(text.line_of_word_in("groups", name), problem));
    }
    let listed: Vec<&ListedGroup> = groups.listed.iter().filter(|group| group.is_listed(&features)).collect();
    if !listed.iter().map(|group| &group.name).eq(&file.groups) {
        let given = listed.iter().map(|group| group.name.as_str()).collect::<Vec<_>>().join(", ");
        let problem = Problem::Groups { stated: file.groups.join(", "), given, features: file.features.join(", ") };
        return Err(text.error(text.line_of_key("groups"), problem));
    }
    let count = listed.iter().map(|group| group.registers.len()).sum();
    if count != file.count {
        let breakdown: Vec<String> =
            listed.iter().map(|group| format!("{} {}", group.name, group.registers.len())).collect();
        let problem = Problem::Count { stated: file.count, actual: count, breakdown: breakdown.join(", ") };
        return Err(text.error(text.line_of_key("count"), problem));
    }
    let registers = listed.iter().flat_map(|group| &group.registers).cloned().collect();
    Ok(Configuration { name, features, registers })
}
