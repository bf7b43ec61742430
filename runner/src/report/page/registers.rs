// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The matrix of registers and configurations.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use reglist_suite::report::describe::Part;
use reglist_suite::report::events::Finding;

use super::anchor::anchor;
use super::lists::Lists;
use super::mark::{Listing, Mark, Trip};
use super::view::{View, Views};
use crate::report::diff::registers::CONTENTS;
use crate::report::id::{configuration, push_new};
use crate::report::words::{observed, subject_with};

/// Maximum rows of registers without a group, and columns.
const MOST_STRANGERS: usize = 200;
const MOST_CONFIGURATIONS: usize = 16;
/// Maximum findings per register; the rest is counted.
const MOST_SAID: usize = 12;

#[derive(Debug, Default)]
pub(super) struct Registers {
    /// Why there is no matrix.
    pub(super) nothing: Option<String>,
    pub(super) remarks: Vec<String>,
    pub(super) columns: Vec<Column>,
    pub(super) numbers: Vec<Numbers>,
    pub(super) sections: Vec<Section<Row>>,
    pub(super) legend: Vec<Mark>,
    /// Anchors of the rows by id.
    pub(super) anchors: HashMap<u64, String>,
}

#[derive(Debug)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) features: String,
}

/// Number of registers of a kind per configuration.
#[derive(Debug)]
pub(super) struct Numbers {
    pub(super) name: &'static str,
    pub(super) cells: Vec<Number>,
}

#[derive(Debug)]
pub(super) struct Number {
    pub(super) before: Option<String>,
    pub(super) now: String,
    /// Whether it must be zero but is not.
    pub(super) wrong: bool,
}

/// A group with rows, or with names and ids of registers.
#[derive(Debug)]
pub(super) struct Section<R> {
    pub(super) name: String,
    /// Condition of the list, or the problem.
    pub(super) about: String,
    pub(super) strange: bool,
    pub(super) rows: Vec<R>,
}

type Group = Section<(String, u64)>;

#[derive(Debug)]
pub(super) struct Row {
    pub(super) anchor: String,
    pub(super) name: String,
    pub(super) number: u64,
    pub(super) id: String,
    pub(super) about: String,
    pub(super) facts: Vec<Part>,
    pub(super) said: Vec<Said>,
    pub(super) more: usize,
    pub(super) cells: Vec<Cell>,
    pub(super) wrong: bool,
    pub(super) differs: bool,
}

#[derive(Debug)]
pub(super) struct Said {
    /// Whether it is of the older run.
    pub(super) before: bool,
    pub(super) clause: String,
    pub(super) words: String,
    pub(super) configurations: String,
}

#[derive(Debug)]
pub(super) struct Cell {
    /// Marks of the older run, if different.
    pub(super) before: Option<[Mark; 2]>,
    pub(super) now: [Mark; 2],
}

impl Registers {
    pub(super) fn of(views: &Views<'_>) -> Self {
        let new = Lists::of(&views.new);
        let old = views.old.as_ref().map(Lists::of);
        if !new.is_known() && !old.as_ref().is_some_and(Lists::is_known) {
            let nothing = Some("No case compared a list with the expected one.".to_owned());
            return Self { nothing, ..Self::default() };
        }
        let mut names = views.configurations();
        let mut remarks = remarks(views, &new, old.as_ref());
        if names.len() > MOST_CONFIGURATIONS {
            remarks.push(format!("{} more configurations are omitted.", names.len() - MOST_CONFIGURATIONS));
            names.truncate(MOST_CONFIGURATIONS);
        }
        let mut groups = groups(views, &new, old.as_ref());
        for group in groups.iter_mut().filter(|group| group.strange && group.rows.len() > MOST_STRANGERS) {
            let more = group.rows.len() - MOST_STRANGERS;
            remarks.push(format!("{more} more registers outside the groups of the series are omitted."));
            group.rows.truncate(MOST_STRANGERS);
        }
        let said = [Some(&views.new), views.old.as_ref()].map(|run| run.map(said).unwrap_or_default());
        let matrix = Matrix { views, names: &names, new: &new, old: old.as_ref(), said };
        let sections: Vec<Section<Row>> = groups.into_iter().map(|group| matrix.section(group)).collect();
        let rows = sections.iter().flat_map(|section| &section.rows);
        Self {
            nothing: None,
            remarks,
            columns: names.iter().map(|name| column(views, name)).collect(),
            numbers: matrix.numbers(),
            anchors: rows.map(|row| (row.number, row.anchor.clone())).collect(),
            legend: [&Listing::ALL.map(|listing| listing.mark(None))[..], &Trip::ALL.map(|trip| trip.mark(None))]
                .concat(),
            sections,
        }
    }
}

fn remarks(views: &Views<'_>, new: &Lists<'_>, old: Option<&Lists<'_>>) -> Vec<String> {
    let mut remarks = Vec::new();
    for run in views.iter().filter(|run| run.specification.spec.is_none()) {
        let (series, arch) = (&run.started().series, &run.started().architecture);
        let what = "groups are the ids' types, and only findings show the expected list.";
        push_new(&mut remarks, format!("This program has no series {series} of {arch}: {what}"));
    }
    if new.is_unrecorded() || old.is_some_and(Lists::is_unrecorded) {
        let what = "The list itself is not recorded: without a finding it is as expected.";
        push_new(&mut remarks, what.to_owned());
    }
    remarks
}

/// The groups of the expected list in order, then the other registers.
fn groups(views: &Views<'_>, new: &Lists<'_>, old: Option<&Lists<'_>>) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let mut known = BTreeSet::new();
    for run in views.iter().rev() {
        for listed in run.specification.spec.iter().flat_map(|spec| &spec.list) {
            let when: Vec<&str> = listed.when.iter().map(|feature| feature.name).collect();
            let about = if when.is_empty() { String::new() } else { format!("listed with {}", when.join(" or ")) };
            let place = groups.iter().position(|group| group.name == listed.name).unwrap_or_else(|| {
                groups.push(Group { name: listed.name.clone(), about, strange: false, rows: Vec::new() });
                groups.len() - 1
            });
            for register in listed.registers.iter().filter(|register| known.insert(register.id)) {
                if let Some(group) = groups.get_mut(place) {
                    group.rows.push((register.name.clone(), register.id));
                }
            }
        }
    }
    let mut strangers: BTreeMap<u64, String> = BTreeMap::new();
    for (id, register) in new.named.iter().chain(old.into_iter().flat_map(|old| &old.named)) {
        if !known.contains(id) {
            strangers.entry(*id).or_insert_with(|| register.name.clone());
        }
    }
    let specification = &views.new.specification;
    let (series, is_known) = (&views.new.started().series, specification.spec.is_some());
    let kind = |id: u64| match specification.arch.and_then(|arch| arch.decode(id)) {
        _ if is_known => "unexpected".to_owned(),
        Some((type_, _)) => type_.to_string(),
        None => "of no known type".to_owned(),
    };
    let mut kinds: BTreeMap<String, Vec<(String, u64)>> = BTreeMap::new();
    for (id, name) in strangers {
        kinds.entry(kind(id)).or_default().push((name, id));
    }
    let about = if is_known { format!("in no group of series {series}") } else { String::new() };
    groups.extend(kinds.into_iter().map(|(name, rows)| Group { name, about: about.clone(), strange: true, rows }));
    groups
}

fn column(views: &Views<'_>, name: &str) -> Column {
    let features = views.iter().find_map(|run| run.specification.configuration(name));
    let features = features.map(|found| found.features.iter().map(|feature| feature.name).collect::<Vec<_>>());
    let features = match features.as_deref() {
        Some([]) => "no feature".to_owned(),
        Some(features) if features != [name] => features.join(", "),
        _ => String::new(),
    };
    Column { name: name.to_owned(), features }
}

/// The findings about each register, with configurations.
type Sayings<'r> = HashMap<u64, Vec<(&'r Finding, Vec<&'r str>)>>;

fn said<'r>(run: &View<'r>) -> Sayings<'r> {
    let mut said: Sayings<'r> = HashMap::new();
    for (case, finding) in run.all_findings() {
        let Some(register) = &finding.register else { continue };
        let known = said.entry(register.id).or_default();
        let same = |(other, _): &&mut (&Finding, Vec<&str>)| {
            (&other.clause, &other.expected, &other.observed, &other.ioctl)
                == (&finding.clause, &finding.expected, &finding.observed, &finding.ioctl)
        };
        let has_room = known.len() < 4 * MOST_SAID;
        match known.iter_mut().find(same) {
            Some((_, places)) => push_new(places, configuration(case)),
            None if has_room => known.push((finding, vec![configuration(case)])),
            None => {}
        }
    }
    said
}

struct Matrix<'m, 'r> {
    views: &'m Views<'r>,
    names: &'m [&'r str],
    new: &'m Lists<'r>,
    old: Option<&'m Lists<'r>>,
    /// Of the newer run, then of the older run.
    said: [Sayings<'r>; 2],
}

impl Matrix<'_, '_> {
    fn section(&self, group: Group) -> Section<Row> {
        let rows = group.rows.iter().map(|(name, id)| self.row(name, *id)).collect();
        Section { name: group.name, about: group.about, strange: group.strange, rows }
    }

    fn row(&self, name: &str, id: u64) -> Row {
        let hexadecimal = format!("{id:#018x}");
        let (about, facts) = self.views.new.specification.of_register(id);
        let specified = self.views.iter().find_map(|run| run.specification.register(id));
        let cells: Vec<Cell> = self.names.iter().map(|name| self.cell(name, id)).collect();
        let [new, old] = &self.said;
        let mut said = sayings(new.get(&id), false);
        let mut before = sayings(old.get(&id), true);
        let same = |was: &Said, is: &Said| was.words == is.words && was.configurations == is.configurations;
        before.retain(|was| !said.iter().any(|is| same(was, is)));
        said.append(&mut before);
        let more = said.len().saturating_sub(MOST_SAID);
        said.truncate(MOST_SAID);
        Row {
            // Only specified names are unique.
            anchor: anchor("register", specified.map_or(&hexadecimal, |register| &register.name)),
            name: specified.map_or(name, |register| &register.name).to_owned(),
            number: id,
            id: hexadecimal,
            about,
            facts,
            said,
            more,
            wrong: cells.iter().any(Cell::is_wrong),
            differs: cells.iter().any(|cell| cell.before.is_some()),
            cells,
        }
    }

    fn cell(&self, name: &str, id: u64) -> Cell {
        let marks = |lists: &Lists<'_>| {
            let (listing, (trip, case)) = match lists.get(name) {
                Some(list) => (list.listing(id), list.trip(id)),
                None => (Listing::Unknown, (Trip::NotTried, None)),
            };
            (listing, trip, case.map(str::to_owned))
        };
        let (listing, trip, case) = marks(self.new);
        let link = |case: &str| self.views.has_row(case).then(|| anchor("case", case));
        let contents = || link(&format!("{name}.{CONTENTS}"));
        let told = listing.is_wrong() || listing == Listing::New;
        let now = [listing.mark(told.then(contents).flatten()), trip.mark(case.as_deref().and_then(link))];
        let before = self.old.map(marks).filter(|(before, before_trip, _)| (*before, *before_trip) != (listing, trip));
        Cell { before: before.map(|(listing, trip, _)| [listing.mark(None), trip.mark(None)]), now }
    }

    fn numbers(&self) -> Vec<Numbers> {
        let words = ["expected", "listed", "missing", "unexpected"];
        let text = |number: Option<usize>| number.map_or_else(|| "?".to_owned(), |number| number.to_string());
        let of = |lists: &Lists<'_>, name: &str| lists.get(name).map_or([None; 4], |list| list.numbers());
        let rows = words.iter().enumerate().map(|(kind, word)| {
            let cell = |name: &&str| {
                let now = of(self.new, name).get(kind).copied().flatten();
                let before = self.old.map(|old| of(old, name).get(kind).copied().flatten());
                Number {
                    before: before.filter(|before| *before != now).map(text),
                    now: text(now),
                    wrong: kind > 1 && now.is_some_and(|number| number > 0),
                }
            };
            Numbers { name: word, cells: self.names.iter().map(cell).collect() }
        });
        rows.collect()
    }
}

impl Cell {
    fn is_wrong(&self) -> bool {
        self.now.iter().any(|mark| ["bad", "warn"].contains(&mark.class))
    }
}

fn sayings(said: Option<&Vec<(&Finding, Vec<&str>)>>, before: bool) -> Vec<Said> {
    let one = |(finding, places): &(&Finding, Vec<&str>)| {
        let subject = subject_with(finding, None);
        let colon = if subject.is_empty() { "" } else { ": " };
        Said {
            before,
            clause: finding.clause.clone(),
            words: format!("{subject}{colon}{}", observed(finding)),
            configurations: places.join(", "),
        }
    };
    said.into_iter().flatten().map(one).collect()
}
