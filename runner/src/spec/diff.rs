// SPDX-License-Identifier: Apache-2.0 OR MIT
//! `spec diff`: compares two series.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use console::Style;
use reglist_suite::arch::Arch;
use reglist_suite::spec::{Source, Spec};
use serde::Serialize;

use super::compare::{Comparison, Count, Reordered};
use super::error::Error;
use super::tree::Tree;
use crate::report::diff::registers::Moved;
use crate::report::paragraph::{hanging, titled};
use crate::report::words::count;

/// Version of the document; readers must refuse a newer one.
const FORMAT: u32 = 1;

#[derive(Debug, Serialize)]
pub(crate) struct Difference {
    format: u32,
    architecture: &'static str,
    old: String,
    new: String,
    pub(crate) equal: bool,
    #[serde(flatten)]
    comparison: Comparison,
    /// Number of configurations, old and new.
    #[serde(skip)]
    configurations: [usize; 2],
}

impl Difference {
    /// Compares two series by name or by folder.
    pub(crate) fn of(
        directory: Option<&Path>,
        architecture: Option<&str>,
        old: &str,
        new: &str,
    ) -> Result<Self, Error> {
        let (one, other) = (side(directory, architecture, old)?, side(directory, architecture, new)?);
        if one.0.name() != other.0.name() {
            return Err(Error::Architectures { old: one.0.name(), new: other.0.name() });
        }
        let comparison = Comparison::of(&one.1, &other.1);
        Ok(Self {
            format: FORMAT,
            architecture: one.0.name(),
            old: old.to_owned(),
            new: new.to_owned(),
            equal: comparison.is_equal(),
            comparison,
            configurations: [one.1, other.1].map(|spec| spec.configurations.len()),
        })
    }

    pub(crate) fn text(&self) -> String {
        let comparison = &self.comparison;
        let mut shown = String::new();
        for ((word, name), number) in [("OLD", &self.old), ("NEW", &self.new)].into_iter().zip(self.configurations) {
            let what = format!("{name}, {}, {}", self.architecture, count(number, "configuration"));
            hanging(&mut shown, &format!("{} {what}", Style::new().bold().apply_to(format!("{word}:"))));
        }
        let facts = comparison.facts.iter().map(|fact| format!("{}: {}", fact.register.name, fact.keys.join(", ")));
        for (title, items) in [
            ("configurations", comparison.configurations.iter().map(ToString::to_string).collect()),
            ("registers appeared", registers(&comparison.appeared, comparison)),
            ("registers gone", registers(&comparison.gone, comparison)),
            ("registers moved in the list", comparison.moved.iter().map(|moved| order(moved, comparison)).collect()),
            ("groups", comparison.groups.iter().map(ToString::to_string).collect()),
            ("registers with changed facts in registers.yaml", facts.collect::<Vec<_>>()),
        ] {
            titled(&mut shown, title, &items);
        }
        counts(&mut shown, comparison);
        let words = comparison.words();
        let (word, style) =
            if self.equal { ("no difference", Style::new().green()) } else { ("different", Style::new().yellow()) };
        let what = if words.is_empty() { String::new() } else { format!(": {}", words.join(", ")) };
        shown.push('\n');
        hanging(&mut shown, &format!("reglist: {}{what}", style.bold().apply_to(word)));
        shown
    }
}

/// A series by name or by folder.
fn side(directory: Option<&Path>, architecture: Option<&str>, name: &str) -> Result<(&'static dyn Arch, Spec), Error> {
    let (source, arch, series) = if name.contains('/') {
        folder(Path::new(name))?
    } else {
        let tree = Tree::of(directory)?;
        let (arch, series) = tree.choose(architecture, Some(name))?;
        (tree.source, arch, series)
    };
    Ok((arch, Spec::load(&source, arch, &series)?))
}

/// The specifications around the folder of a series.
fn folder(path: &Path) -> Result<(Source, &'static dyn Arch, String), Error> {
    let parts = || {
        let whole = fs::canonicalize(path).ok().filter(|whole| whole.is_dir())?;
        let series = whole.file_name()?.to_str()?.to_owned();
        let arch = whole.parent()?;
        let name = arch.file_name()?.to_str()?.to_owned();
        let whole = arch.parent()?;
        // Use the given path in messages, unless links or dots change its meaning.
        let given = path
            .parent()
            .and_then(Path::parent)
            .filter(|given| !given.as_os_str().is_empty() && fs::canonicalize(given).is_ok_and(|given| given == whole));
        Some((given.unwrap_or(whole).to_owned(), name, series))
    };
    let (root, arch, series) = parts().ok_or_else(|| Error::NoFolder { path: path.to_owned() })?;
    let no_folder = |_| Error::NoFolder { path: path.to_owned() };
    let tree = Tree::of(Some(&root)).map_err(no_folder)?;
    let arch = tree.architecture(&arch).map_err(no_folder)?;
    Ok((tree.source, arch, series))
}

fn registers(moved: &[Moved], comparison: &Comparison) -> Vec<String> {
    let one = |Moved { registers, configurations }: &Moved| {
        let names = registers.iter().map(|register| format!("{} ({:#018x})", register.name, register.id));
        format!("{}: {}", places(configurations, comparison), names.collect::<Vec<_>>().join(", "))
    };
    moved.iter().map(one).collect()
}

fn order(moved: &Reordered, comparison: &Comparison) -> String {
    let place = match &moved.after {
        Some(after) => format!("now after {after}"),
        None => "now the first".to_owned(),
    };
    format!("{}: {}, {place}", places(&moved.configurations, comparison), moved.register.name)
}

fn places(configurations: &[String], comparison: &Comparison) -> String {
    let common = comparison.common().count();
    match configurations.len() {
        number if number == common && common > 1 => format!("in all {common} configurations"),
        _ => format!("in {}", configurations.join(", ")),
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
