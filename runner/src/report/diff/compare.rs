// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Compares two files: cases, registers, facts.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::Path;

use reglist_suite::report::events::Finding;
use serde::Serialize;

use super::error::DiffError;
use super::facts::{self, FactChange};
use super::registers::{self, Registers};
use super::side::{Difference, Side, differences};
use crate::record::known::{Entry, Known};
use crate::record::reader::Stray;
use crate::report::id::configuration;
use crate::report::state::{State, States};
use crate::report::stored::{Round, Stored, StoredRun};
use crate::report::words::useless_entries;
use crate::system::date::Date;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    /// An expected failure passes.
    UnexpectedPass,
    /// From a pass or an expected failure to a failure, an error or missing.
    NewlyFailing,
    /// With the same fault: failed before, passes now.
    Unnoticed,
    NewlySkipped,
    /// No longer planned.
    Vanished,
    /// Skipped before, fails now.
    FailingUntested,
    New,
    StillFailing,
    Known,
    FailureSkipped,
    Fixed,
    /// With the same fault: passed before, fails now.
    Noticed,
    /// Skipped before, passes now.
    Tested,
}

impl Kind {
    /// All, the worst first, with words after a number of cases.
    const WORDS: [(Self, &'static str); 13] = [
        (Self::UnexpectedPass, "unexpectedly passing"),
        (Self::NewlyFailing, "newly failing"),
        (Self::Unnoticed, "no longer reporting the fault"),
        (Self::NewlySkipped, "newly skipped"),
        (Self::Vanished, "vanished"),
        (Self::FailingUntested, "failing, skipped before"),
        (Self::New, "new"),
        (Self::StillFailing, "still failing"),
        (Self::Known, "failing as expected"),
        (Self::FailureSkipped, "skipped, failing before"),
        (Self::Fixed, "fixed"),
        (Self::Noticed, "newly reporting the fault"),
        (Self::Tested, "no longer skipped"),
    ];

    pub(crate) fn all() -> impl Iterator<Item = Self> {
        Self::WORDS.into_iter().map(|(kind, _)| kind)
    }

    pub(crate) fn words(self) -> &'static str {
        Self::WORDS.iter().find(|(kind, _)| *kind == self).map_or("", |(_, words)| words)
    }

    pub(crate) fn is_regression(self) -> bool {
        matches!(self, Self::NewlyFailing | Self::Unnoticed | Self::NewlySkipped | Self::Vanished)
    }
}

/// A case that changed or needs attention.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Change {
    #[serde(skip)]
    pub(crate) kind: Kind,
    pub(crate) case: String,
    /// Its run, if there are several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) run: Option<String>,
    /// State in OLD, if planned.
    pub(crate) old: Option<State>,
    /// State in NEW, if planned.
    pub(crate) new: Option<State>,
    /// Reason of a skip, an error or a missing end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) findings: Vec<Finding>,
    /// Whether it failed before with the same findings.
    #[serde(skip)]
    pub(crate) alike: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) known: Option<Entry>,
}

#[derive(Debug, Clone, Serialize)]
pub(crate) struct KnownUse {
    pub(crate) file: String,
    pub(crate) expired: Vec<Entry>,
    /// Active entries that match no case of NEW.
    pub(crate) unmatched: Vec<Entry>,
}

#[derive(Debug)]
pub(crate) struct Comparison {
    pub(crate) old: Side,
    pub(crate) new: Side,
    pub(crate) differences: Vec<Difference>,
    /// Number of cases that both files plan.
    pub(crate) compared: usize,
    /// In the order of the plan.
    pub(crate) changes: Vec<Change>,
    /// Number of planned cases by run and configuration: the maximum of both files.
    pub(crate) planned: HashMap<(Option<String>, String), usize>,
    pub(crate) registers: Registers,
    /// Changed warnings and notes.
    pub(crate) facts: Vec<FactChange>,
    pub(crate) known: Option<KnownUse>,
}

impl Comparison {
    pub(crate) fn of_files(old: &Path, new: &Path, known: Option<&Path>) -> Result<Self, DiffError> {
        let known = known.map(|path| Known::read(path, Date::today())).transpose()?;
        Self::of(&Stored::read(old)?, &Stored::read(new)?, known.as_ref())
    }

    pub(crate) fn of(old: &Stored, new: &Stored, known: Option<&Known>) -> Result<Self, DiffError> {
        let pairs = pairs(old, new)?;
        let known_use = known.map(|known| {
            let plans: Vec<&str> = new.runs.iter().flat_map(|run| &run.started.plan).map(String::as_str).collect();
            let unmatched = known.unmatched(&plans).into_iter().cloned().collect();
            KnownUse { file: known.file.clone(), expired: known.expired.clone(), unmatched }
        });
        let side = |stored: &Stored| Side::of(&stored.file, &stored.runs, &stored.stray);
        Ok(Self::of_pairs(side(old), side(new), &pairs, known.zip(known_use)))
    }

    fn of_pairs(old: Side, new: Side, pairs: &[Pair<'_>], known: Option<(&Known, KnownUse)>) -> Self {
        let differences = differences(&old, &new);
        let mut runs = pairs.iter().flat_map(|pair| [pair.old, pair.new]).flatten();
        let listed = runs.all(|run| registers::has_lists(&run.record));
        let comparable = registers::why_not(&differences, listed);
        let (known, known_use) = known.unzip();
        let mut comparison = Self {
            old,
            new,
            differences,
            compared: 0,
            changes: Vec::new(),
            planned: HashMap::new(),
            registers: Registers { not_compared: comparable, ..Registers::default() },
            facts: Vec::new(),
            known: known_use,
        };
        let mut registers = registers::Collecting::default();
        let mut facts = facts::Collecting::default();
        for pair in pairs {
            comparison.compare_plans(pair, known);
            if let (Some(old), Some(new)) = (pair.old, pair.new) {
                if comparison.registers.not_compared.is_none() {
                    registers.take(pair.label.as_deref(), &old.record, &new.record);
                }
                facts.take(pair.label.as_deref(), old, new);
            }
        }
        (comparison.registers.appeared, comparison.registers.gone) = registers.finish();
        comparison.facts = facts.finish();
        comparison
    }

    /// Compares two files of one run each.
    pub(crate) fn of_runs(old: (&str, &StoredRun), new: (&str, &StoredRun)) -> Self {
        let pair = Pair { old: Some(old.1), new: Some(new.1), label: None };
        let side = |(file, run): (&str, &StoredRun)| Side::of(file, std::slice::from_ref(run), &Stray::default());
        Self::of_pairs(side(old), side(new), &[pair], None)
    }

    pub(crate) fn of_kind(&self, kind: Kind) -> impl Iterator<Item = &Change> {
        self.changes.iter().filter(move |change| change.kind == kind)
    }

    pub(crate) fn regressions(&self) -> usize {
        self.changes.iter().filter(|change| change.kind.is_regression()).count()
    }

    pub(crate) fn unexpected_passes(&self) -> usize {
        self.of_kind(Kind::UnexpectedPass).count()
    }

    /// A sentence for each useless entry of expected failures.
    pub(super) fn useless_entries(&self) -> Vec<String> {
        let of = |known: &KnownUse| useless_entries(&known.file, &known.expired, &known.unmatched);
        self.known.as_ref().map(of).unwrap_or_default()
    }

    pub(crate) fn is_worse(&self) -> bool {
        self.regressions() + self.unexpected_passes() > 0
    }

    fn compare_plans(&mut self, pair: &Pair<'_>, known: Option<&Known>) {
        let (old, new) = (pair.old.map(States::of), pair.new.map(States::of));
        // With the same fault in both runs, failures are expected.
        let fault = |run: Option<&StoredRun>| run.and_then(|run| run.started.fault.clone());
        let same_fault = pair.old.is_some() && fault(pair.old).is_some() && fault(pair.old) == fault(pair.new);
        let known = known.filter(|_| !same_fault);
        let mut seen: HashSet<&str> = HashSet::new();
        let mut planned: HashMap<(bool, &str), usize> = HashMap::new();
        for case in [pair.new, pair.old].into_iter().flatten().flat_map(|run| &run.started.plan) {
            if !seen.insert(case) {
                continue;
            }
            let (was, is) = (
                old.as_ref().and_then(|states| states.state(case)),
                new.as_ref().and_then(|states| states.state(case)),
            );
            self.compared += usize::from(was.is_some() && is.is_some());
            for (in_new, state) in [(false, was), (true, is)] {
                *planned.entry((in_new, configuration(case))).or_default() += usize::from(state.is_some());
            }
            let entry = known.and_then(|known| known.entry(case));
            let Some(kind) = kind(was, is, entry.is_some(), same_fault) else {
                continue;
            };
            let shown = new.as_ref().filter(|_| is.is_some()).or(old.as_ref());
            let findings = new.as_ref().map(|states| states.failing(case)).unwrap_or_default();
            let before = old.as_ref().map(|states| states.failing(case)).unwrap_or_default();
            self.changes.push(Change {
                kind,
                case: case.clone(),
                run: pair.label.clone(),
                old: was,
                new: is,
                reason: shown.and_then(|states| states.reason(case)),
                alike: findings == before,
                findings,
                known: entry.filter(|_| matches!(kind, Kind::UnexpectedPass | Kind::Known)).cloned(),
            });
        }
        for ((_, configuration), count) in planned {
            let most = self.planned.entry((pair.label.clone(), configuration.to_owned())).or_default();
            *most = count.max(*most);
        }
    }
}

/// The kind of a change; none without change.
fn kind(old: Option<State>, new: Option<State>, is_known: bool, same_fault: bool) -> Option<Kind> {
    let is_bad = |state: Option<State>| state.is_some_and(State::is_bad);
    let known_failure = |state| is_known && state == Some(State::Fail);
    Some(match (old, new) {
        (_, Some(State::Pass)) if is_known => Kind::UnexpectedPass,
        (_, new) if known_failure(new) => Kind::Known,
        (Some(_), None) => Kind::Vanished,
        (None, Some(_)) => Kind::New,
        // The case still reports the fault.
        (Some(State::Fail), Some(State::Fail)) if same_fault => return None,
        (Some(State::Pass), Some(State::Fail)) if same_fault => Kind::Noticed,
        (Some(State::Fail), Some(State::Pass)) if same_fault => Kind::Unnoticed,
        (Some(State::Pass), new) if is_bad(new) => Kind::NewlyFailing,
        (old, new) if known_failure(old) && is_bad(new) => Kind::NewlyFailing,
        (Some(State::Pass), Some(State::Skip)) => Kind::NewlySkipped,
        (Some(State::Skip), Some(State::Pass)) => Kind::Tested,
        (Some(State::Skip), new) if is_bad(new) => Kind::FailingUntested,
        (old, Some(State::Skip)) if is_bad(old) => Kind::FailureSkipped,
        (old, Some(State::Pass)) if is_bad(old) => Kind::Fixed,
        (old, new) if is_bad(old) && is_bad(new) => Kind::StillFailing,
        _ => return None,
    })
}

/// Two corresponding runs, or one without counterpart.
struct Pair<'r> {
    old: Option<&'r StoredRun>,
    new: Option<&'r StoredRun>,
    /// Describes the run, if there are several.
    label: Option<String>,
}

/// Pairs the runs of two files: two single runs, else runs of the same round.
fn pairs<'r>(old: &'r Stored, new: &'r Stored) -> Result<Vec<Pair<'r>>, DiffError> {
    if let ([old], [new]) = (old.runs.as_slice(), new.runs.as_slice()) {
        return Ok(vec![Pair { old: Some(old), new: Some(new), label: None }]);
    }
    let old_rounds: BTreeMap<Round, &StoredRun> = old.runs.iter().map(|run| (run.round(), run)).collect();
    let new_rounds: BTreeSet<Round> = new.runs.iter().map(StoredRun::round).collect();
    let in_both = new_rounds.iter().filter(|round| old_rounds.contains_key(round)).count();
    if old.runs.len() == 1 || new.runs.len() == 1 || in_both == 0 {
        return Err(DiffError::Apart {
            old: old.file.clone(),
            new: new.file.clone(),
            old_runs: old.runs.len(),
            new_runs: new.runs.len(),
        });
    }
    let mut pairs: Vec<Pair<'r>> = Vec::new();
    for run in &new.runs {
        let round = run.round();
        let old = old_rounds.get(&round).copied();
        pairs.push(Pair { old, new: Some(run), label: Some(round.words()) });
    }
    for run in old.runs.iter().filter(|run| !new_rounds.contains(&run.round())) {
        pairs.push(Pair { old: Some(run), new: None, label: Some(run.round().words()) });
    }
    Ok(pairs)
}
