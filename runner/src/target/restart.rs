// SPDX-License-Identifier: Apache-2.0 OR MIT
//! One run over several boots: after a kernel crash, the running case ends in
//! error, and the machine restarts for the remaining cases.
//!
//! If several cases were running, none of them is blamed: all run again, one at a time.

use std::io::{self, Write};

use reglist_suite::report::control;
use reglist_suite::report::events::{Breaker, CaseFinished, Event, Outcome, RunFinished};
use reglist_suite::report::review::Review;
use serde::{Deserialize, Serialize};

use crate::record::runs::Runs;

/// Maximum bytes of a run: ten times a run of every fault.
pub(crate) const MOST: usize = 64 << 20;

/// A run over several boots.
#[derive(Debug)]
pub(crate) struct Restarting<W> {
    runs: Runs,
    events: W,
    written: io::Result<()>,
    /// Bytes so far.
    taken: usize,
    /// Remaining restarts.
    left: u32,
    /// Whether the machine has restarted; then the suite reports a part of the run.
    again: bool,
    /// Cases that had ended at the last start.
    ended_before: usize,
    /// Crashes without a case to blame.
    unblamed: Vec<Cause>,
    /// Crashes while several cases were running, and these.
    shared: Vec<(Cause, Vec<String>)>,
}

/// Why a machine, or the suite on it, ended early.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Cause {
    pub(crate) by: Breaker,
    /// The event, and the log to read.
    pub(crate) words: String,
    /// Whether to blame the running case and run the others again.
    pub(crate) blames: bool,
}

impl Cause {
    pub(crate) fn interruption() -> Self {
        Self { by: Breaker::User, words: "interrupted".to_owned(), blames: false }
    }
}

impl<W: Write> Restarting<W> {
    /// Writes all events to `events`; restarts at most `restarts` times.
    pub(crate) fn new(events: W, restarts: u32) -> Self {
        Self {
            runs: Runs::default(),
            events,
            written: Ok(()),
            taken: 0,
            left: restarts,
            again: false,
            ended_before: 0,
            unblamed: Vec::new(),
            shared: Vec::new(),
        }
    }

    pub(crate) fn runs(&self) -> &Runs {
        &self.runs
    }

    /// Takes one line of the suite. Beyond [`MOST`], it ignores the line and
    /// [`Self::finish`] fails.
    pub(crate) fn take(&mut self, line: &str) {
        self.taken = self.taken.saturating_add(line.len() + 1);
        if self.taken > MOST || self.runs.is_too_large() {
            self.written = Err(io::Error::other("more events than ten runs of every fault have"));
            return;
        }
        // Only this program reviews a kernel. JSON can hide a word behind escapes.
        let may_be = line.contains("kernel_reviewed") || line.contains("\\u");
        if may_be && matches!(Event::from_line(line.trim()), Ok(Event::KernelReviewed(_))) {
            return;
        }
        // The file of events is for terminals too.
        let line = &control::escaped(line.trim_end_matches('\r'));
        // Start and end of a part are not start and end of the run.
        let of_a_part = |event| matches!(event, Event::RunStarted(_) | Event::RunFinished(_));
        if self.again && Event::from_line(line.trim()).is_ok_and(of_a_part) {
            return;
        }
        self.write(line);
        self.runs.take(line);
    }

    /// The machine has ended; `cause` is why, if it ended early. The result is the
    /// cases that have ended, to boot for the others; none if the run has ended.
    pub(crate) fn machine_ended(&mut self, cause: &Cause) -> Option<Vec<String>> {
        let record = self.runs.current();
        if record.started.is_none() || record.end.is_some() {
            return None;
        }
        let progress = !record.running.is_empty() || record.ended().len() > self.ended_before;
        // No case is to blame for trouble of the machine.
        if cause.blames {
            match (record.running.as_slice(), record.last_ended()) {
                ([case], _) => {
                    let ended = CaseFinished::without_result(case.clone(), Outcome::Error, cause.words.clone());
                    self.add(Event::CaseFinished(ended));
                }
                (cases @ [_, ..], _) => self.shared.push((cause.clone(), cases.to_owned())),
                ([], Some(last)) if record.missing_count() > 0 => {
                    let words = format!("{}, between two cases, after {}", cause.words, last.case);
                    self.unblamed.push(Cause { words, ..cause.clone() });
                }
                ([], _) => {}
            }
        }
        let record = self.runs.current();
        if record.missing_count() == 0 {
            let totals = record.totals();
            // A crash is explained if one of its cases has crashed the kernel again.
            let crashed =
                |case: &String| record.ended().any(|ended| ended.case == *case && ended.outcome == Outcome::Error);
            for (cause, cases) in std::mem::take(&mut self.shared) {
                if !cases.iter().any(crashed) {
                    let cases = cases.join(" and ");
                    let words =
                        format!("{}, while {cases} were running; alone, neither crashed the kernel", cause.words);
                    self.unblamed.push(Cause { words, ..cause });
                }
            }
            // The kernel's crash counts more than trouble of the machine.
            let by = self.unblamed.iter().map(|cause| cause.by).max_by_key(|by| *by == Breaker::Kernel);
            let end = match by {
                None => Event::RunFinished(RunFinished { verdict: totals.verdict(), totals }),
                Some(by) => {
                    let words: Vec<&str> = self.unblamed.iter().map(|cause| cause.words.as_str()).collect();
                    Event::RunBrokenOff { by, reason: words.join("\n") }
                }
            };
            self.add(end);
            return None;
        }
        if self.left == 0 || !progress || !cause.blames {
            self.break_off(cause);
            return None;
        }
        let except: Vec<String> = record.ended().map(|case| case.case.clone()).collect();
        self.left -= 1;
        self.again = true;
        self.ended_before = except.len();
        Some(except)
    }

    /// Adds the review of the kernel's patches, before the first boot.
    pub(crate) fn review(&mut self, review: Review) {
        self.add(Event::KernelReviewed(review));
    }

    pub(crate) fn break_off(&mut self, cause: &Cause) {
        if self.runs.current().started.is_some() && self.runs.current().end.is_none() {
            self.add(Event::RunBrokenOff { by: cause.by, reason: cause.words.clone() });
        }
    }

    /// The runs, or the first write error.
    pub(crate) fn finish(self) -> io::Result<Runs> {
        self.written?;
        Ok(self.runs)
    }

    /// Adds an event on behalf of the machine.
    fn add(&mut self, event: Event) {
        match event.to_line() {
            Ok(line) => self.write(line.trim_end()),
            Err(error) => self.written = Err(error),
        }
        // It is part of the run: the running case, or the end.
        let _ = self.runs.add(event);
    }

    fn write(&mut self, line: &str) {
        if let Err(error) = writeln!(self.events, "{line}") {
            self.written = Err(error);
        }
    }
}

#[cfg(test)]
mod tests;
