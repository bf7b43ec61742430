// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The matrix as a JSON document, for programs. Members are only ever added;
//! what changes the meaning of one raises [`FORMAT`].

use reglist_suite::clause::Level;
use reglist_suite::report::events::{Finding, SubjectKind};
use serde::Serialize;

use super::data::Matrix;
use super::fault::{FaultRow, Role, State};
use super::verdict::{Totals, Verdict};

/// Version of the document's format.
const FORMAT: u32 = 1;

/// The document.
#[derive(Debug, Serialize)]
struct Document<'m> {
    /// [`FORMAT`].
    format: u32,
    /// Version of the suite.
    suite: &'m str,
    /// What was tested: `kvm` or `model`.
    subject: SubjectKind,
    /// Architecture of the register list, as `uname -m` spells it.
    architecture: &'m str,
    /// Kernel release and version, as `uname -rv` prints them.
    kernel: &'m str,
    /// CPU model; empty where the kernel does not tell.
    cpu: &'m str,
    /// The revision of the expected list.
    series: &'m str,
    /// Where random orders began.
    seed: u64,
    /// Whether a broken `should` clause fails a case.
    strict: bool,
    /// Whether the run came to its end; if not, the verdict is only of what there is.
    complete: bool,
    /// `all_noticed`, `not_all_noticed` or `nothing_tried`.
    verdict: Verdict,
    /// Number of faults by what came of them.
    totals: Totals,
    /// Sum of all cases' wall times in microseconds.
    duration_us: u64,
    /// The rounds without a fault, which the others are compared with.
    right: Vec<Right<'m>>,
    /// The clauses, in the catalogue's order.
    clauses: Vec<Clause<'m>>,
    /// The faults, in the order in which they are tried.
    faults: Vec<Fault<'m>>,
}

/// A round without a fault.
#[derive(Debug, Serialize)]
struct Right<'m> {
    /// The configuration.
    configuration: &'m str,
    /// Whether registers beyond the expected list were only reported.
    allow_new: bool,
    /// Whether all is as it should be.
    passed: bool,
    /// Number of cases that ended.
    cases: usize,
    /// Cases that did not pass.
    broken: &'m [String],
    /// Why the round says nothing; absent if it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'m str>,
    /// Sum of its cases' wall times in microseconds.
    duration_us: u64,
}

/// A clause.
#[derive(Debug, Serialize)]
struct Clause<'m> {
    /// Its id.
    id: &'m str,
    /// `must`, `should` or `note`.
    level: Level,
    /// "A conforming kernel ..."
    demand: &'m str,
    /// Faults that it noticed at its level, rightly.
    noticed: &'m [String],
    /// Those among them that no other clause noticed.
    alone: &'m [String],
    /// Whether every fault would be noticed without it; null where a fault that
    /// it might notice alone was not tried.
    redundant: Option<bool>,
}

/// A fault.
#[derive(Debug, Serialize)]
struct Fault<'m> {
    /// Its name.
    name: &'m str,
    /// What it does.
    sentence: &'m str,
    /// The heading below which it stands.
    section: &'m str,
    /// The configuration in which it shows.
    configuration: &'m str,
    /// Whether registers beyond the expected list were only reported.
    allow_new: bool,
    /// `noticed`, `wrong`, `not_tried`, `not_reached`, `not_selected` or `impossible`.
    state: &'static str,
    /// Why it was not tried.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'m str>,
    /// What was said of it and not of the right subject.
    noticed: Vec<Noticed<'m>>,
    /// The only clause that noticed it.
    #[serde(skip_serializing_if = "Option::is_none")]
    alone: Option<&'m str>,
    /// What was not noticed as it should be.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    unnoticed: Vec<Unnoticed<'m>>,
    /// What was wrongly said.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    accused: Vec<Accused<'m>>,
    /// Cases that ended in error.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    in_error: Vec<InError<'m>>,
    /// Sum of its cases' wall times in microseconds.
    duration_us: u64,
}

/// What the checks of a clause said.
#[derive(Debug, Serialize)]
struct Noticed<'m> {
    /// The clause.
    clause: &'m str,
    /// The strictest level of what was said.
    level: Level,
    /// `broken`, `consequence`, `note` or `accused`: what the clause has to do
    /// with the fault.
    role: &'static str,
    /// The checks that said it.
    checks: &'m [String],
    /// The registers that they named.
    registers: &'m [String],
    /// The entries that they named, from 0, as `7` or `3-5`.
    entries: &'m [String],
}

/// What should have been said of a clause.
#[derive(Debug, Serialize)]
struct Unnoticed<'m> {
    /// The clause.
    clause: &'m str,
    /// The registers to be named.
    registers: &'m [&'static str],
    /// The registers that must come before.
    after: &'m [&'static str],
    /// First and last of the entries to be named.
    entries: Option<[usize; 2]>,
}

/// What was wrongly said.
#[derive(Debug, Serialize)]
struct Accused<'m> {
    /// The check that said it.
    check: &'m str,
    /// As it stands in the events.
    finding: &'m Finding,
}

/// A case that ended in error.
#[derive(Debug, Serialize)]
struct InError<'m> {
    /// The case's id.
    case: &'m str,
    /// Why.
    reason: &'m str,
}

/// The document's text.
///
/// # Errors
/// Where serde_json cannot serialize it, which no matrix can cause.
pub(super) fn text(matrix: &Matrix) -> serde_json::Result<String> {
    Ok(serde_json::to_string_pretty(&Document::of(matrix))? + "\n")
}

impl<'m> Document<'m> {
    fn of(matrix: &'m Matrix) -> Self {
        let started = &matrix.started;
        let right = matrix.right.iter().map(|round| Right {
            configuration: &round.configuration,
            allow_new: round.allow_new,
            passed: round.passed(),
            cases: round.cases,
            broken: &round.broken,
            reason: round.trouble.as_deref(),
            duration_us: round.duration_us,
        });
        let clauses = matrix.clauses.iter().map(|clause| Clause {
            id: &clause.id,
            level: clause.level,
            demand: &clause.demand,
            noticed: &clause.noticed,
            alone: &clause.alone,
            redundant: clause.redundant,
        });
        Self {
            format: FORMAT,
            suite: &started.suite,
            subject: started.subject,
            architecture: &started.architecture,
            kernel: &started.kernel,
            cpu: &started.cpu,
            series: &started.series,
            seed: started.seed,
            strict: started.strict,
            complete: matrix.is_complete(),
            verdict: matrix.verdict(),
            totals: matrix.totals(),
            duration_us: matrix.duration_us,
            right: right.collect(),
            clauses: clauses.collect(),
            faults: matrix.faults.iter().map(Fault::of).collect(),
        }
    }
}

impl<'m> Fault<'m> {
    fn of(row: &'m FaultRow) -> Self {
        let (state, reason) = match &row.state {
            State::Noticed => ("noticed", None),
            State::Wrong(_) => ("wrong", None),
            State::NotTried(reason) => ("not_tried", Some(reason.as_str())),
            State::NotReached => ("not_reached", None),
            State::NotSelected => ("not_selected", None),
            State::Impossible(reason) => ("impossible", Some(*reason)),
        };
        let wrong = row.wrong();
        let unnoticed = wrong.iter().flat_map(|wrong| &wrong.unnoticed).map(|broken| Unnoticed {
            clause: broken.clause,
            registers: broken.registers,
            after: broken.after,
            entries: broken.entries.as_ref().map(|entries| [*entries.start(), *entries.end()]),
        });
        let accused = wrong.iter().flat_map(|wrong| &wrong.accused);
        let in_error = wrong.iter().flat_map(|wrong| &wrong.in_error);
        Self {
            name: &row.name,
            sentence: &row.sentence,
            section: row.section,
            configuration: &row.configuration,
            allow_new: row.allow_new,
            state,
            reason,
            noticed: row.noticed.iter().map(Noticed::of).collect(),
            alone: row.alone.as_deref(),
            unnoticed: unnoticed.collect(),
            accused: accused.map(|said| Accused { check: &said.check, finding: &said.finding }).collect(),
            in_error: in_error.map(|(case, reason)| InError { case, reason }).collect(),
            duration_us: row.duration_us,
        }
    }
}

impl<'m> Noticed<'m> {
    fn of(noticed: &'m super::fault::Noticed) -> Self {
        Self {
            clause: &noticed.clause,
            level: noticed.level,
            role: match noticed.role {
                Role::Broken => "broken",
                Role::Consequence => "consequence",
                Role::Note => "note",
                Role::Accused => "accused",
            },
            checks: &noticed.checks,
            registers: &noticed.registers,
            entries: &noticed.entries,
        }
    }
}
