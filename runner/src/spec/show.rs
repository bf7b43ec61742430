// SPDX-License-Identifier: Apache-2.0 OR MIT
//! `spec show`: prints the list of a configuration.

use std::fmt::Write as _;
use std::path::Path;

use reglist_suite::arch::{Arch, Feature};
use reglist_suite::spec::{Configuration, Register, Rule, Spec};
use serde::Serialize;

use super::error::Error;
use super::text;
use super::tree::Tree;
use crate::report::paragraph::hanging;
use crate::report::words::count;

/// Version of the document; readers must refuse a newer one.
const FORMAT: u32 = 1;

/// The list of a configuration. What is not in the JSON is for other formats.
#[derive(Debug, Serialize)]
pub(crate) struct List {
    format: u32,
    #[serde(skip)]
    pub(super) arch: &'static dyn Arch,
    pub(super) architecture: &'static str,
    pub(super) series: String,
    pub(super) configuration: String,
    features: Vec<Feature>,
    pub(super) registers: Vec<Entry>,
}

#[derive(Debug, Serialize)]
pub(super) struct Entry {
    /// Index in `reg[]`.
    entry: usize,
    id: String,
    pub(super) name: String,
    pub(super) group: String,
    rule: Rule,
    #[serde(skip)]
    pub(super) register: Register,
}

impl List {
    pub(crate) fn of(
        directory: Option<&Path>,
        architecture: Option<&str>,
        series: Option<&str>,
        configuration: &str,
    ) -> Result<Self, Error> {
        let tree = Tree::of(directory)?;
        let (arch, series) = tree.choose(architecture, series)?;
        let spec = Spec::load(&tree.source, arch, &series)?;
        let configuration = self::configuration(&spec, configuration)?;
        Ok(Self {
            format: FORMAT,
            arch,
            architecture: arch.name(),
            series,
            configuration: configuration.name.clone(),
            features: configuration.features.clone(),
            registers: entries(&spec, configuration),
        })
    }

    /// The list in a line: where it is from, and its length.
    pub(super) fn head(&self) -> String {
        format!(
            "{}, series {}, configuration {}: {}; features: {}",
            self.architecture,
            self.series,
            self.configuration,
            count(self.registers.len(), "register"),
            text::features(&self.features)
        )
    }

    pub(crate) fn text(&self) -> String {
        let width = |of: fn(&Entry) -> usize, title: &str| {
            self.registers.iter().map(of).max().unwrap_or_default().max(title.len())
        };
        let (name, group) = (width(|entry| entry.name.len(), "name"), width(|entry| entry.group.len(), "group"));
        let mut shown = String::new();
        hanging(&mut shown, &self.head());
        let _ = writeln!(shown, "\nentry  {:<18}  {:<name$}  {:<group$}  rule", "id", "name", "group");
        for entry in &self.registers {
            let _ = writeln!(
                shown,
                "{:>5}  {}  {:<name$}  {:<group$}  {}",
                entry.entry, entry.id, entry.name, entry.group, entry.rule
            );
        }
        shown
    }
}

fn configuration<'s>(spec: &'s Spec, name: &str) -> Result<&'s Configuration, Error> {
    let found = spec.configurations.iter().find(|configuration| configuration.name == name).ok_or_else(|| {
        let known = spec.configurations.iter().map(|configuration| configuration.name.as_str());
        let known = known.collect::<Vec<_>>().join(", ");
        Error::Unknown { what: "configuration", name: name.to_owned(), known }
    })?;
    if found.contract_only {
        return Err(Error::NoList { series: spec.series.clone(), configuration: found.name.clone() });
    }
    Ok(found)
}

fn entries(spec: &Spec, configuration: &Configuration) -> Vec<Entry> {
    let group = |register: &Register| {
        let group = spec.list.iter().find(|group| group.registers.iter().any(|other| other.id == register.id));
        group.map(|group| group.name.clone()).unwrap_or_default()
    };
    let entry = |(entry, register): (usize, &Register)| Entry {
        entry,
        id: format!("{:#018x}", register.id),
        name: register.name.clone(),
        group: group(register),
        rule: register.rule,
        register: register.clone(),
    };
    configuration.registers.iter().enumerate().map(entry).collect()
}
