// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The rows of the matrix: what came of each fault.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use clap::ValueEnum as _;
use reglist_suite::clause::{Clauses, Level};
use reglist_suite::fault::{Fault, Place, Right, Said, Tried};
use reglist_suite::report::events::{CaseFinished, Finding, Outcome, SubjectKind};
use serde::Serialize;

use super::rounds::{Round, Rounds, place};
use crate::report::id::each_once;
use crate::report::words::ranges;

/// What stands in the matrix for a fault of the kernel alone.
const TROUBLE: &str = "trouble in place of wrong answers; `reglist lab --fault NAME` boots a kernel for it";

#[derive(Debug, Serialize)]
pub(super) struct FaultRow {
    pub(super) name: String,
    /// What it does, in one sentence; empty where this program does not know it.
    pub(super) sentence: String,
    /// The heading below which it stands.
    pub(super) section: &'static str,
    /// The configuration in which it shows.
    pub(super) configuration: String,
    /// Whether registers beyond the expected list are only reported meanwhile.
    pub(super) allow_new: bool,
    #[serde(flatten)]
    pub(super) state: State,
    /// What was said of it and not of the right subject, a clause at a time, in
    /// the order in which they spoke.
    pub(super) noticed: Vec<Noticed>,
    /// The only clause that notices it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) alone: Option<String>,
    /// Sum of its cases' durations, in microseconds.
    pub(super) duration_us: u64,
}

#[derive(Debug, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub(super) enum State {
    /// It was noticed as it should be.
    Noticed,
    /// It was tried, and something is wrong.
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

/// The mistakes of the checks about a fault.
#[derive(Debug, Serialize)]
pub(super) struct Wrong {
    /// Broken clauses that were not noticed as they should be.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) unnoticed: Vec<Unnoticed>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) accused: Vec<Accused>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) in_error: Vec<InError>,
}

/// The finding that is missing of a clause.
#[derive(Debug, Serialize)]
pub(super) struct Unnoticed {
    pub(super) clause: &'static str,
    pub(super) registers: &'static [&'static str],
    /// The registers that must come before.
    pub(super) after: &'static [&'static str],
    /// First and last of the entries to be named.
    pub(super) entries: Option<[usize; 2]>,
}

#[derive(Debug, Serialize)]
pub(super) struct Accused {
    pub(super) check: String,
    pub(super) finding: Finding,
}

/// A case that ended in error.
#[derive(Debug, Serialize)]
pub(super) struct InError {
    pub(super) case: String,
    pub(super) reason: String,
}

/// What a clause has to do with a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Role {
    Broken,
    /// It may be found broken on top.
    Consequence,
    /// Something is only noted about it.
    Note,
    Accused,
}

/// The findings of a fault about one clause.
#[derive(Debug, Serialize)]
pub(super) struct Noticed {
    pub(super) clause: String,
    /// The strictest level of what was said.
    pub(super) level: Level,
    /// What the clause has to do with the fault.
    pub(super) role: Role,
    pub(super) checks: Vec<String>,
    pub(super) registers: Vec<String>,
    /// The entries that they named, as ranges.
    pub(super) entries: Vec<String>,
}

impl FaultRow {
    /// What is wrong with what was said of it.
    pub(super) fn wrong(&self) -> Option<&Wrong> {
        if let State::Wrong(wrong) = &self.state { Some(wrong) } else { None }
    }

    /// Whether its round came to its end.
    pub(super) fn was_tried(&self) -> bool {
        matches!(self.state, State::Noticed | State::Wrong(_))
    }

    /// The configuration, and what is special about the round.
    pub(super) fn place(&self) -> String {
        place(&self.configuration, self.allow_new)
    }

    /// What was said about a clause.
    pub(super) fn noticed_by(&self, clause: &str) -> Option<&Noticed> {
        self.noticed.iter().find(|noticed| noticed.clause == clause)
    }
}

/// A row for each fault, also for those that were not tried.
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
        (Place::Kernel, _) => return State::Impossible { reason: TROUBLE },
        (Place::Model(reason), SubjectKind::Kvm) => return State::Impossible { reason },
        _ => {}
    }
    // All rounds to compare with come first, so they tell what was asked for.
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
        noticed: Vec::new(),
        alone: None,
        duration_us: 0,
    }
}

/// A fault of another version of the suite.
fn foreign(name: &str, round: &Round) -> FaultRow {
    FaultRow {
        name: name.to_owned(),
        sentence: String::new(),
        section: "unknown",
        configuration: round.key.configuration.clone(),
        allow_new: round.key.allow_new,
        state: State::NotTried { reason: "this program does not know the fault".to_owned() },
        noticed: Vec::new(),
        alone: None,
        duration_us: round.duration_us(),
    }
}

fn tried(fault: Fault, round: &Round, right: &Right, catalogue: &Clauses) -> FaultRow {
    let (configuration, allow_new) = (round.key.configuration.clone(), round.key.allow_new);
    let duration_us = round.duration_us();
    let row = FaultRow { configuration, allow_new, duration_us, ..untried(fault, State::NotReached) };
    if let Some(trouble) = round.trouble() {
        return FaultRow { state: State::NotTried { reason: trouble }, ..row };
    }
    let Some(tried) = right.compare(fault, &row.configuration, allow_new, &round.cases, catalogue) else {
        let reason = "the round without a fault, which it is compared with, is missing or says nothing";
        return FaultRow { state: State::NotTried { reason: reason.to_owned() }, ..row };
    };
    let noticed = noticed(&tried);
    FaultRow { alone: alone(&tried, &noticed), noticed, state: state(tried, &round.cases), ..row }
}

fn state(tried: Tried, cases: &[CaseFinished]) -> State {
    if tried.is_right() {
        return State::Noticed;
    }
    let unnoticed = tried.judgement.unnoticed.into_iter().map(|broken| Unnoticed {
        clause: broken.clause,
        registers: broken.registers,
        after: broken.after,
        entries: broken.entries.map(RangeInclusive::into_inner).map(<[usize; 2]>::from),
    });
    let accused = tried.judgement.accused.into_iter().map(|Said { check, finding }| Accused { check, finding });
    let in_error = cases.iter().filter(|case| case.outcome == Outcome::Error).map(|case| InError {
        case: case.case.clone(),
        reason: case.reason.clone().unwrap_or_else(|| "no reason given".to_owned()),
    });
    State::Wrong(Wrong { unnoticed: unnoticed.collect(), accused: accused.collect(), in_error: in_error.collect() })
}

fn noticed(tried: &Tried) -> Vec<Noticed> {
    let expected = tried.fault.expected();
    let all = |words: &mut dyn Iterator<Item = &str>| -> Vec<String> {
        each_once(words, |word| word).into_iter().map(str::to_owned).collect()
    };
    let gather = |clause: &str| {
        let about: Vec<&Said> = tried.said.iter().filter(|said| said.finding.clause == clause).collect();
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
        let entries: BTreeSet<usize> = findings().flat_map(entries).collect();
        Noticed {
            clause: clause.to_owned(),
            level,
            role,
            checks: all(&mut about.iter().map(|said| said.check.as_str())),
            registers: all(&mut findings().filter_map(|finding| Some(finding.register.as_ref()?.name.as_str()))),
            entries: ranges(&entries.into_iter().collect::<Vec<_>>()),
        }
    };
    each_once(tried.said.iter().map(|said| said.finding.clause.as_str()), |clause| clause)
        .into_iter()
        .map(gather)
        .collect()
}

fn entries(finding: &Finding) -> impl Iterator<Item = usize> + use<> {
    let last = finding.last_entry;
    finding.entry.into_iter().flat_map(move |first| first..=last.unwrap_or(first))
}

/// The clause without which the fault would go unnoticed: the only one of which
/// something is said that is more than a note; among notes, the only one at
/// all. What is wrongly said counts for nothing, and a case in error might have
/// said more.
fn alone(tried: &Tried, noticed: &[Noticed]) -> Option<String> {
    let matters = |noticed: &&Noticed| noticed.level != Level::Note;
    let any = noticed.iter().any(|noticed| matters(&noticed));
    let mut speaking = noticed.iter().filter(|noticed| !any || matters(noticed));
    let first = speaking.next().filter(|_| tried.in_error.is_empty())?;
    (speaking.next().is_none() && first.role != Role::Accused).then(|| first.clause.clone())
}
