// SPDX-License-Identifier: Apache-2.0 OR MIT
//! A run as data, assembled from its events. Both programs use this assembler.
//!
//! Events can be torn, foreign, doubled, late or missing. The assembler refuses
//! events of unplanned or finished cases, and events before the start or after the
//! end of the run.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashMap, hash_map};

use crate::report::events::{Breaker, CaseFinished, Event, Outcome, RunFinished, RunStarted, Totals, Verdict};
use crate::report::review::Review;

/// Reason of the running case when the run broke off.
pub(super) const SUSPECT: &str = "did not finish: it was running when the run broke off, which makes it the suspect";
/// The same if several cases were running.
const SUSPECTS: &str = "did not finish: it was running when the run broke off, which makes it one of the suspects";
/// Reason of a case without result in a finished run.
pub(super) const LOST: &str = "did not finish: the run has an end, but this case has none";

/// The end of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// The suite finished.
    Finished(RunFinished),
    /// The suite gave up.
    Aborted {
        /// Its error.
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

/// A run, complete or not.
#[derive(Debug, Default, Clone)]
pub struct Record {
    /// The review of the kernel's patches, if there was one.
    pub review: Option<Review>,
    /// The subject and the plan, without duplicate cases.
    pub started: Option<RunStarted>,
    /// Finished cases, by their place in the plan: of cases that run at once, chance decides which
    /// ends first.
    ended: BTreeMap<usize, CaseFinished>,
    /// Place of the case that finished last.
    last: Option<usize>,
    /// The last started cases that have not finished, at most as many as run at once.
    pub running: Vec<String>,
    /// The end of the run.
    pub end: Option<End>,
    /// The place of every planned case.
    planned: HashMap<String, usize>,
}

impl Record {
    /// Adds an event; false if the record refuses it.
    pub fn add(&mut self, event: Event) -> bool {
        if self.end.is_some() {
            return false;
        }
        match event {
            // Only before the start: a kernel under test must not replace it.
            Event::KernelReviewed(review) if self.started.is_none() && self.review.is_none() => {
                self.review = Some(review);
            }
            Event::KernelReviewed(_) => return false,
            Event::RunStarted(started) if self.started.is_none() => self.start(started),
            Event::RunStarted(_) => return false,
            Event::CaseStarted { case } => {
                let fits = self.planned.get(&case).is_some_and(|place| !self.ended.contains_key(place));
                if fits {
                    // Started once more: the machine has restarted.
                    if self.running.contains(&case) {
                        self.running.clear();
                    }
                    self.running.push(case);
                    // The end of an older one was lost.
                    let most = self.started.as_ref().map_or(1, |started| started.threads.max(1));
                    self.running.drain(..self.running.len().saturating_sub(most));
                }
                return fits;
            }
            Event::CaseFinished(case) => {
                let Some(&place) = self.planned.get(&case.case) else { return false };
                let Entry::Vacant(vacant) = self.ended.entry(place) else { return false };
                self.running.retain(|running| *running != case.case);
                self.last = Some(place);
                vacant.insert(case);
            }
            Event::RunAborted { reason } => self.end = Some(End::Aborted { reason }),
            Event::RunBrokenOff { by, reason } => self.end = Some(End::BrokenOff { by, reason }),
            Event::RunFinished(_) if self.started.is_none() => return false,
            Event::RunFinished(finished) => self.end = Some(End::Finished(finished)),
        }
        true
    }

    /// Adds an event, and returns the events that it adds to the [whole](Self::whole) run: at
    /// its end also the missing results.
    pub fn follow(&mut self, event: &Event) -> Vec<Event> {
        if matches!(event, Event::KernelReviewed(_)) {
            return if self.add(event.clone()) { vec![event.clone()] } else { Vec::new() };
        }
        if self.started.is_none() && !matches!(event, Event::RunStarted(_)) || !self.add(event.clone()) {
            return Vec::new();
        }
        match (event, &self.started) {
            (Event::RunStarted(_), Some(started)) => vec![Event::RunStarted(started.clone())],
            (Event::RunFinished(_), _) => self.closing(),
            (Event::RunAborted { .. } | Event::RunBrokenOff { .. }, _) => {
                [event.clone()].into_iter().chain(self.closing()).collect()
            }
            _ => vec![event.clone()],
        }
    }

    fn start(&mut self, mut started: RunStarted) {
        started.plan.retain(|case| {
            let place = self.planned.len();
            let entry = self.planned.entry(case.clone());
            let is_new = matches!(entry, hash_map::Entry::Vacant(_));
            entry.or_insert(place);
            is_new
        });
        self.started = Some(started);
    }

    /// Whether the run has started and ended.
    pub fn is_over(&self) -> bool {
        self.started.is_some() && self.end.is_some()
    }

    /// The plan; empty before the run starts.
    pub fn plan(&self) -> &[String] {
        self.started.as_ref().map_or(&[], |started| &started.plan)
    }

    /// Finished cases, in the order of the plan.
    pub fn ended(&self) -> impl ExactSizeIterator<Item = &CaseFinished> + Clone {
        self.ended.values()
    }

    /// The case that finished last.
    pub fn last_ended(&self) -> Option<&CaseFinished> {
        self.last.and_then(|place| self.ended.get(&place))
    }

    /// Planned cases without result.
    pub fn missing(&self) -> Vec<&str> {
        let cases = self.plan().iter().enumerate();
        cases.filter(|(place, _)| !self.ended.contains_key(place)).map(|(_, case)| case.as_str()).collect()
    }

    /// Number of planned cases without result.
    pub fn missing_count(&self) -> usize {
        self.planned.len() - self.ended.len()
    }

    /// Whether a case has started.
    pub fn has_learnt(&self) -> bool {
        !self.running.is_empty() || !self.ended.is_empty()
    }

    /// Whether the kernel does not know the ioctl.
    pub fn is_not_implemented(&self) -> bool {
        matches!(&self.end, Some(End::Finished(finished)) if finished.verdict == Verdict::NotImplemented)
    }

    /// Why the run did not finish, as the event of its end has it.
    pub fn why_unfinished(&self) -> Option<&str> {
        match &self.end {
            Some(End::Aborted { reason } | End::BrokenOff { reason, .. }) => Some(reason),
            Some(End::Finished(_)) | None => None,
        }
    }

    /// Number of finished cases by outcome.
    pub fn totals(&self) -> Totals {
        let mut totals = Totals::default();
        self.ended().for_each(|case| totals.count(case.outcome));
        totals
    }

    /// The events that end every planned case and the run.
    pub fn closing(&self) -> Vec<Event> {
        let (outcome, reason) = match &self.end {
            Some(End::Finished(_)) if self.is_not_implemented() => {
                (Outcome::Skip, "KVM_GET_REG_LIST is not implemented (ENOTTY)".to_owned())
            }
            Some(End::Finished(_)) => (Outcome::Error, LOST.to_owned()),
            Some(End::Aborted { reason }) => (Outcome::Error, format!("did not finish: {reason}")),
            Some(End::BrokenOff { .. }) | None => {
                (Outcome::Error, "did not finish: the run broke off before it began".to_owned())
            }
        };
        let suspicion = if self.running.len() > 1 { SUSPECTS } else { SUSPECT };
        let mut totals = self.totals();
        let mut events = Vec::new();
        for case in self.missing() {
            let is_suspect = outcome == Outcome::Error && self.running.iter().any(|running| running == case);
            let reason = if is_suspect { suspicion.to_owned() } else { reason.clone() };
            totals.count(outcome);
            events.push(Event::CaseFinished(CaseFinished::without_result(case.to_owned(), outcome, reason)));
        }
        let verdict = if self.is_not_implemented() { Verdict::NotImplemented } else { totals.verdict() };
        events.push(Event::RunFinished(RunFinished { verdict, totals }));
        events
    }

    /// The events of the whole run, with one result for every planned case.
    pub fn whole(&self) -> Vec<Event> {
        let Some(started) = &self.started else { return Vec::new() };
        let mut events: Vec<Event> = self.review.iter().cloned().map(Event::KernelReviewed).collect();
        events.push(Event::RunStarted(started.clone()));
        for case in self.ended() {
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

#[cfg(test)]
mod tests;
