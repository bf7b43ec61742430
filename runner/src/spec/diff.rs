// SPDX-License-Identifier: Apache-2.0 OR MIT
//! `spec diff`: two series beside each other.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use clap::{Args, ValueEnum};
use console::Style;
use reglist_suite::arch::Arch;
use reglist_suite::exit;
use reglist_suite::spec::{Source, Spec};
use serde::Serialize;

use super::compare::{Comparison, Count};
use super::tree::Tree;
use super::{Place, SpecCommandError, text};
use crate::command::error::Error;
use crate::report::diff::registers::Moved;
use crate::report::diff::words::count;
use crate::report::paragraph::{fill, hanging};
use crate::system::output::print;

/// Version of the document; a program that reads it should refuse a newer one.
const FORMAT: u32 = 1;

const AFTER_HELP: &str = "\
A series is a name, such as v5, or the path of its folder with a slash in it,
such as specs/loongarch64/v6, whose specifications are then those beside it.

Exit codes: 0 no difference; 1 differences; 64 a series that cannot be used.";

/// What is to be compared, and how it is shown.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct DiffArgs {
    #[command(flatten)]
    place: Place,
    /// The architecture, where several have a series of that name
    #[arg(long, value_name = "NAME")]
    architecture: Option<String>,
    /// For people or for programs
    #[arg(long, value_enum, default_value_t = Format::Text, value_name = "FORMAT")]
    format: Format,
    /// The series to compare with
    #[arg(value_name = "OLD")]
    old: String,
    /// The series that is new
    #[arg(value_name = "NEW")]
    new: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
}

/// A series with the place that it is from.
struct Side {
    /// As it was named.
    name: String,
    arch: &'static dyn Arch,
    spec: Spec,
}

#[derive(Serialize)]
struct Document<'c> {
    format: u32,
    architecture: &'static str,
    old: &'c str,
    new: &'c str,
    equal: bool,
    #[serde(flatten)]
    comparison: &'c Comparison,
}

/// Compares; the result is the exit code.
pub(super) fn run(arguments: &DiffArgs) -> Result<u8, Error> {
    let old = side(arguments, &arguments.old)?;
    let new = side(arguments, &arguments.new)?;
    if old.arch.name() != new.arch.name() {
        return Err(SpecCommandError::Architectures { old: old.arch.name(), new: new.arch.name() }.into());
    }
    let comparison = Comparison::of(&old.spec, &new.spec);
    let shown = match arguments.format {
        Format::Text => shown(&old, &new, &comparison),
        Format::Json => {
            let document = Document {
                format: FORMAT,
                architecture: old.arch.name(),
                old: &old.name,
                new: &new.name,
                equal: comparison.is_equal(),
                comparison: &comparison,
            };
            text::json(&document)?
        }
    };
    print(&shown)?;
    Ok(if comparison.is_equal() { exit::PASSED } else { exit::FAILED })
}

fn side(arguments: &DiffArgs, name: &str) -> Result<Side, SpecCommandError> {
    let (source, arch, series) = if name.contains('/') {
        folder(Path::new(name))?
    } else {
        let tree = Tree::at(&arguments.place)?;
        let (arch, series) = tree.choose(arguments.architecture.as_deref(), Some(name))?;
        (tree.source, arch, series)
    };
    Ok(Side { name: name.to_owned(), arch, spec: Spec::load(&source, arch, &series)? })
}

/// The specifications around the folder of a series.
fn folder(path: &Path) -> Result<(Source, &'static dyn Arch, String), SpecCommandError> {
    let parts = || {
        let whole = fs::canonicalize(path).ok().filter(|whole| whole.is_dir())?;
        let series = whole.file_name()?.to_str()?.to_owned();
        let arch = whole.parent()?;
        let name = arch.file_name()?.to_str()?.to_owned();
        let whole = arch.parent()?;
        // As it was given, for messages, unless links or dots lead elsewhere.
        let given = path
            .parent()
            .and_then(Path::parent)
            .filter(|given| !given.as_os_str().is_empty() && fs::canonicalize(given).is_ok_and(|given| given == whole));
        Some((given.unwrap_or(whole).to_owned(), name, series))
    };
    let (root, arch, series) = parts().ok_or_else(|| SpecCommandError::NoFolder { path: path.to_owned() })?;
    let no_folder = |_| SpecCommandError::NoFolder { path: path.to_owned() };
    let tree = Tree::of(Some(&root)).map_err(no_folder)?;
    let arch = tree.architecture(&arch).map_err(no_folder)?;
    Ok((tree.source, arch, series))
}

fn shown(old: &Side, new: &Side, comparison: &Comparison) -> String {
    let mut shown = String::new();
    for (word, side) in [("OLD", old), ("NEW", new)] {
        let configurations = count(side.spec.configurations.len(), "configuration");
        let what = format!("{}, {}, {configurations}", side.name, side.arch.name());
        hanging(&mut shown, &format!("{} {what}", Style::new().bold().apply_to(format!("{word}:"))));
    }
    configurations(&mut shown, comparison);
    registers(&mut shown, "registers appeared", &comparison.appeared, comparison);
    registers(&mut shown, "registers gone", &comparison.gone, comparison);
    order(&mut shown, comparison);
    groups(&mut shown, comparison);
    facts(&mut shown, comparison);
    counts(&mut shown, comparison);
    let words = comparison.words();
    let (word, style) = if comparison.is_equal() {
        ("no difference".to_owned(), Style::new().green())
    } else {
        ("different".to_owned(), Style::new().yellow())
    };
    let what = if words.is_empty() { String::new() } else { format!(": {}", words.join(", ")) };
    shown.push('\n');
    hanging(&mut shown, &format!("reglist: {}{what}", style.bold().apply_to(word)));
    shown
}

fn title(shown: &mut String, title: &str) {
    let _ = writeln!(shown, "\n{}", Style::new().cyan().apply_to(title));
}

fn indented(shown: &mut String, words: &str) {
    fill(shown, "  ", 4, words.split_whitespace().map(str::to_owned));
}

fn configurations(shown: &mut String, comparison: &Comparison) {
    if comparison.configurations.is_empty() {
        return;
    }
    title(shown, "configurations");
    for change in &comparison.configurations {
        indented(shown, &change.to_string());
    }
}

fn registers(shown: &mut String, what: &str, moved: &[Moved], comparison: &Comparison) {
    if moved.is_empty() {
        return;
    }
    title(shown, what);
    for Moved { registers, configurations } in moved {
        let names: Vec<String> =
            registers.iter().map(|register| format!("{} ({:#018x})", register.name, register.id)).collect();
        indented(shown, &format!("{}: {}", places(configurations, comparison), names.join(", ")));
    }
}

/// In which of the configurations that both have.
fn places(configurations: &[String], comparison: &Comparison) -> String {
    let common = comparison.common().count();
    match configurations.len() {
        number if number == common && common > 1 => format!("in all {common} configurations"),
        _ => format!("in {}", configurations.join(", ")),
    }
}

fn order(shown: &mut String, comparison: &Comparison) {
    if comparison.moved.is_empty() {
        return;
    }
    title(shown, "registers in another place of the list");
    for moved in &comparison.moved {
        let place = match &moved.after {
            Some(after) => format!("now after {after}"),
            None => "now the first".to_owned(),
        };
        indented(shown, &format!("{}: {}, {place}", places(&moved.configurations, comparison), moved.register.name));
    }
}

fn groups(shown: &mut String, comparison: &Comparison) {
    if comparison.groups.is_empty() {
        return;
    }
    title(shown, "groups");
    for change in &comparison.groups {
        indented(shown, &change.to_string());
    }
}

fn facts(shown: &mut String, comparison: &Comparison) {
    if comparison.facts.is_empty() {
        return;
    }
    title(shown, "registers with other facts in registers.yaml");
    for fact in &comparison.facts {
        indented(shown, &format!("{}: {}", fact.register.name, fact.keys.join(", ")));
    }
}

fn counts(shown: &mut String, comparison: &Comparison) {
    if comparison.is_equal() {
        return;
    }
    let width = comparison.counts.iter().map(|count| count.configuration.len()).max().unwrap_or_default();
    let width = width.max("configuration".len());
    let number = |number: Option<usize>| number.map_or_else(|| "-".to_owned(), |number| number.to_string());
    let _ = writeln!(shown, "\n{:<width$}  old  new", "configuration");
    for Count { configuration, old, new } in &comparison.counts {
        let _ = writeln!(shown, "{configuration:<width$}  {:>3}  {:>3}", number(*old), number(*new));
    }
}
