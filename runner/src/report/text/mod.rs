// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The text report of a run: a table of configurations and themes, grouped
//! findings, and the verdict last. It depends only on the events.

mod cases;
mod compared;
mod findings;
mod known;
mod new_registers;
mod reasons;
mod side_by_side;
mod table;
pub(crate) mod verdict;

use reglist_suite::report::events::RunStarted;

pub(crate) use compared::Compared;
pub(crate) use side_by_side::side_by_side;

use crate::record::Record;
use crate::record::known::Judged;
use crate::report::groups;
use crate::system::verbosity::Verbosity;

/// The report without expected failures.
pub(crate) fn text(record: &Record, verbosity: Verbosity) -> String {
    judged_text(record, verbosity, None)
}

/// The report; verbose adds a line per case. Empty for a run that did not start.
pub(crate) fn judged_text(record: &Record, verbosity: Verbosity, judged: Option<&Judged>) -> String {
    let mut text = String::new();
    let Some(started) = &record.started else {
        return text;
    };
    if !verbosity.is_quiet() {
        verdict::write_subject(&mut text, started);
    }
    if record.has_learnt() && !record.is_not_implemented() {
        results(&mut text, record, started, verbosity);
    }
    if let Some(judged) = judged {
        known::write(&mut text, judged);
    }
    verdict::write(&mut text, record, started, judged);
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
