// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Runs out of the events of a file, one at a time, each made whole.

use std::mem;

use reglist_suite::exit;
use reglist_suite::report::events::{Event, RunStarted, Verdict};
use reglist_suite::report::format::Whole;

use crate::record::stream::Record;

/// A stored run, made whole.
#[derive(Debug)]
pub(crate) struct StoredRun {
    /// Its events, with an end for every planned case.
    pub(crate) events: Vec<Event>,
    /// Its real end.
    pub(crate) end: End,
    /// Whether a case had begun.
    pub(crate) learnt: bool,
    /// Number of the events up to the last one that the file has of a case; those behind
    /// are made up.
    own: usize,
    /// The end that the file has.
    over: Option<Event>,
}

/// The real end of a stored run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum End {
    /// It came to its end.
    Finished(Verdict),
    /// The suite gave up.
    Aborted(String),
    /// It broke off, or ends of cases were lost.
    Incomplete {
        /// The case that was running.
        suspect: Option<String>,
        /// The last case that ended.
        last: Option<String>,
        /// Number of cases without an end.
        missing: usize,
        /// Number of cases planned.
        planned: usize,
    },
}

impl StoredRun {
    /// What is tested, by what, and the plan.
    pub(crate) fn started(&self) -> Option<&RunStarted> {
        self.events.iter().find_map(|event| if let Event::RunStarted(started) = event { Some(started) } else { None })
    }

    /// What the file says, with nothing made up.
    pub(crate) fn record(&self) -> Record {
        let mut record = Record::default();
        for event in self.events.iter().take(self.own).chain(&self.over) {
            record.add(event.clone());
        }
        record
    }

    /// The exit code that says the same.
    pub(crate) fn exit_code(&self) -> u8 {
        match &self.end {
            End::Finished(verdict) => verdict.exit_code(),
            End::Aborted(_) | End::Incomplete { .. } if self.learnt => exit::FAILED,
            End::Aborted(_) | End::Incomplete { .. } => exit::INFRASTRUCTURE,
        }
    }
}

/// Puts events together to runs.
#[derive(Debug, Default)]
pub(crate) struct Collector {
    whole: Whole,
    events: Vec<Event>,
    end: Option<End>,
    own: usize,
    over: Option<Event>,
    /// Why a suite gave up that had not even begun.
    pub(crate) gave_up: Option<String>,
}

impl Collector {
    /// Takes an event; the result is the run before, if this begins another.
    pub(crate) fn take(&mut self, event: &Event) -> Option<StoredRun> {
        let begins = matches!(event, Event::RunStarted(_));
        let before = if begins { self.finish() } else { None };
        if self.whole.is_started() && !self.whole.is_over() {
            match event {
                Event::RunAborted { reason } => self.end = Some(End::Aborted(reason.clone())),
                Event::RunFinished(finished) => {
                    let complete = self.whole.missing() == 0 || finished.verdict == Verdict::NotImplemented;
                    self.end = Some(if complete { End::Finished(finished.verdict) } else { self.incomplete() });
                }
                _ => {}
            }
        } else if let (false, Event::RunAborted { reason }) = (self.whole.is_started(), event) {
            self.gave_up.get_or_insert_with(|| reason.clone());
        }
        let goes_on = !self.whole.is_over();
        self.events.extend(self.whole.take(event));
        match event {
            Event::RunFinished(_) | Event::RunAborted { .. } if self.over.is_none() && self.whole.is_started() => {
                self.over = Some(event.clone());
            }
            Event::RunFinished(_) | Event::RunAborted { .. } => {}
            _ if goes_on => self.own = self.events.len(),
            _ => {}
        }
        before
    }

    /// The run that goes on, which has come to its end.
    pub(crate) fn finish(&mut self) -> Option<StoredRun> {
        let incomplete = self.incomplete();
        let mut whole = mem::take(&mut self.whole);
        let end = self.end.take();
        let mut events = mem::take(&mut self.events);
        let (own, over) = (mem::take(&mut self.own), self.over.take());
        if !whole.is_started() {
            return None;
        }
        events.extend(whole.finish());
        // What the run says of itself is not taken for granted.
        let verdict = events.iter().rev().find_map(|event| match event {
            Event::RunFinished(finished) => Some(finished.verdict),
            _ => None,
        });
        let end = match (end, verdict) {
            (Some(End::Finished(_)), Some(verdict)) => End::Finished(verdict),
            (Some(end), _) => end,
            (None, _) => incomplete,
        };
        Some(StoredRun { events, end, learnt: whole.has_learnt(), own, over })
    }

    fn incomplete(&self) -> End {
        End::Incomplete {
            suspect: self.whole.suspect().map(str::to_owned),
            last: self.events.iter().rev().find_map(|event| match event {
                Event::CaseFinished(case) => Some(case.case.clone()),
                _ => None,
            }),
            missing: self.whole.missing(),
            planned: self.whole.planned(),
        }
    }
}
