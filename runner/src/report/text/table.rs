// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The table of a run: a column per configuration, a row per theme.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt::Write as _;

use console::Style;
use reglist_suite::report::events::RunStarted;

use crate::record::Record;
use crate::report::id::{configuration, each_once, theme};
use crate::report::paragraph::WIDTH;
use crate::report::state::State;
use crate::report::words::count;

const GAP: usize = 2;
/// Maximum cells of a table: ten times the suite's own.
const MOST_CELLS: usize = 1 << 10;

/// The number of cases of one configuration and theme, by state.
#[derive(Debug, Clone, Default)]
struct Cell(BTreeMap<State, usize>);

/// Where a case has not passed, only the themes with such cases; `is_whole`: all of them.
pub(super) fn write(text: &mut String, record: &Record, started: &RunStarted, is_whole: bool) {
    let plan = || started.plan.iter().map(String::as_str);
    let (configurations, themes) = (each_once(plan(), configuration), each_once(plan(), theme));
    let cells = cells(record, started);
    if configurations.len() * themes.len() > MOST_CELLS {
        let (columns, rows) = (count(configurations.len(), "configuration"), count(themes.len(), "theme"));
        let _ = writeln!(text, "({columns} and {rows} are too many for a table)");
        return write_columns(text, &["total"], vec![("cases", vec![Cell::sum(cells.values())])], false);
    }
    let cell = |configuration, theme| cells.get(&(configuration, theme)).cloned().unwrap_or_default();
    let has_mark: HashSet<&str> =
        cells.iter().filter(|(_, cell)| !cell.marks().is_empty()).map(|((_, theme), _)| *theme).collect();
    let marked: Vec<&str> = themes.iter().copied().filter(|theme| has_mark.contains(theme)).collect();
    let shown = if is_whole || marked.is_empty() { &themes } else { &marked };
    let column = |configuration| {
        let column: Vec<Cell> = shown.iter().map(|theme| cell(configuration, theme)).collect();
        let total = Cell::sum(&themes.iter().map(|theme| cell(configuration, theme)).collect::<Vec<_>>());
        (configuration, if themes.len() > 1 { [column, vec![total]].concat() } else { column })
    };
    let columns: Vec<Column<'_>> = configurations.iter().copied().map(column).collect();
    let rows: Vec<&str> = shown.iter().copied().chain((themes.len() > 1).then_some("total")).collect();
    write_columns(text, &rows, columns, false);
    if shown.len() < themes.len() {
        let others = count(themes.len() - shown.len(), "other row");
        let _ = writeln!(text, "(in {others}, every case passed; -v shows them)");
    }
}

pub(super) fn write_side_by_side(text: &mut String, themes: &[&str], runs: &[(&str, &Record)]) {
    let column = |record: &Record| -> Vec<Cell> {
        let mut sums: HashMap<&str, Cell> = HashMap::new();
        let cells = record.started.as_ref().map(|started| cells(record, started)).unwrap_or_default();
        for ((_, theme), cell) in cells {
            let sum = sums.entry(theme).or_default();
            *sum = Cell::sum([&*sum, &cell]);
        }
        themes.iter().map(|theme| sums.remove(theme).unwrap_or_default()).collect()
    };
    let columns = runs.iter().map(|(name, run)| (*name, column(run)));
    write_columns(text, themes, columns.collect(), true);
}

/// Writes columns in blocks that fit the width, then the legend.
fn write_columns(text: &mut String, themes: &[&str], mut columns: Vec<Column<'_>>, with_total: bool) {
    let mut rows = themes.to_vec();
    if with_total {
        rows.push("total");
        columns.iter_mut().for_each(|(_, column)| column.push(Cell::sum(&*column)));
    }
    let first = rows.iter().map(|row| row.len()).max().unwrap_or_default();
    for (number, block) in blocks(&columns, WIDTH.saturating_sub(first)).into_iter().enumerate() {
        if number > 0 {
            text.push('\n');
        }
        write_block(text, &rows, first, block);
    }
    legend(text, columns.iter().flat_map(|(_, column)| column));
}

fn cells<'a>(record: &Record, started: &'a RunStarted) -> BTreeMap<(&'a str, &'a str), Cell> {
    let ended: BTreeMap<&str, State> = record.ended().map(|case| (case.case.as_str(), case.outcome.into())).collect();
    let mut cells: BTreeMap<_, Cell> = BTreeMap::new();
    for case in &started.plan {
        let Cell(states) = cells.entry((configuration(case), theme(case))).or_default();
        *states.entry(ended.get(case.as_str()).copied().unwrap_or(State::Missing)).or_default() += 1;
    }
    cells
}

type Column<'a> = (&'a str, Vec<Cell>);

/// Splits columns into blocks that fit the width.
fn blocks<'c, 'a>(columns: &'c [Column<'a>], room: usize) -> Vec<&'c [Column<'a>]> {
    let mut blocks = Vec::new();
    let (mut start, mut used) = (0, 0);
    for (position, column) in columns.iter().enumerate() {
        let width = GAP + width(column);
        if position > start && used + width > room {
            blocks.extend(columns.get(start..position));
            (start, used) = (position, 0);
        }
        used += width;
    }
    blocks.extend(columns.get(start..));
    blocks
}

fn width((name, cells): &Column<'_>) -> usize {
    cells.iter().map(|cell| cell.show().len()).chain([name.len()]).max().unwrap_or_default()
}

fn write_block(text: &mut String, rows: &[&str], first: usize, block: &[Column<'_>]) {
    let mut head = " ".repeat(first);
    for column in block {
        let _ = write!(head, "{:GAP$}{:>width$}", "", column.0, width = width(column));
    }
    let _ = writeln!(text, "{head}");
    for (position, row) in rows.iter().enumerate() {
        let _ = write!(text, "{row:first$}");
        for column in block {
            let cell = column.1.get(position).cloned().unwrap_or_default();
            let shown = format!("{:>width$}", cell.show(), width = width(column));
            let _ = write!(text, "{:GAP$}{}", "", cell.style().apply_to(shown));
        }
        text.push('\n');
    }
}

/// Writes the meaning of the marks in the table.
fn legend<'c>(text: &mut String, mut cells: impl Iterator<Item = &'c Cell> + Clone) {
    let marks = Cell::sum(cells.clone()).marks();
    let letters: Vec<String> =
        marks.iter().map(|(state, _)| format!("{} {}", letter(*state), state.words().ended)).collect();
    if letters.is_empty() {
        return;
    }
    let partial = cells.find(|cell| cell.show().contains('/'));
    let example = partial.map(|cell| format!("; {}: {} of {}", cell.show(), cell.marked(), cell.count()));
    let _ = writeln!(text, "({}{})", letters.join(", "), example.unwrap_or_default());
}

fn letter(state: State) -> String {
    state.words().alone.chars().take(1).collect::<String>().to_uppercase()
}

impl Cell {
    fn sum<'c>(cells: impl IntoIterator<Item = &'c Self>) -> Self {
        let mut sum = Self::default();
        for (state, number) in cells.into_iter().flat_map(|cell| &cell.0) {
            *sum.0.entry(*state).or_default() += number;
        }
        sum
    }

    fn number(&self, state: State) -> usize {
        self.0.get(&state).copied().unwrap_or_default()
    }

    fn count(&self) -> usize {
        self.0.values().sum()
    }

    fn marks(&self) -> Vec<(State, usize)> {
        let all = [State::Fail, State::Error, State::Skip, State::Missing].map(|state| (state, self.number(state)));
        all.into_iter().filter(|(_, number)| *number > 0).collect()
    }

    fn marked(&self) -> usize {
        self.count() - self.number(State::Pass)
    }

    /// `8` passed, `1F/8` one of eight failed, `8S` all eight skipped, `-` none.
    fn show(&self) -> String {
        let marks: Vec<String> =
            self.marks().iter().map(|(state, number)| format!("{number}{}", letter(*state))).collect();
        match (self.count(), marks.as_slice()) {
            (0, _) => "-".to_owned(),
            (count, []) => count.to_string(),
            (_, [one]) if self.number(State::Pass) == 0 => one.clone(),
            (count, _) => format!("{}/{count}", marks.join(" ")),
        }
    }

    fn style(&self) -> Style {
        match self.marks().as_slice() {
            [] if self.count() == 0 => Style::new().dim(),
            [] => Style::new().green(),
            [(State::Skip, _)] => Style::new().yellow(),
            _ => Style::new().red().bold(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(pass: usize, fail: usize, skip: usize, error: usize, missing: usize) -> Cell {
        let all = [
            (State::Pass, pass),
            (State::Fail, fail),
            (State::Skip, skip),
            (State::Error, error),
            (State::Missing, missing),
        ];
        Cell(all.into())
    }

    #[test]
    fn every_outcome_has_a_mark_that_needs_no_colour() {
        assert_eq!(cell(8, 0, 0, 0, 0).show(), "8");
        assert_eq!(cell(0, 0, 0, 0, 0).show(), "-");
        assert_eq!(cell(6, 2, 0, 0, 0).show(), "2F/8");
        assert_eq!(cell(0, 0, 5, 0, 0).show(), "5S");
        assert_eq!(cell(1, 1, 1, 1, 1).show(), "1F 1E 1S 1M/5");
    }

    #[test]
    fn a_huge_table_is_one_number() {
        let plan = (0..3000).map(|number| format!("c{number}.t{number}.x")).collect();
        let started = RunStarted { plan, ..RunStarted::unknown() };
        let mut text = String::new();
        write(&mut text, &Record::default(), &started, false);
        let text = console::strip_ansi_codes(&text).into_owned();
        assert_eq!(text.lines().next(), Some("(3000 configurations and 3000 themes are too many for a table)"));
        assert!(text.lines().count() < 9 && text.contains("3000M"), "{text}");
    }

    #[test]
    fn columns_without_room_go_below() {
        let columns: Vec<Column<'_>> = ["one", "two", "three"].map(|name| (name, vec![cell(1, 0, 0, 0, 0)])).into();
        let names = |room| {
            let blocks = blocks(&columns, room);
            blocks.iter().map(|block| block.iter().map(|column| column.0).collect::<Vec<_>>().join(" ")).collect()
        };
        let all: Vec<String> = names(100);
        assert_eq!(all, ["one two three"]);
        assert_eq!(names(10), ["one two", "three"]);
        assert_eq!(names(1), ["one", "two", "three"]);
    }
}
