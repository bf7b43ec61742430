// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Every clause with its cases.

use std::collections::{BTreeMap, HashMap};

use reglist_suite::checks::IN_EVERY_CASE;
use reglist_suite::report::describe::Part;
use reglist_suite::report::events::{CaseFinished, Finding};
use reglist_suite::spec::clause::Level;

use super::anchor::Link;
use super::findings::Said;
use super::specification::check;
use super::view::{View, Views};
use crate::report::diff::compare::Kind;
use crate::report::groups::grouped;
use crate::report::id::{self, by_key, configuration, push_new};
use crate::report::state::State;
use crate::report::words::{count, milliseconds};

/// Maximum findings per case; the rest is counted.
const MOST_SAID: usize = 12;

#[derive(Debug)]
pub(super) struct Section {
    pub(super) id: String,
    pub(super) level: String,
    pub(super) demand: String,
    pub(super) facts: Vec<Part>,
    /// Result and its colour.
    pub(super) word: &'static str,
    pub(super) class: &'static str,
    pub(super) before: Option<&'static str>,
    pub(super) differs: bool,
    pub(super) counts: String,
    pub(super) open: bool,
    pub(super) cases: Vec<Case>,
    /// Number of passed cases without a row.
    pub(super) more: usize,
    /// Cases in the sections of other clauses that also test this one.
    /// By check, with links of configurations, and whether they break the clause.
    pub(super) elsewhere: Vec<(String, Vec<(Link, bool)>)>,
}

#[derive(Debug, Default)]
pub(super) struct Case {
    pub(super) id: String,
    pub(super) now: Stand,
    pub(super) before: Option<Stand>,
    pub(super) change: &'static str,
    pub(super) change_class: &'static str,
    pub(super) time: String,
    pub(super) ioctls: String,
    /// Reason of a skip, an error or a missing end.
    pub(super) reason: String,
    pub(super) said: Vec<Said>,
    pub(super) more: usize,
    /// Findings of the older run, if different.
    pub(super) said_before: Vec<Said>,
    pub(super) reason_before: String,
    pub(super) wrong: bool,
    pub(super) differs: bool,
}

#[derive(Debug, Default)]
pub(super) struct Stand {
    pub(super) word: &'static str,
    pub(super) class: &'static str,
}

/// The state of a case with its colour.
pub(super) fn stand(state: Option<State>) -> Stand {
    let class = match state {
        Some(State::Pass) => "good",
        Some(State::Skip) => "open",
        Some(_) => "bad",
        None => "none",
    };
    Stand { word: state.map_or("not planned", |state| state.words().alone), class }
}

/// Every clause of the catalogue, then those that only a finding names.
pub(super) fn sections(views: &Views<'_>, kinds: &HashMap<&str, Kind>, anchors: &HashMap<u64, String>) -> Vec<Section> {
    let catalogue = &views.new.specification.clauses;
    let mut ids: Vec<&str> = catalogue.clauses.iter().map(|clause| clause.id.as_str()).collect();
    let plan = views.plan();
    // The section of each case.
    let mut homes: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut elsewhere: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for case in &plan {
        let tested = check(case).map_or(&[][..], |check| check.clauses);
        let found = views.iter().flat_map(|run| run.findings(case)).map(|finding| finding.clause.as_str());
        let mut named: Vec<&str> = Vec::new();
        found.for_each(|clause| push_new(&mut named, clause));
        let home = tested.first().copied().or_else(|| named.first().copied()).unwrap_or(OTHER);
        homes.entry(home).or_default().push(case);
        for clause in tested.iter().copied().chain(named).filter(|clause| *clause != home) {
            let cases = elsewhere.entry(clause).or_default();
            if cases.last() != Some(case) {
                cases.push(case);
            }
        }
    }
    let more: Vec<&str> = homes.keys().chain(elsewhere.keys()).copied().collect();
    more.into_iter().for_each(|clause| push_new(&mut ids, clause));
    // Cases without a known clause come last.
    ids.sort_by_key(|id| *id == OTHER);
    let none = Vec::new();
    let section = |clause: &&str| {
        let (cases, other) = (homes.get(clause).unwrap_or(&none), elsewhere.get(clause).unwrap_or(&none));
        let in_every = *clause == IN_EVERY_CASE && views.iter().all(View::reads_kernel_log);
        section(views, clause, cases, other, in_every.then_some(&plan), kinds, anchors)
    };
    ids.iter().map(section).collect()
}

/// Result of a clause that is not broken.
pub(super) const KEPT: &str = "kept";

/// Heading of cases without a known clause.
const OTHER: &str = "of no known clause";

fn section(
    views: &Views<'_>,
    clause: &str,
    home: &[&str],
    other: &[&str],
    tested: Option<&Vec<&str>>,
    kinds: &HashMap<&str, Kind>,
    anchors: &HashMap<u64, String>,
) -> Section {
    let known = views.new.specification.clauses.get(clause);
    let all: Vec<&str> = tested.cloned().unwrap_or_else(|| home.iter().chain(other).copied().collect());
    let (word, class) = verdict(&views.new, clause, &all);
    let before = views.old.as_ref().map(|old| verdict(old, clause, &all).0);
    let shown = home.iter().filter(|case| views.has_row(case));
    let cases: Vec<Case> = shown.map(|case| row(views, case, kinds, anchors)).collect();
    let elsewhere = by_key(other.iter().map(|case| {
        let link = views.case(case, configuration(case));
        (id::check(case).to_owned(), (link, breaks(&views.new, clause, case)))
    }));
    let wrong = cases.iter().any(|case| case.wrong) || class == "bad" || class == "warn";
    Section {
        id: clause.to_owned(),
        level: known.map(|clause| clause.level.to_string()).unwrap_or_default(),
        demand: known.map(|clause| clause.demand.clone()).unwrap_or_default(),
        facts: known.map(|clause| views.new.specification.of_clause(clause)).unwrap_or_default(),
        word,
        class,
        before,
        differs: before.is_some_and(|before| before != word),
        counts: counts(&views.new, &all),
        open: wrong || before.is_some_and(|before| before != word) || cases.iter().any(|case| case.differs),
        more: home.len() - cases.len(),
        cases,
        elsewhere,
    }
}

fn breaks(run: &View<'_>, clause: &str, case: &str) -> bool {
    run.findings(case).iter().any(|finding| finding.clause == clause && run.fails(finding))
}

fn verdict(run: &View<'_>, clause: &str, cases: &[&str]) -> (&'static str, &'static str) {
    let states = || cases.iter().map(|case| run.states.state(case));
    let is_note = run.specification.clauses.get(clause).is_some_and(|clause| clause.level == Level::Note);
    // A note without expectation is not a broken clause.
    let tells = |finding: &Finding| {
        is_note && finding.clause == clause && (!finding.expected.is_empty() || finding.register.is_some())
    };
    let warns = |finding: &Finding| finding.clause == clause && finding.level == Level::Should;
    if cases.iter().any(|case| breaks(run, clause, case)) {
        ("broken", "bad")
    } else if states().any(|state| matches!(state, Some(State::Error | State::Missing))) {
        ("not known", "bad")
    } else if cases.iter().any(|case| run.findings(case).iter().any(warns)) {
        ("warning", "warn")
    } else if cases.iter().any(|case| run.findings(case).iter().any(tells)) {
        ("noted", "new")
    } else if states().any(|state| matches!(state, Some(State::Pass | State::Fail))) {
        (KEPT, "good")
    } else {
        ("not tested", "open")
    }
}

fn counts(run: &View<'_>, cases: &[&str]) -> String {
    let mut counts: BTreeMap<State, usize> = BTreeMap::new();
    for state in cases.iter().filter_map(|case| run.states.state(case)) {
        *counts.entry(state).or_default() += 1;
    }
    let words = |(state, number): (&State, &usize)| format!("{number} {}", state.words().ended);
    if counts.is_empty() { "no case".to_owned() } else { counts.iter().map(words).collect::<Vec<_>>().join(", ") }
}

fn row(views: &Views<'_>, case: &str, kinds: &HashMap<&str, Kind>, anchors: &HashMap<u64, String>) -> Case {
    let new = &views.new;
    let state = new.states.state(case);
    let ended = new.states.case(case);
    let (said, more) = said(new, case, anchors);
    let reason = |run: &View<'_>| match run.states.state(case) {
        Some(State::Pass | State::Fail) | None => String::new(),
        _ => run.states.reason(case).unwrap_or_default(),
    };
    let running = &new.record().running;
    let reason_now = match running.iter().any(|running| running == case) {
        true if running.len() > 1 => "one of the suspects: it was running at the early end".to_owned(),
        true => "the suspect: it was running at the early end".to_owned(),
        false => reason(new),
    };
    let mut row = Case {
        id: case.to_owned(),
        now: stand(state),
        time: ended.map(|case| milliseconds(case.duration_us)).unwrap_or_default(),
        ioctls: ended.map(|case: &CaseFinished| case.ioctls.to_string()).unwrap_or_default(),
        reason: reason_now,
        wrong: matches!(state, Some(State::Fail | State::Error | State::Missing))
            || said.iter().any(|said| said.class == "warn"),
        said,
        more,
        ..Case::default()
    };
    if let Some(old) = &views.old {
        let (before, more_before) = self::said(old, case, anchors);
        let was = old.states.state(case);
        let other_words = before != row.said || more_before != row.more;
        let kind = kinds.get(case).copied();
        row.differs = was != state || other_words;
        (row.change, row.change_class) = change(kind, row.differs);
        row.before = Some(stand(was));
        if other_words {
            row.said_before = before;
        }
        row.reason_before = reason(old);
        if row.reason_before == row.reason {
            row.reason_before.clear();
        }
    }
    row
}

/// The change of a case and its colour.
fn change(kind: Option<Kind>, differs: bool) -> (&'static str, &'static str) {
    match kind {
        Some(kind) if kind.is_regression() => (kind.words(), "bad"),
        Some(kind @ (Kind::Fixed | Kind::Tested | Kind::Noticed)) => (kind.words(), "good"),
        Some(Kind::StillFailing) if differs => ("other findings", "new"),
        Some(kind) => (kind.words(), "open"),
        None if differs => ("other findings", "new"),
        None => ("", "none"),
    }
}

/// The grouped findings of a case.
fn said(run: &View<'_>, case: &str, anchors: &HashMap<u64, String>) -> (Vec<Said>, usize) {
    let Some(ended) = run.states.case(case) else {
        return (Vec::new(), 0);
    };
    let groups = grouped(std::iter::once(ended));
    let shown = groups.iter().take(MOST_SAID).map(|group| Said::of(run, group, anchors));
    (shown.collect(), groups.len().saturating_sub(MOST_SAID))
}

pub(super) fn number(views: &Views<'_>) -> String {
    count(views.plan().len(), "case")
}
