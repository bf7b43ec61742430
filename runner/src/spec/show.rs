// SPDX-License-Identifier: Apache-2.0 OR MIT
//! `spec show`: the list of a configuration.

use std::fmt::Write as _;

use clap::{Args, ValueEnum};
use reglist_suite::arch::Feature;
use reglist_suite::exit;
use reglist_suite::spec::{Configuration, Register, Rule, Spec};
use serde::Serialize;

use super::tree::Tree;
use super::{Place, SpecCommandError, text};
use crate::command::error::Error;
use crate::system::output::print;

/// Version of the document; a program that reads it should refuse a newer one.
const FORMAT: u32 = 1;

/// What is to be shown.
#[derive(Debug, Args)]
pub(super) struct ShowArgs {
    #[command(flatten)]
    place: Place,
    /// Revision of the list
    #[arg(long, value_name = "NAME")]
    series: Option<String>,
    /// The architecture, where several have the series
    #[arg(long, value_name = "NAME")]
    architecture: Option<String>,
    /// For people, for programs, or as an array for a kernel or a VMM
    #[arg(long, value_enum, default_value_t = Format::Text, value_name = "FORMAT")]
    format: Format,
    /// The configuration; `reglist spec list` names them
    #[arg(value_name = "CONFIGURATION")]
    configuration: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
    C,
}

#[derive(Serialize)]
struct Document<'s> {
    format: u32,
    architecture: &'static str,
    series: &'s str,
    configuration: &'s str,
    features: &'s [Feature],
    registers: Vec<Entry<'s>>,
}

/// An entry of the list.
#[derive(Serialize)]
struct Entry<'s> {
    /// Place in `reg[]`, from 0.
    entry: usize,
    id: String,
    name: &'s str,
    group: &'s str,
    rule: Rule,
}

/// Shows a list; the result is the exit code.
pub(super) fn run(arguments: &ShowArgs) -> Result<u8, Error> {
    print(&shown(arguments)?)?;
    Ok(exit::PASSED)
}

fn shown(arguments: &ShowArgs) -> Result<String, Error> {
    let tree = Tree::at(&arguments.place)?;
    let (arch, series) = tree.choose(arguments.architecture.as_deref(), arguments.series.as_deref())?;
    let spec = Spec::load(&tree.source, arch, &series).map_err(SpecCommandError::from)?;
    let configuration = configuration(&spec, &arguments.configuration)?;
    let document = Document {
        format: FORMAT,
        architecture: arch.name(),
        series: &spec.series,
        configuration: &configuration.name,
        features: &configuration.features,
        registers: entries(&spec, configuration),
    };
    Ok(match arguments.format {
        Format::Text => table(&document),
        Format::Json => text::json(&document)?,
        Format::C => array(&document),
    })
}

fn configuration<'s>(spec: &'s Spec, name: &str) -> Result<&'s Configuration, SpecCommandError> {
    let found = spec.configurations.iter().find(|configuration| configuration.name == name).ok_or_else(|| {
        let known = spec.configurations.iter().map(|configuration| configuration.name.as_str());
        let known = known.collect::<Vec<_>>().join(", ");
        SpecCommandError::Unknown { what: "configuration", name: name.to_owned(), known }
    })?;
    if found.contract_only {
        return Err(SpecCommandError::NoList { series: spec.series.clone(), configuration: found.name.clone() });
    }
    Ok(found)
}

fn entries<'s>(spec: &'s Spec, configuration: &'s Configuration) -> Vec<Entry<'s>> {
    let group = |register: &Register| {
        let group = spec.list.iter().find(|group| group.registers.iter().any(|other| other.id == register.id));
        group.map_or("", |group| group.name.as_str())
    };
    let entry = |(entry, register): (usize, &'s Register)| Entry {
        entry,
        id: format!("{:#018x}", register.id),
        name: &register.name,
        group: group(register),
        rule: register.rule,
    };
    configuration.registers.iter().enumerate().map(entry).collect()
}

fn head(document: &Document<'_>) -> String {
    format!(
        "{}, series {}, configuration {}: {}; features: {}",
        document.architecture,
        document.series,
        document.configuration,
        text::registers(document.registers.len()),
        text::features(document.features)
    )
}

fn table(document: &Document<'_>) -> String {
    let width = |of: fn(&Entry<'_>) -> usize, title: &str| {
        document.registers.iter().map(of).max().unwrap_or_default().max(title.len())
    };
    let (name, group) = (width(|entry| entry.name.len(), "name"), width(|entry| entry.group.len(), "group"));
    let mut shown = String::new();
    crate::report::paragraph::hanging(&mut shown, &head(document));
    let _ = writeln!(shown, "\nentry  {:<18}  {:<name$}  {:<group$}  rule", "id", "name", "group");
    for entry in &document.registers {
        let _ = writeln!(
            shown,
            "{:>5}  {}  {:<name$}  {:<group$}  {}",
            entry.entry, entry.id, entry.name, entry.group, entry.rule
        );
    }
    shown
}

/// An array that compiles in a kernel as well as outside of it.
fn array(document: &Document<'_>) -> String {
    let word = |name: &str| name.replace(|c: char| !c.is_ascii_alphanumeric(), "_");
    let mut shown = String::from("/*\n");
    let mut lines = String::new();
    crate::report::paragraph::hanging(&mut lines, &head(document));
    for line in lines.lines() {
        let _ = writeln!(shown, " * {}", line.trim_start());
    }
    let name = [document.architecture, document.series, document.configuration].map(word).join("_");
    let _ = writeln!(shown, " */\nstatic const __u64 {name}[] = {{");
    let mut group = None;
    for entry in &document.registers {
        if group != Some(entry.group) {
            let gap = if group.is_some() { "\n" } else { "" };
            let _ = writeln!(shown, "{gap}\t/* {} */", entry.group);
            group = Some(entry.group);
        }
        let _ = writeln!(shown, "\t{}ULL,\t/* {} */", entry.id, entry.name);
    }
    shown.push_str("};\n");
    shown
}
