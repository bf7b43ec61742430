// SPDX-License-Identifier: Apache-2.0 OR MIT
//! A run for people: a table of configurations and themes, the findings with
//! what they have in common said once, and the verdict last. A function of the
//! events alone.

mod cases;
mod compared;
mod findings;
mod known;
mod new_registers;
mod reasons;
mod side_by_side;
mod table;
pub(crate) mod verdict;

use reglist_suite::report::events::{RunStarted, Verdict};

pub(crate) use compared::Compared;
pub(crate) use side_by_side::side_by_side;

use crate::record::known::Judged;
use crate::record::stream::Record;
use crate::report::groups;
use crate::system::verbosity::Verbosity;

/// The whole report where no failure is known.
pub(crate) fn text(record: &Record, verbosity: Verbosity) -> String {
    judged_text(record, verbosity, None)
}

/// The whole report, with a line for each case if it is to be `verbose`; empty
/// for a run that never started. Failures may be known.
pub(crate) fn judged_text(record: &Record, verbosity: Verbosity, judged: Option<&Judged>) -> String {
    let mut text = String::new();
    let Some(started) = &record.started else {
        return text;
    };
    let finished = record.finished.as_ref();
    let tested = record.running.is_some() || !record.ended.is_empty();
    if !verbosity.is_quiet() {
        verdict::write_subject(&mut text, started);
    }
    if tested && finished.is_none_or(|finished| finished.verdict != Verdict::NotImplemented) {
        results(&mut text, record, started, verbosity);
    }
    if let Some(judged) = judged {
        known::write(&mut text, judged);
    }
    if let Some(finished) = finished {
        verdict::write(&mut text, started, finished, judged);
    }
    text
}

fn results(text: &mut String, record: &Record, started: &RunStarted, verbosity: Verbosity) {
    let groups = groups::grouped(&record.ended);
    if verbosity.is_quiet() {
        let mut failed = String::new();
        reasons::write(&mut failed, record, started);
        findings::write(&mut failed, &groups, started);
        if !failed.is_empty() {
            text.push_str(failed.trim_start_matches('\n'));
            text.push('\n');
        }
        return;
    }
    table::write(text, record, started);
    if verbosity.is_verbose() {
        cases::write(text, record, started);
    }
    reasons::write(text, record, started);
    findings::write(text, &groups, started);
    new_registers::write(text, record, started);
    findings::write_notes(text, &groups, record);
    verdict::write_circumstances(text, started);
}

#[cfg(test)]
mod tests;
