// SPDX-License-Identifier: Apache-2.0 OR MIT
//! `spec show`: prints the list of a configuration.

use std::fmt::Write as _;
use std::path::Path;

use reglist_suite::arch::{Arch, Feature};
use reglist_suite::spec::{Configuration, ListedGroup, Register, Rule, Spec};
use serde::Serialize;

use super::error::Error;
use super::text;
use super::tree::Tree;
use crate::report::paragraph::hanging;
use crate::report::words::count;

/// Version of the document; readers must refuse a newer one.
const FORMAT: u32 = 1;

/// The list of a configuration, or the union of all lists of a series. What is not in
/// the JSON is for other formats.
#[derive(Debug, Serialize)]
pub(crate) struct List {
    format: u32,
    #[serde(skip)]
    pub(super) arch: &'static dyn Arch,
    pub(super) architecture: &'static str,
    pub(super) series: String,
    /// [`Configuration::ALL`] for the union.
    pub(super) configuration: String,
    /// Those of the union; without names if the list is that of one configuration.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) configurations: Vec<String>,
    pub(super) features: Vec<Feature>,
    pub(super) registers: Vec<Entry>,
    /// The configuration, or those of the union.
    #[serde(skip)]
    pub(super) chosen: Vec<Configuration>,
    /// The groups of the series.
    #[serde(skip)]
    pub(super) groups: Vec<ListedGroup>,
}

#[derive(Debug, Serialize)]
pub(super) struct Entry {
    /// Index in `reg[]`; in the union, the place in the order that all lists share.
    pub(super) entry: usize,
    pub(super) id: String,
    pub(super) name: String,
    pub(super) group: String,
    rule: Rule,
    /// Those of the union that list the register.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) configurations: Vec<String>,
    #[serde(skip)]
    pub(super) register: Register,
}

impl List {
    /// The list of `configuration`; the union for [`Configuration::ALL`].
    pub(crate) fn of(
        directory: Option<&Path>,
        architecture: Option<&str>,
        series: Option<&str>,
        configuration: &str,
    ) -> Result<Self, Error> {
        Ok(Self::load(directory, architecture, series, configuration)?.0)
    }

    /// The list, and the specification that it is part of.
    pub(super) fn load(
        directory: Option<&Path>,
        architecture: Option<&str>,
        series: Option<&str>,
        configuration: &str,
    ) -> Result<(Self, Spec), Error> {
        let tree = Tree::of(directory)?;
        let (arch, series) = tree.choose(architecture, series)?;
        let spec = Spec::load(&tree.source, arch, &series)?;
        let chosen = chosen(&spec, configuration)?;
        let is_union = configuration == Configuration::ALL;
        let mut features: Vec<Feature> = Vec::new();
        for feature in chosen.iter().flat_map(|each| &each.features) {
            if !features.contains(feature) {
                features.push(*feature);
            }
        }
        let list = Self {
            format: FORMAT,
            arch,
            architecture: arch.name(),
            configuration: configuration.to_owned(),
            configurations: if is_union { names(&chosen) } else { Vec::new() },
            features,
            registers: entries(&spec, &chosen, is_union),
            chosen: chosen.into_iter().cloned().collect(),
            groups: spec.list.clone(),
            series,
        };
        Ok((list, spec))
    }

    /// The list in a line: where it is from, and its length.
    pub(super) fn head(&self) -> String {
        let which = match self.configurations.len() {
            0 => format!("configuration {}", self.configuration),
            number => format!("union of {}", count(number, "configuration")),
        };
        format!(
            "{}, series {}, {which}: {}; features: {}",
            self.architecture,
            self.series,
            count(self.registers.len(), "register"),
            text::features(&self.features)
        )
    }

    /// The configurations that list a register of the union, in the fewest words;
    /// none for the list of one configuration.
    pub(super) fn listed_in(&self, entry: &Entry) -> Option<String> {
        let lacking = self.configurations.iter().filter(|name| !entry.configurations.contains(name));
        let without: Vec<&str> = lacking.map(String::as_str).collect();
        match (self.configurations.is_empty(), without.is_empty()) {
            (true, _) => None,
            (false, true) => Some(Configuration::ALL.to_owned()),
            (false, false) if without.len() < entry.configurations.len() => {
                Some(format!("{} but {}", Configuration::ALL, without.join(", ")))
            }
            (false, false) => Some(entry.configurations.join(", ")),
        }
    }

    pub(crate) fn text(&self) -> String {
        let width = |of: fn(&Entry) -> usize, title: &str| {
            self.registers.iter().map(of).max().unwrap_or_default().max(title.len())
        };
        let (name, group) = (width(|entry| entry.name.len(), "name"), width(|entry| entry.group.len(), "group"));
        let mut shown = String::new();
        hanging(&mut shown, &self.head());
        shown.push('\n');
        let title = if self.configurations.is_empty() { "" } else { "listed in" };
        let mut line = |entry: &str, id: &str, [name_, group_, rule, listed]: [&str; 4]| {
            let line = format!("{entry:>5}  {id:<18}  {name_:<name$}  {group_:<group$}  {rule:<7}  {listed}");
            let _ = writeln!(shown, "{}", line.trim_end());
        };
        line("entry", "id", ["name", "group", "rule", title]);
        for entry in &self.registers {
            let listed = self.listed_in(entry).unwrap_or_default();
            let (position, rule) = (entry.entry.to_string(), entry.rule.to_string());
            line(&position, &entry.id, [&entry.name, &entry.group, &rule, &listed]);
        }
        shown
    }
}

/// The configurations whose registers are to be shown; at least one.
fn chosen<'s>(spec: &'s Spec, name: &str) -> Result<Vec<&'s Configuration>, Error> {
    let is_meant = |each: &&Configuration| name == Configuration::ALL || each.name == name;
    let meant: Vec<&Configuration> = spec.configurations.iter().filter(is_meant).collect();
    if meant.is_empty() {
        let known = spec.configurations.iter().map(|configuration| configuration.name.as_str());
        let known = known.chain([Configuration::ALL]).collect::<Vec<_>>().join(", ");
        return Err(Error::Unknown { what: "configuration", name: name.to_owned(), known });
    }
    let specified: Vec<&Configuration> =
        meant.into_iter().filter(|configuration| !configuration.contract_only).collect();
    if specified.is_empty() {
        return Err(Error::NoList { series: spec.series.clone(), configuration: name.to_owned() });
    }
    Ok(specified)
}

fn names(configurations: &[&Configuration]) -> Vec<String> {
    configurations.iter().map(|configuration| configuration.name.clone()).collect()
}

/// The registers that any of the configurations lists, each once, in the order of the
/// series' groups. Every configuration keeps that order; the loader checks it.
fn entries(spec: &Spec, configurations: &[&Configuration], is_union: bool) -> Vec<Entry> {
    let mut entries = Vec::new();
    for (group, register) in spec.list.iter().flat_map(|group| group.registers.iter().map(move |each| (group, each))) {
        let lists = |each: &&&Configuration| each.registers.iter().any(|other| other.id == register.id);
        let listing: Vec<&Configuration> = configurations.iter().filter(lists).copied().collect();
        if listing.is_empty() {
            continue;
        }
        entries.push(Entry {
            entry: entries.len(),
            id: format!("{:#018x}", register.id),
            name: register.name.clone(),
            group: group.name.clone(),
            rule: register.rule,
            configurations: if is_union { names(&listing) } else { Vec::new() },
            register: register.clone(),
        });
    }
    entries
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(configuration: &str) -> List {
        List::of(None, None, Some("v5"), configuration).unwrap()
    }

    fn ids(list: &List) -> Vec<u64> {
        list.registers.iter().map(|entry| entry.register.id).collect()
    }

    #[test]
    fn the_union_has_every_register_once_in_the_order_of_each_list() {
        let union = list("all");
        let mut unique = ids(&union);
        unique.sort_unstable();
        unique.dedup();
        assert_eq!((union.registers.len(), unique.len(), union.configurations.len()), (90, 90, 7));
        for name in &union.configurations {
            let entries = union.registers.iter().filter(|entry| entry.configurations.contains(name));
            let part: Vec<u64> = entries.map(|entry| entry.register.id).collect();
            assert_eq!(part, ids(&list(name)), "{name}");
        }
    }

    #[test]
    fn a_list_has_the_order_of_its_configuration() {
        let spec = Spec::load(&reglist_suite::spec::Source::Embedded, &reglist_suite::arch::LoongArch64, "v5").unwrap();
        for configuration in &spec.configurations {
            let expected: Vec<u64> = configuration.registers.iter().map(|register| register.id).collect();
            assert_eq!(ids(&list(&configuration.name)), expected, "{}", configuration.name);
        }
    }

    #[test]
    fn the_configurations_of_a_register_are_named_in_the_fewest_words() {
        let union = list("all");
        let listed =
            |name: &str| union.listed_in(union.registers.iter().find(|entry| entry.name == name).unwrap()).unwrap();
        assert_eq!(listed("CRMD"), "all");
        assert_eq!(listed("PERFCTRL0"), "pmu, pmu_lbt");
        assert_eq!(listed("LBT_FTOP"), "all but base, pmu");
        let base = list("base");
        assert!(base.registers.iter().all(|entry| base.listed_in(entry).is_none()));
    }

    #[test]
    fn only_the_union_names_configurations_in_json() {
        let union = serde_json::to_value(list("all")).unwrap();
        assert_eq!(union["configurations"].as_array().unwrap().len(), 7);
        assert_eq!(union["registers"][60]["configurations"], serde_json::json!(["pmu", "pmu_lbt"]));
        assert_eq!(union["features"].as_array().unwrap().len(), 4);
        let base = serde_json::to_value(list("base")).unwrap();
        assert!(base.get("configurations").is_none() && base["registers"][0].get("configurations").is_none());
    }
}
