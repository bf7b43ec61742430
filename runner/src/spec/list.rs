// SPDX-License-Identifier: Apache-2.0 OR MIT
//! `spec list`: architectures, series and configurations.

use std::fmt::Write as _;

use clap::{Args, ValueEnum};
use reglist_suite::arch::{Arch, Feature};
use reglist_suite::exit;
use reglist_suite::spec::{Configuration, Spec};
use serde::Serialize;

use super::tree::Tree;
use super::{Place, SpecCommandError, text};
use crate::command::error::Error;
use crate::system::output::print;

/// Version of the document; a program that reads it should refuse a newer one.
const FORMAT: u32 = 1;

/// What is to be listed.
#[derive(Debug, Args)]
pub(super) struct ListArgs {
    #[command(flatten)]
    place: Place,
    /// Only this architecture
    #[arg(long, value_name = "NAME")]
    architecture: Option<String>,
    /// For people or for programs
    #[arg(long, value_enum, default_value_t = Format::Text, value_name = "FORMAT")]
    format: Format,
    /// Only this series
    #[arg(value_name = "SERIES")]
    series: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
}

#[derive(Serialize)]
struct Document {
    format: u32,
    architectures: Vec<Architecture>,
}

#[derive(Serialize)]
struct Architecture {
    name: &'static str,
    default_series: &'static str,
    /// Number of registers that have a name.
    registers: usize,
    series: Vec<Series>,
}

#[derive(Serialize)]
struct Series {
    name: String,
    configurations: Vec<Entry>,
}

#[derive(Serialize)]
struct Entry {
    name: String,
    features: Vec<Feature>,
    /// Number of registers; null where nothing is said of the list.
    registers: Option<usize>,
}

/// Lists; the result is the exit code.
pub(super) fn run(arguments: &ListArgs) -> Result<u8, Error> {
    let document = document(arguments)?;
    let shown = match arguments.format {
        Format::Text => shown(&document),
        Format::Json => text::json(&document)?,
    };
    print(&shown)?;
    Ok(exit::PASSED)
}

fn document(arguments: &ListArgs) -> Result<Document, SpecCommandError> {
    let tree = Tree::at(&arguments.place)?;
    let architectures: Vec<&dyn Arch> = match (&arguments.architecture, &arguments.series) {
        (architecture, Some(series)) => vec![tree.choose(architecture.as_deref(), Some(series))?.0],
        (Some(name), None) => vec![tree.architecture(name)?],
        (None, None) => tree.architectures.clone(),
    };
    let architectures = architectures.into_iter().map(|arch| architecture(&tree, arch, arguments.series.as_deref()));
    Ok(Document { format: FORMAT, architectures: architectures.collect::<Result<_, _>>()? })
}

fn architecture(tree: &Tree, arch: &dyn Arch, only: Option<&str>) -> Result<Architecture, SpecCommandError> {
    let mut registers = 0;
    let mut series = Vec::new();
    for name in tree.series(arch).into_iter().filter(|name| only.is_none_or(|only| only == name)) {
        let spec = Spec::load(&tree.source, arch, &name)?;
        registers = spec.registers.all().len();
        series.push(Series { name, configurations: spec.configurations.into_iter().map(Entry::from).collect() });
    }
    Ok(Architecture { name: arch.name(), default_series: arch.default_series(), registers, series })
}

impl From<Configuration> for Entry {
    fn from(configuration: Configuration) -> Self {
        let registers = (!configuration.contract_only).then_some(configuration.registers.len());
        Self { name: configuration.name, features: configuration.features, registers }
    }
}

fn shown(document: &Document) -> String {
    let entries =
        || document.architectures.iter().flat_map(|arch| &arch.series).flat_map(|series| &series.configurations);
    let width = entries().map(|entry| entry.name.len()).max().unwrap_or_default().max("configuration".len());
    let mut shown = String::new();
    for arch in &document.architectures {
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
        shown.push_str("\n- nothing is said of this list but what holds for any list\n");
    }
    shown
}
