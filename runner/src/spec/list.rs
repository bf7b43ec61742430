// SPDX-License-Identifier: Apache-2.0 OR MIT
//! `spec list`: architectures, series and configurations.

use std::fmt::Write as _;
use std::path::Path;

use reglist_suite::arch::{Arch, Feature};
use reglist_suite::spec::{Configuration, Spec};
use serde::Serialize;

use super::error::Error;
use super::text;
use super::tree::Tree;

/// Version of the document; readers must refuse a newer one.
const FORMAT: u32 = 1;

#[derive(Debug, Serialize)]
pub(crate) struct Listing {
    format: u32,
    architectures: Vec<Architecture>,
}

#[derive(Debug, Serialize)]
struct Architecture {
    name: &'static str,
    default_series: &'static str,
    /// Number of named registers.
    registers: usize,
    series: Vec<Series>,
}

#[derive(Debug, Serialize)]
struct Series {
    name: String,
    configurations: Vec<Entry>,
}

#[derive(Debug, Serialize)]
struct Entry {
    name: String,
    features: Vec<Feature>,
    /// Number of registers; null if the list is not specified.
    registers: Option<usize>,
}

impl Listing {
    pub(crate) fn of(
        directory: Option<&Path>,
        architecture: Option<&str>,
        series: Option<&str>,
    ) -> Result<Self, Error> {
        let tree = Tree::of(directory)?;
        let architectures: Vec<&dyn Arch> = match (architecture, series) {
            (architecture, Some(series)) => vec![tree.choose(architecture, Some(series))?.0],
            (Some(name), None) => vec![tree.architecture(name)?],
            (None, None) => tree.architectures.clone(),
        };
        let architectures = architectures.into_iter().map(|arch| self::architecture(&tree, arch, series));
        Ok(Self { format: FORMAT, architectures: architectures.collect::<Result<_, _>>()? })
    }

    pub(crate) fn text(&self) -> String {
        let entries =
            || self.architectures.iter().flat_map(|arch| &arch.series).flat_map(|series| &series.configurations);
        let width = entries().map(|entry| entry.name.len()).max().unwrap_or_default().max("configuration".len());
        let mut shown = String::new();
        for arch in &self.architectures {
            for series in &arch.series {
                let gap = if shown.is_empty() { "" } else { "\n" };
                let default = if series.name == arch.default_series { ", the default" } else { "" };
                let _ = writeln!(shown, "{gap}{}, series {}{default}", arch.name, series.name);
                let _ = writeln!(shown, "  {:<width$}  registers  features", "configuration");
                for entry in &series.configurations {
                    let number = entry.registers.map_or_else(|| "-".to_owned(), |number| number.to_string());
                    let features = text::features(&entry.features);
                    let _ = writeln!(shown, "  {:<width$}  {number:>9}  {features}", entry.name);
                }
            }
        }
        if entries().any(|entry| entry.registers.is_none()) {
            shown.push_str("\n- the list is not specified\n");
        }
        shown
    }
}

fn architecture(tree: &Tree, arch: &dyn Arch, only: Option<&str>) -> Result<Architecture, Error> {
    let mut registers = 0;
    let mut series = Vec::new();
    for name in tree.series(arch).into_iter().filter(|name| only.is_none_or(|only| only == name)) {
        let spec = Spec::load(&tree.source, arch, &name)?;
        registers = spec.registers.all().len();
        let entry = |each: Configuration| Entry {
            registers: (!each.contract_only).then_some(each.registers.len()),
            name: each.name,
            features: each.features,
        };
        series.push(Series { name, configurations: spec.configurations.into_iter().map(entry).collect() });
    }
    Ok(Architecture { name: arch.name(), default_series: arch.default_series(), registers, series })
}
