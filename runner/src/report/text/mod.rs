// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The text report of a run: a table of configurations and themes, grouped
//! findings, and the verdict last. It depends only on the events.

mod cases;
mod coverage;
mod findings;
mod guesses;
mod known;
mod lists;
mod reasons;
mod review;
mod side_by_side;
mod table;
pub(crate) mod verdict;

use std::fmt::Write as _;

use reglist_suite::arch;
use reglist_suite::report::events::RunStarted;
use reglist_suite::report::new_registers;

pub(crate) use side_by_side::{Compared, side_by_side};

use crate::record::Record;
use crate::record::known::Judged;
use crate::report::groups;
use crate::report::likeness;
use crate::system::verbosity::Verbosity;

/// The report; verbose adds a line per case. A run that did not start has at most a review.
pub(crate) fn text(record: &Record, verbosity: Verbosity, judged: Option<&Judged>) -> String {
    let mut text = reviewed(record, verbosity);
    let Some(started) = &record.started else {
        return text;
    };
    if !verbosity.is_quiet() {
        verdict::write_subject(&mut text, started);
    }
    let has_results = record.has_learnt() && !record.is_not_implemented();
    if has_results && !verbosity.is_quiet() {
        facts(&mut text, record, started, verbosity);
    }
    let mut failures = String::new();
    if has_results {
        self::failures(&mut failures, record, started, verbosity);
    }
    if let Some(judged) = judged {
        known::write(&mut failures, judged);
    }
    if !failures.is_empty() {
        // Nothing is above the failures of a quiet report.
        text.push_str(if text.is_empty() { failures.trim_start_matches('\n') } else { &failures });
        text.push('\n');
    }
    verdict::write(&mut text, record, started, judged);
    text
}

/// The review of the patches; empty without one.
pub(crate) fn reviewed(record: &Record, verbosity: Verbosity) -> String {
    let mut text = String::new();
    if let Some(found) = &record.review {
        review::write(&mut text, found, verbosity);
    }
    text
}

/// What the run was, and what fails nothing.
fn facts(text: &mut String, record: &Record, started: &RunStarted, verbosity: Verbosity) {
    let groups = groups::grouped(record.ended());
    table::write(text, record, started, verbosity.is_verbose());
    if verbosity.is_verbose() {
        cases::write(text, record, started);
    }
    coverage::write(text, record, verbosity);
    new_registers(text, record, started);
    if verbosity.is_verbose() {
        findings::write_notes(text, &groups, record);
    }
    verdict::write_circumstances(text, started);
    if !verbosity.is_verbose() {
        findings::count_notes(text, &groups);
    }
}

/// What a reader acts on. It comes last, where the terminal stops.
fn failures(text: &mut String, record: &Record, started: &RunStarted, verbosity: Verbosity) {
    reasons::write(text, record, started);
    findings::write(text, &groups::grouped(record.ended()), started);
    if verbosity.is_verbose() {
        lists::write(text, record, started);
    }
    guesses::write(text, &likeness::guesses(record));
    coverage::write_suspects(text, record);
}

/// YAML for registers that the specification lacks, ready to paste.
fn new_registers(text: &mut String, record: &Record, started: &RunStarted) {
    let findings = record.ended().flat_map(|case| &case.findings);
    let arch = arch::by_name(&started.architecture);
    if let Some(yaml) = arch.and_then(|arch| new_registers::as_yaml(findings, arch)) {
        let _ = writeln!(text, "\n{}", yaml.trim_end());
    }
}

#[cfg(test)]
mod tests;
