// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The rows of the matrix: the result of each fault.

use std::ops::RangeInclusive;

use clap::ValueEnum as _;
use indexmap::IndexMap;
use reglist_suite::fault::{Fault, Place, Right, Said, Tried};
use reglist_suite::report::events::{CaseFinished, Outcome, SubjectKind};
use reglist_suite::spec::clause::{Clauses, Level};
use serde::{Serialize, Serializer};

use super::rounds::{Round, Rounds, place};
use crate::report::groups::entries;
use crate::report::id::{by_key, each_once};

/// The reason of a fault that crashes a kernel.
const TROUBLE: &str = "a crash or a hang, no wrong answer; run `reglist lab --fault NAME`";
/// The reason of a fault that only a check of the kernel notices.
const CHECKED: &str = "right answers, noticed by a kernel that checks itself; run `reglist lab --debug --fault NAME`";

#[derive(Debug, Serialize)]
pub(super) struct FaultRow {
    pub(super) name: String,
    /// Its effect, in one sentence; empty for an unknown fault.
    pub(super) sentence: String,
    pub(super) section: &'static str,
    /// The configuration that shows it.
    pub(super) configuration: String,
    /// Whether unexpected registers are allowed.
    pub(super) allow_new: bool,
    #[serde(flatten)]
    pub(super) state: State,
    /// Findings that the round without a fault lacks, by clause, in order.
    #[serde(serialize_with = "values")]
    pub(super) noticed: IndexMap<String, Noticed>,
    /// The clause, if only one notices it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) alone: Option<String>,
    /// Sum of its cases' durations in microseconds.
    pub(super) duration_us: u64,
}

#[derive(Debug, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub(super) enum State {
    /// Correctly noticed.
    Noticed,
    /// Tried, with problems.
    Wrong(Wrong),
    NotTried {
        reason: String,
    },
    /// The stream ended before its round.
    NotReached,
    NotSelected,
    Impossible {
        reason: &'static str,
    },
}

/// The problems of the checks with a fault.
#[derive(Debug, Serialize)]
pub(super) struct Wrong {
    /// Broken clauses without the expected finding.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) unnoticed: Vec<Unnoticed>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) accused: Vec<Said>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) in_error: Vec<InError>,
}

#[derive(Debug, Serialize)]
pub(super) struct Unnoticed {
    pub(super) clause: &'static str,
    pub(super) registers: &'static [&'static str],
    pub(super) after: &'static [&'static str],
    /// First and last expected entry.
    pub(super) entries: Option<[usize; 2]>,
}

#[derive(Debug, Serialize)]
pub(super) struct InError {
    pub(super) case: String,
    pub(super) reason: String,
}

/// The role of a clause for a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Role {
    Broken,
    /// It may also be reported.
    Consequence,
    /// It has only notes.
    Note,
    Accused,
}

/// The findings of a fault about one clause.
#[derive(Debug, Serialize)]
pub(super) struct Noticed {
    pub(super) clause: String,
    /// The strictest level of its findings.
    pub(super) level: Level,
    pub(super) role: Role,
    pub(super) checks: Vec<String>,
    pub(super) registers: Vec<String>,
    /// The entries in the findings, as ranges.
    pub(super) entries: Vec<String>,
}

impl FaultRow {
    pub(super) fn wrong(&self) -> Option<&Wrong> {
        if let State::Wrong(wrong) = &self.state { Some(wrong) } else { None }
    }

    pub(super) fn was_tried(&self) -> bool {
        matches!(self.state, State::Noticed | State::Wrong(_))
    }

    pub(super) fn place(&self) -> String {
        place(&self.configuration, self.allow_new)
    }

    pub(super) fn noticed_by(&self, clause: &str) -> Option<&Noticed> {
        self.noticed.get(clause)
    }
}

fn values<S: Serializer>(noticed: &IndexMap<String, Noticed>, to: S) -> Result<S::Ok, S::Error> {
    to.collect_seq(noticed.values())
}

/// A row per fault, tried or not.
pub(super) fn rows(subject: SubjectKind, rounds: &Rounds, right: &Right, catalogue: &Clauses) -> Vec<FaultRow> {
    let known = Fault::value_variants().iter().map(|fault| {
        let name = fault.name();
        let round = rounds.with_fault().find(|(other, _)| *other == name).map(|(_, round)| round);
        match round {
            Some(round) => tried(*fault, round, right, catalogue),
            None => untried(*fault, absence(*fault, subject, rounds)),
        }
    });
    let unknown = rounds.with_fault().filter(|(name, _)| Fault::named(name).is_none());
    known.chain(unknown.map(|(name, round)| foreign(name, round))).collect()
}

fn absence(fault: Fault, subject: SubjectKind, rounds: &Rounds) -> State {
    match (fault.place(), subject) {
        (Place::KernelLog, SubjectKind::Model) => return State::Impossible { reason: "the model has no kernel log" },
        (Place::KernelCheck, _) => return State::Impossible { reason: CHECKED },
        (Place::Kernel, _) => return State::Impossible { reason: TROUBLE },
        (Place::Model(reason), SubjectKind::Kvm) => return State::Impossible { reason },
        _ => {}
    }
    // All rounds without a fault come first, so they show the selected configurations.
    let expected = fault.expected();
    if !rounds.came_to_faults || rounds.has_right(expected.configuration, expected.allow_new) {
        State::NotReached
    } else {
        State::NotSelected
    }
}

fn untried(fault: Fault, state: State) -> FaultRow {
    let expected = fault.expected();
    FaultRow {
        name: fault.name(),
        sentence: fault.sentence(),
        section: fault.section(),
        configuration: expected.configuration.to_owned(),
        allow_new: expected.allow_new,
        state,
        noticed: IndexMap::new(),
        alone: None,
        duration_us: 0,
    }
}

fn foreign(name: &str, round: &Round) -> FaultRow {
    FaultRow {
        name: name.to_owned(),
        sentence: String::new(),
        section: "unknown",
        configuration: round.configuration.clone(),
        allow_new: round.allow_new,
        state: State::NotTried { reason: "unknown fault".to_owned() },
        noticed: IndexMap::new(),
        alone: None,
        duration_us: round.duration_us(),
    }
}

fn tried(fault: Fault, round: &Round, right: &Right, catalogue: &Clauses) -> FaultRow {
    let (configuration, allow_new) = (round.configuration.clone(), round.allow_new);
    let duration_us = round.duration_us();
    let row = FaultRow { configuration, allow_new, duration_us, ..untried(fault, State::NotReached) };
    if let Some(trouble) = round.trouble() {
        return FaultRow { state: State::NotTried { reason: trouble }, ..row };
    }
    let Some(tried) = right.compare(fault, &row.configuration, allow_new, &round.cases, catalogue) else {
        let reason = "its round without a fault is missing or has no results";
        return FaultRow { state: State::NotTried { reason: reason.to_owned() }, ..row };
    };
    let noticed = noticed(&tried);
    FaultRow { alone: alone(&tried, &noticed), noticed, state: state(tried, &round.cases), ..row }
}

fn state(tried: Tried, cases: &[CaseFinished]) -> State {
    if tried.is_right() {
        return State::Noticed;
    }
    let unnoticed = tried.unnoticed.into_iter().map(|broken| Unnoticed {
        clause: broken.clause,
        registers: broken.registers,
        after: broken.after,
        entries: broken.entries.map(RangeInclusive::into_inner).map(<[usize; 2]>::from),
    });
    let in_error = cases.iter().filter(|case| case.outcome == Outcome::Error).map(|case| InError {
        case: case.case.clone(),
        reason: case.reason.clone().unwrap_or_else(|| "no reason given".to_owned()),
    });
    State::Wrong(Wrong { unnoticed: unnoticed.collect(), accused: tried.accused, in_error: in_error.collect() })
}

fn noticed(tried: &Tried) -> IndexMap<String, Noticed> {
    let expected = tried.fault.expected();
    let all = |words: &mut dyn Iterator<Item = &str>| -> Vec<String> {
        each_once(words, |word| word).into_iter().map(str::to_owned).collect()
    };
    let gather = |(clause, about): (&str, Vec<&Said>)| {
        let findings = || about.iter().map(|said| &said.finding);
        let level = findings().map(|finding| finding.level).min().unwrap_or(Level::Note);
        let role = if expected.broken.iter().any(|broken| broken.clause == clause) {
            Role::Broken
        } else if expected.consequences.contains(&clause) {
            Role::Consequence
        } else if level == Level::Note {
            Role::Note
        } else {
            Role::Accused
        };
        let noticed = Noticed {
            clause: clause.to_owned(),
            level,
            role,
            checks: all(&mut about.iter().map(|said| said.check.as_str())),
            registers: all(&mut findings().filter_map(|finding| Some(finding.register.as_ref()?.name.as_str()))),
            entries: entries(findings()),
        };
        (clause.to_owned(), noticed)
    };
    by_key(tried.said.iter().map(|said| (said.finding.clause.as_str(), said))).into_iter().map(gather).collect()
}

/// The only clause that notices the fault: the only one with more than a note,
/// else the only one with a note. None for an accused clause, or if a case ended in
/// error.
fn alone(tried: &Tried, noticed: &IndexMap<String, Noticed>) -> Option<String> {
    let matters = |noticed: &&Noticed| noticed.level != Level::Note;
    let any = noticed.values().any(|noticed| matters(&noticed));
    let mut speaking = noticed.values().filter(|noticed| !any || matters(noticed));
    let first = speaking.next().filter(|_| tried.in_error.is_empty())?;
    (speaking.next().is_none() && first.role != Role::Accused).then(|| first.clause.clone())
}
