// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Lists that differ from the expected ones: the entries that differ, side by side.

use std::fmt::Write as _;

use console::Style;
use reglist_suite::report::events::{NamedRegister, RunStarted};
use similar::{Algorithm, DiffOp, capture_diff_slices};

use crate::record::Record;
use crate::report::id::by_key;
use crate::report::paragraph::hanging;
use crate::report::series::Expected;

/// Rows of a run of differing entries; the rest is counted.
const MOST: usize = 4;
/// Rows of a list.
const MOST_ROWS: usize = 24;

/// An entry's number, the expected register, and the listed one.
type Row = (String, String, String);

pub(super) fn write(text: &mut String, record: &Record, started: &RunStarted) {
    let Some(expected) = Expected::of(started) else { return };
    let lists = expected.lists(record);
    let differing = lists.iter().filter_map(|(configuration, listed)| {
        let wanted: Vec<NamedRegister> = configuration.registers.iter().map(|register| register.named()).collect();
        let rows = rows(&wanted, listed);
        (!rows.is_empty()).then_some((rows, configuration.name.as_str()))
    });
    for (mut rows, names) in by_key(differing) {
        let head = Style::new().bold().apply_to("list");
        text.push('\n');
        hanging(text, &format!("{head} of {}, where it differs:", names.join(", ")));
        let more = rows.len().saturating_sub(MOST_ROWS);
        rows.truncate(MOST_ROWS);
        let width = rows.iter().map(|(_, expected, _)| expected.len()).max().unwrap_or_default().max("expected".len());
        rows.insert(0, ("entry".to_owned(), "expected".to_owned(), "listed".to_owned()));
        for (entry, expected, listed) in rows {
            let line = format!("  {entry:>7}  {expected:<width$}  {listed}");
            let _ = writeln!(text, "{}", line.trim_end());
        }
        if more > 0 {
            let _ = writeln!(text, "  {more} more lines; `reglist report --html FILE` shows every register");
        }
    }
}

fn rows(wanted: &[NamedRegister], listed: &[NamedRegister]) -> Vec<Row> {
    let ids = |list: &[NamedRegister]| list.iter().map(|register| register.id).collect::<Vec<_>>();
    let operations = capture_diff_slices(Algorithm::Myers, &ids(wanted), &ids(listed));
    operations
        .iter()
        .filter(|operation| !matches!(operation, DiffOp::Equal { .. }))
        .flat_map(|operation| {
            let (old, new) = (operation.old_range(), operation.new_range());
            let length = old.len().max(new.len());
            let name = |list: &[NamedRegister], place: Option<usize>| {
                place.and_then(|place| list.get(place)).map_or_else(|| "-".to_owned(), |register| register.name.clone())
            };
            let row = move |number: usize| {
                let entry = new.clone().nth(number);
                let number_of_entry = entry.map_or_else(|| "-".to_owned(), |entry| entry.to_string());
                (number_of_entry, name(wanted, old.clone().nth(number)), name(listed, entry))
            };
            let shown = if length > MOST { MOST - 1 } else { length };
            let more =
                (length > shown).then(|| ("...".to_owned(), format!("({} more)", length - shown), String::new()));
            (0..shown).map(row).chain(more).collect::<Vec<_>>()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(names: &[&str]) -> Vec<NamedRegister> {
        let named = |name: &&str| NamedRegister { name: (*name).to_owned(), id: name.bytes().map(u64::from).sum() };
        names.iter().map(named).collect()
    }

    #[test]
    fn only_what_differs_is_shown() {
        let wanted = list(&["A", "B", "C", "D"]);
        assert_eq!(rows(&wanted, &wanted), []);
        let row =
            |entry: &str, expected: &str, listed: &str| (entry.to_owned(), expected.to_owned(), listed.to_owned());
        assert_eq!(rows(&wanted, &list(&["A", "X", "C"])), [row("1", "B", "X"), row("-", "D", "-")]);
        let many = ["E", "F", "G", "H", "I"];
        let longer = list(&[&["A"], &many[..], &["B", "C", "D"]].concat());
        assert_eq!(
            rows(&wanted, &longer),
            [row("1", "-", "E"), row("2", "-", "F"), row("3", "-", "G"), row("...", "(2 more)", "")]
        );
    }
}
