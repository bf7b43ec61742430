// SPDX-License-Identifier: Apache-2.0 OR MIT
//! A run as data, assembled from its events: the one assembler of both
//! programs.
//!
//! Events may be torn, foreign, doubled, late or missing. What does not fit is
//! refused: a case that was not planned or has ended, anything before the start
//! or after the end of the run.

use std::collections::HashMap;

use crate::report::events::{Breaker, CaseFinished, Event, Outcome, RunFinished, RunStarted, Totals, Verdict};

/// Why a case has no outcome of its own that was running when all ended.
pub(super) const SUSPECT: &str = "did not finish: it was running when the run broke off, which makes it the suspect";
/// Why a case has none that had not begun.
pub(super) const NEVER_BEGAN: &str = "did not finish: the run broke off before it began";
/// Why a case has none in a run that has its end.
pub(super) const LOST: &str = "did not finish: the run has an end, but this case has none";
/// Why a case has none where the kernel does not know the ioctl.
pub(super) const NOT_IMPLEMENTED: &str = "KVM_GET_REG_LIST is not implemented (ENOTTY)";

/// How a run ended, as its events say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// The suite came to its end.
    Finished(RunFinished),
    /// The suite gave up.
    Aborted {
        /// What it says.
        reason: String,
    },
    /// The run broke off from outside.
    BrokenOff {
        /// Who broke it off.
        by: Breaker,
        /// What happened.
        reason: String,
    },
}

/// A run, as far as its events tell.
#[derive(Debug, Default, Clone)]
pub struct Record {
    /// What is tested, by what, and the plan, in which no case stands twice.
    pub started: Option<RunStarted>,
    /// Cases that ended, in the order in which they did.
    pub ended: Vec<CaseFinished>,
    /// The last case that began, unless it has ended.
    pub running: Option<String>,
    /// The end of the run.
    pub end: Option<End>,
    /// Every planned case, and whether it has ended.
    planned: HashMap<String, bool>,
}

impl Record {
    /// Takes one event; false if it fits nowhere.
    pub fn add(&mut self, event: Event) -> bool {
        if self.end.is_some() {
            return false;
        }
        match event {
            Event::RunStarted(started) if self.started.is_none() => self.start(started),
            Event::RunStarted(_) => return false,
            Event::CaseStarted { case } => {
                let fits = self.planned.get(&case) == Some(&false);
                if fits {
                    self.running = Some(case);
                }
                return fits;
            }
            Event::CaseFinished(case) => {
                let Some(ended @ false) = self.planned.get_mut(&case.case) else { return false };
                *ended = true;
                if self.running.as_ref() == Some(&case.case) {
                    self.running = None;
                }
                self.ended.push(case);
            }
            Event::RunAborted { reason } => self.end = Some(End::Aborted { reason }),
            Event::RunBrokenOff { by, reason } => self.end = Some(End::BrokenOff { by, reason }),
            Event::RunFinished(_) if self.started.is_none() => return false,
            Event::RunFinished(finished) => self.end = Some(End::Finished(finished)),
        }
        true
    }

    fn start(&mut self, mut started: RunStarted) {
        started.plan.retain(|case| self.planned.insert(case.clone(), false).is_none());
        self.started = Some(started);
    }

    /// Whether the run has begun and ended.
    pub fn is_over(&self) -> bool {
        self.started.is_some() && self.end.is_some()
    }

    /// The plan; empty before the run has begun.
    pub fn plan(&self) -> &[String] {
        self.started.as_ref().map_or(&[], |started| &started.plan)
    }

    /// Planned cases without an end.
    pub fn missing(&self) -> Vec<&str> {
        self.plan().iter().map(String::as_str).filter(|case| self.planned.get(*case) == Some(&false)).collect()
    }

    /// Number of planned cases without an end.
    pub fn missing_count(&self) -> usize {
        self.planned.len() - self.ended.len()
    }

    /// Whether a case has begun, so that something was learnt of the subject.
    pub fn has_learnt(&self) -> bool {
        self.running.is_some() || !self.ended.is_empty()
    }

    /// Whether the kernel answered that it does not know the ioctl.
    pub fn is_not_implemented(&self) -> bool {
        matches!(&self.end, Some(End::Finished(finished)) if finished.verdict == Verdict::NotImplemented)
    }

    /// Number of the cases that ended, by outcome.
    pub fn totals(&self) -> Totals {
        let mut totals = Totals::default();
        self.ended.iter().for_each(|case| totals.count(case.outcome));
        totals
    }

    /// The events with which every planned case and the run have an end.
    pub fn closing(&self) -> Vec<Event> {
        let aborted = |reason: &str| format!("did not finish: {reason}");
        let (outcome, reason) = match &self.end {
            Some(End::Finished(_)) if self.is_not_implemented() => (Outcome::Skip, NOT_IMPLEMENTED.to_owned()),
            Some(End::Finished(_)) => (Outcome::Error, LOST.to_owned()),
            Some(End::Aborted { reason }) => (Outcome::Error, aborted(reason)),
            Some(End::BrokenOff { .. }) | None => (Outcome::Error, NEVER_BEGAN.to_owned()),
        };
        let mut totals = self.totals();
        let mut events = Vec::new();
        for case in self.missing() {
            let is_suspect = outcome == Outcome::Error && self.running.as_deref() == Some(case);
            let reason = if is_suspect { SUSPECT.to_owned() } else { reason.clone() };
            totals.count(outcome);
            events.push(Event::CaseFinished(CaseFinished::without_result(case.to_owned(), outcome, reason)));
        }
        let verdict = if self.is_not_implemented() { Verdict::NotImplemented } else { totals.verdict() };
        events.push(Event::RunFinished(RunFinished { verdict, totals }));
        events
    }

    /// The events of the whole run: every planned case has one end, and the run
    /// has one.
    pub fn whole(&self) -> Vec<Event> {
        let Some(started) = &self.started else { return Vec::new() };
        let mut events = vec![Event::RunStarted(started.clone())];
        for case in &self.ended {
            events.push(Event::CaseStarted { case: case.case.clone() });
            events.push(Event::CaseFinished(case.clone()));
        }
        events.extend(self.running.iter().map(|case| Event::CaseStarted { case: case.clone() }));
        match &self.end {
            Some(End::Aborted { reason }) => events.push(Event::RunAborted { reason: reason.clone() }),
            Some(End::BrokenOff { by, reason }) => {
                events.push(Event::RunBrokenOff { by: *by, reason: reason.clone() });
            }
            Some(End::Finished(_)) | None => {}
        }
        events.extend(self.closing());
        events
    }
}

/// Follows one run while it goes on, and gives an end to what has none.
#[derive(Debug, Default, Clone)]
pub struct Whole {
    record: Record,
}

impl Whole {
    /// The events that one event adds to the whole run.
    pub fn take(&mut self, event: &Event) -> Vec<Event> {
        if self.record.started.is_none() && !matches!(event, Event::RunStarted(_)) {
            return Vec::new();
        }
        if !self.record.add(event.clone()) {
            return Vec::new();
        }
        match (event, &self.record.started) {
            (Event::RunStarted(_), Some(started)) => vec![Event::RunStarted(started.clone())],
            (Event::RunFinished(_), _) => self.record.closing(),
            (Event::RunAborted { .. } | Event::RunBrokenOff { .. }, _) => {
                let mut events = vec![event.clone()];
                events.extend(self.record.closing());
                events
            }
            _ => vec![event.clone()],
        }
    }

    /// The run so far.
    pub fn record(&self) -> &Record {
        &self.record
    }
}

#[cfg(test)]
mod tests;
