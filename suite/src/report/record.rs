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
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.started.is_some() && self.end.is_some()
    }

    /// The plan; empty before the run has begun.
    #[must_use]
    pub fn plan(&self) -> &[String] {
        self.started.as_ref().map_or(&[], |started| &started.plan)
    }

    /// Planned cases without an end.
    #[must_use]
    pub fn missing(&self) -> Vec<&str> {
        self.plan().iter().map(String::as_str).filter(|case| self.planned.get(*case) == Some(&false)).collect()
    }

    /// Number of planned cases without an end.
    #[must_use]
    pub fn missing_count(&self) -> usize {
        self.planned.len() - self.ended.len()
    }

    /// Whether a case has begun, so that something was learnt of the subject.
    #[must_use]
    pub fn has_learnt(&self) -> bool {
        self.running.is_some() || !self.ended.is_empty()
    }

    /// Whether the kernel answered that it does not know the ioctl.
    #[must_use]
    pub fn is_not_implemented(&self) -> bool {
        matches!(&self.end, Some(End::Finished(finished)) if finished.verdict == Verdict::NotImplemented)
    }

    /// Number of the cases that ended, by outcome.
    #[must_use]
    pub fn totals(&self) -> Totals {
        let mut totals = Totals::default();
        self.ended.iter().for_each(|case| totals.count(case.outcome));
        totals
    }

    /// The events with which every planned case and the run have an end.
    #[must_use]
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
    #[must_use]
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
    #[must_use]
    pub fn record(&self) -> &Record {
        &self.record
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STARTED: &str = r#"{"event":"run_started","format":1,"suite":"0.1.0","subject":"kvm","architecture":"loongarch64","kernel":"7.2.13","cpu":"","series":"v5","strict":false,"allow_new":false,"plan":["base.a","base.b","base.a"]}"#;

    fn begun(case: &str) -> String {
        format!(r#"{{"event":"case_started","case":"{case}"}}"#)
    }

    fn passed(case: &str) -> String {
        format!(r#"{{"event":"case_finished","case":"{case}","outcome":"pass","duration_us":1,"ioctls":1}}"#)
    }

    fn record(lines: &[&str]) -> (Record, usize) {
        let mut record = Record::default();
        let refused = lines.iter().filter(|line| !record.add(Event::from_line(line).unwrap())).count();
        (record, refused)
    }

    #[test]
    fn events_that_fit_nowhere_change_nothing() {
        let finished = r#"{"event":"run_finished","verdict":"passed","totals":{"pass":1,"fail":0,"skip":0,"error":0}}"#;
        let (whole, late) = (passed("base.a"), begun("base.a"));
        let (record, refused) = record(&[
            &whole,
            finished,
            STARTED,
            STARTED,
            &passed("other.x"),
            &whole,
            &whole,
            &late,
            finished,
            &passed("base.b"),
        ]);
        assert_eq!(refused, 7);
        assert_eq!((record.ended.len(), record.missing(), record.running.as_deref()), (1, vec!["base.b"], None));
        assert_eq!(record.plan(), ["base.a", "base.b"]);
        let Some(Event::CaseFinished(lost)) = record.closing().into_iter().next() else { panic!() };
        assert_eq!((lost.outcome, lost.reason.as_deref()), (Outcome::Error, Some(LOST)));
    }

    #[test]
    fn a_case_without_an_end_is_the_suspect() {
        let (record, _) = record(&[STARTED, &begun("base.a"), &passed("base.a"), &begun("base.b")]);
        assert_eq!((record.running.as_deref(), record.missing_count()), (Some("base.b"), 1));
        let Some(Event::CaseFinished(suspect)) = record.closing().into_iter().next() else { panic!() };
        assert_eq!(suspect.reason.as_deref(), Some(SUSPECT));
        assert!(record.end.is_none() && record.has_learnt());
    }

    #[test]
    fn the_events_say_who_broke_a_run_off() {
        for (by, breaker) in [("user", Breaker::User), ("machine", Breaker::Machine), ("kernel", Breaker::Kernel)] {
            let line = format!(r#"{{"event":"run_broken_off","by":"{by}","reason":"r"}}"#);
            let (record, refused) = record(&[STARTED, &line]);
            assert_eq!((record.end, refused), (Some(End::BrokenOff { by: breaker, reason: "r".into() }), 0));
        }
    }
}
