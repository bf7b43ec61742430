// SPDX-License-Identifier: Apache-2.0 OR MIT
//! `spec check`: loads and checks all specifications.

use std::fmt::Write as _;
use std::path::Path;

use console::Style;
use reglist_suite::arch::Arch;
use reglist_suite::spec::clause::{Clauses, Level};
use reglist_suite::spec::{Spec, problems};

use super::error::Error;
use super::hints;
use super::tree::Tree;
use crate::report::paragraph::hanging;
use crate::report::words::count;

#[derive(Debug, Default)]
pub(crate) struct Checked {
    /// Problems with file, line and remedy.
    problems: Vec<String>,
    hints: Vec<String>,
    /// Numbers, a line per architecture, per series, and for the clauses.
    numbers: String,
}

impl Checked {
    pub(crate) fn of(directory: Option<&Path>) -> Result<Self, Error> {
        let tree = Tree::of(directory)?;
        let mut checked = Self::default();
        checked.problems.extend(foreign(&tree));
        for arch in &tree.architectures {
            let found: Vec<String> = problems(&tree.source, *arch).iter().map(ToString::to_string).collect();
            if found.is_empty() {
                checked.architecture(&tree, *arch)?;
            }
            for problem in found {
                // All architectures share the clauses.
                if !checked.problems.contains(&problem) {
                    checked.problems.push(problem);
                }
            }
        }
        if let Ok(clauses) = Clauses::load(&tree.source) {
            let of = |level| clauses.clauses.iter().filter(|clause| clause.level == level).count();
            let (must, should, note) = (of(Level::Must), of(Level::Should), of(Level::Note));
            let all = count(clauses.clauses.len(), "clause");
            let _ = writeln!(checked.numbers, "{all}: {must} must, {should} should, {note} note");
        }
        Ok(checked)
    }

    /// An architecture without problems.
    fn architecture(&mut self, tree: &Tree, arch: &dyn Arch) -> Result<(), Error> {
        let names = tree.series(arch).into_iter();
        let series: Vec<Spec> = names.map(|name| Spec::load(&tree.source, arch, &name)).collect::<Result<_, _>>()?;
        hints::add(&mut self.hints, &tree.source, arch, &series)?;
        numbers(&mut self.numbers, arch, &series);
        Ok(())
    }

    pub(crate) fn is_right(&self) -> bool {
        self.problems.is_empty()
    }

    /// Problems, hints, numbers, and a verdict last.
    pub(crate) fn text(&self) -> String {
        let mut shown = String::new();
        for problem in &self.problems {
            let _ = writeln!(shown, "{} {problem}\n", Style::new().red().apply_to("problem:"));
        }
        for hint in &self.hints {
            let _ = writeln!(shown, "{} {hint}\n", Style::new().yellow().apply_to("hint:"));
        }
        if !self.numbers.is_empty() {
            let _ = writeln!(shown, "{}", self.numbers);
        }
        let (word, style) = match self.problems.len() {
            0 => ("correct".to_owned(), Style::new().green()),
            number => (format!("wrong, {}", count(number, "problem")), Style::new().red()),
        };
        let hints = match self.hints.len() {
            0 => String::new(),
            number => format!(", {}", count(number, "hint")),
        };
        let _ = writeln!(shown, "reglist: {}{hints}", style.bold().apply_to(format!("specifications are {word}")));
        shown
    }
}

fn foreign(tree: &Tree) -> Vec<String> {
    let files = tree.source.files();
    let folders = files.iter().filter_map(|file| file.strip_suffix("/registers.yaml"));
    let unknown = folders.filter(|folder| !tree.architectures.iter().any(|arch| arch.name() == *folder));
    let remedy = format!("known: {}; for a new one, add code to suite/src/arch", tree.known());
    let remark = |folder: &str| {
        let file = tree.source.display(&format!("{folder}/registers.yaml"));
        hints::remark(&file, 1, &format!("unknown architecture `{folder}`"), &remedy)
    };
    unknown.map(remark).collect()
}

fn numbers(shown: &mut String, arch: &dyn Arch, series: &[Spec]) {
    let Some(any) = series.first() else { return };
    let used = hints::used(arch, series);
    let unused = any.registers.all().iter().filter(|register| !used.contains(&register.id)).count();
    let all = any.registers.all().len();
    let families = count(any.registers.families().count(), "family");
    let parts = [
        (all, format!("{} in {families}", count(all, "register"))),
        (unused, format!("{unused} of them unused")),
        (any.unlisted.exceptions.len(), count(any.unlisted.exceptions.len(), "exception")),
        (any.consumers.len(), count(any.consumers.len(), "consumer")),
    ];
    let parts: Vec<String> = parts.into_iter().filter(|(number, _)| *number > 0).map(|(_, words)| words).collect();
    let parts = if parts.is_empty() { "no register has a name".to_owned() } else { parts.join(", ") };
    hanging(shown, &format!("{}: {parts}", arch.name()));
    for spec in series {
        series_numbers(shown, spec);
    }
}

fn series_numbers(shown: &mut String, spec: &Spec) {
    let configurations = count(spec.configurations.len(), "configuration");
    let with_list = spec.configurations.iter().filter(|configuration| !configuration.contract_only);
    let sizes: Vec<usize> = with_list.map(|configuration| configuration.registers.len()).collect();
    let what = match (sizes.iter().min(), sizes.iter().max()) {
        (Some(least), Some(most)) => {
            let registers: usize = spec.list.iter().map(|group| group.registers.len()).sum();
            let of = if least < most { format!("{least} to {most} registers") } else { count(*least, "register") };
            let groups = count(spec.list.len(), "group");
            format!("{} in {groups}, {configurations} of {of}", count(registers, "register"))
        }
        _ => format!("{configurations}, lists not specified"),
    };
    let _ = writeln!(shown, "  series {}: {what}", spec.series);
}
