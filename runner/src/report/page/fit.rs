// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Limits the size of a run and replaces control characters. A run of the suite
//! fits completely; a foreign file may not.

use std::collections::HashSet;

use reglist_suite::report::coverage::Coverage;
use reglist_suite::report::events::{CaseFinished, Event, Finding, Label, NamedRegister, RunStarted};
use reglist_suite::report::review::{Check, Note, Review, StackUse};

use crate::record::{End, Record};
use crate::report::groups::LONGEST_LIST;
use crate::report::stored::StoredRun;
use crate::report::words::cut;

/// Maximum findings of a case, and of a run.
const MOST_OF_CASE: usize = 500;
const MOST_OF_RUN: usize = 8_000;
/// Maximum labels of a run; the same for each part of its review.
const MOST_LABELS: usize = 64;
/// Maximum lines of a patch.
const MOST_LINES: usize = 5_000;
/// Maximum characters of a name, of an expected or observed text, and of a reason,
/// which may contain console lines.
const NAME: usize = 160;
const TEXT: usize = 1000;
const REASON: usize = 4000;

/// A run of the page.
#[derive(Debug)]
pub(crate) struct Input {
    pub(super) file: String,
    pub(super) run: StoredRun,
    /// Number of omitted findings.
    pub(super) left_out: usize,
}

impl Input {
    /// Takes a record; none if the run did not start.
    pub(crate) fn new(file: &str, record: &Record) -> Option<Self> {
        let started = start(record.started.as_ref()?);
        let mut fitting = Record::default();
        fitting.review = record.review.as_ref().map(review);
        fitting.add(Event::RunStarted(started.clone()));
        let (mut left_out, mut room) = (0, MOST_OF_RUN);
        for case in record.ended() {
            let taken = case.findings.len().min(MOST_OF_CASE).min(room);
            room -= taken;
            left_out += case.findings.len() - taken;
            fitting.add(Event::CaseFinished(CaseFinished {
                case: cut(&case.case, NAME),
                outcome: case.outcome,
                reason: case.reason.as_deref().map(|reason| cut(reason, REASON)),
                duration_us: case.duration_us,
                ioctls: case.ioctls,
                findings: case.findings.iter().take(taken).map(finding).collect(),
                listed: case.listed.iter().take(LONGEST_LIST).map(register).collect(),
                ran: case.ran.clone(),
            }));
        }
        for case in &record.running {
            fitting.add(Event::CaseStarted { case: cut(case, NAME) });
        }
        match &record.end {
            Some(End::Aborted { reason }) => fitting.add(Event::RunAborted { reason: cut(reason, REASON) }),
            Some(End::BrokenOff { by, reason }) => {
                fitting.add(Event::RunBrokenOff { by: *by, reason: cut(reason, REASON) })
            }
            Some(End::Finished(finished)) => fitting.add(Event::RunFinished(finished.clone())),
            None => true,
        };
        Some(Self { file: cut(file, TEXT), run: StoredRun { started, record: fitting }, left_out })
    }
}

fn start(started: &RunStarted) -> RunStarted {
    let mut known = HashSet::new();
    let mut plan: Vec<String> = started.plan.iter().map(|case| cut(case, NAME)).collect();
    plan.retain(|case| known.insert(case.clone()));
    let label = |label: &Label| Label { name: cut(&label.name, NAME), value: cut(&label.value, TEXT) };
    RunStarted {
        suite: cut(&started.suite, NAME),
        architecture: cut(&started.architecture, NAME),
        kernel: cut(&started.kernel, TEXT),
        cpu: cut(&started.cpu, TEXT),
        series: cut(&started.series, NAME),
        fault: started.fault.as_deref().map(|fault| cut(fault, NAME)),
        labels: started.labels.iter().take(MOST_LABELS).map(label).collect(),
        coverage: started.coverage.clone().map(coverage),
        plan,
        ..started.clone()
    }
}

/// The patch's lines. Blocks of omitted lines remain.
fn coverage(mut coverage: Box<Coverage>) -> Box<Coverage> {
    let mut room = MOST_LINES;
    for file in &mut coverage.files {
        file.name = cut(&file.name, TEXT);
        for hunk in &mut file.hunks {
            hunk.lines.truncate(room);
            room -= hunk.lines.len();
            for line in &mut hunk.lines {
                (line.text, line.function) = (cut(&line.text, TEXT), cut(&line.function, NAME));
            }
        }
        file.hunks.retain(|hunk| !hunk.lines.is_empty());
    }
    coverage
}

/// A review of bounded size. The number of all notes stays.
fn review(review: &Review) -> Review {
    let note = |note: &Note| Note {
        check: cut(&note.check, NAME),
        file: cut(&note.file, NAME),
        line: note.line,
        function: note.function.as_deref().map(|function| cut(function, NAME)),
        message: cut(&note.message, TEXT),
    };
    let used = |used: &StackUse| StackUse {
        file: cut(&used.file, NAME),
        function: cut(&used.function, NAME),
        bytes: used.bytes,
        base: used.base,
    };
    let check = |check: &Check| Check {
        name: cut(&check.name, NAME),
        tool: cut(&check.tool, NAME),
        missing: check.missing.as_deref().map(|missing| cut(missing, TEXT)),
    };
    let notes: Vec<Note> = review.notes.iter().take(MOST_LABELS).map(note).collect();
    Review {
        checks: review.checks.iter().take(MOST_LABELS).map(check).collect(),
        left_out: review.count().saturating_sub(notes.len()),
        notes,
        stack: review.stack.iter().take(MOST_LABELS).map(used).collect(),
        remarks: review.remarks.iter().take(MOST_LABELS).map(|remark| cut(remark, TEXT)).collect(),
    }
}

fn finding(finding: &Finding) -> Finding {
    Finding {
        clause: cut(&finding.clause, NAME),
        level: finding.level,
        register: finding.register.as_ref().map(register),
        after: finding.after.as_ref().map(register),
        entry: finding.entry,
        last_entry: finding.last_entry,
        ioctl: finding.ioctl.as_deref().map(|ioctl| cut(ioctl, NAME)),
        errno: finding.errno.as_deref().map(|errno| cut(errno, NAME)),
        expected: cut(&finding.expected, TEXT),
        observed: cut(&finding.observed, TEXT),
    }
}

fn register(register: &NamedRegister) -> NamedRegister {
    NamedRegister { name: cut(&register.name, NAME), id: register.id }
}
