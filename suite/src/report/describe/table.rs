// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Short tables of themes and clauses, for the end of a help text.

use std::fmt::Write as _;

use super::tested::{theme_of, themes as theme_names};
use crate::checks;
use crate::spec::clause::Clauses;
use crate::spec::{Source, SpecError};

/// Width of the narrowest usual terminal.
pub const WIDTH: usize = 80;

/// Themes and clauses in lines of `width` columns. Leaves out the clauses if the
/// built-in specifications have an error, which other commands report.
pub fn tables(width: usize) -> String {
    let tables = format!("{}\n{}", themes(width), clauses(width).unwrap_or_default());
    tables.trim_end().to_owned()
}

pub(super) fn themes(width: usize) -> String {
    let names = theme_names();
    let indent = names.iter().map(|name| name.len()).max().unwrap_or_default() + 4;
    let mut table = String::from("Themes and their checks:\n");
    for theme in names {
        let checks: Vec<&str> = checks::all()
            .filter(|check| theme_of(check.name) == theme)
            .filter_map(|check| check.name.split_once('.').map(|(_, name)| name))
            .collect();
        row(&mut table, width, theme, indent, &checks.join(", "));
    }
    table
}

pub(super) fn clauses(width: usize) -> Result<String, SpecError> {
    let clauses = Clauses::load(&Source::Embedded)?.clauses;
    let indent = clauses.iter().map(|clause| clause.id.len()).max().unwrap_or_default() + 4;
    let mut table = String::from("Clauses (a conforming kernel ...):\n");
    for clause in &clauses {
        row(&mut table, width, &clause.id, indent, &format!("{}: {}", clause.level, clause.demand));
    }
    Ok(table)
}

/// A name and text in a second column, wrapped at `width`.
fn row(table: &mut String, width: usize, name: &str, indent: usize, words: &str) {
    let mut line = format!("  {name:<beside$}", beside = indent.saturating_sub(2));
    let mut empty = true;
    for word in words.split_whitespace() {
        if !empty && line.len() + 1 + word.len() > width {
            let _ = writeln!(table, "{line}");
            line = " ".repeat(indent);
            empty = true;
        }
        if !empty {
            line.push(' ');
        }
        line.push_str(word);
        empty = false;
    }
    let _ = writeln!(table, "{line}");
}
