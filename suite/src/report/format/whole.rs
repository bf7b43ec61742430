// SPDX-License-Identifier: Apache-2.0 OR MIT
//! A run made whole: every planned case has one end, and the run has one.

use std::collections::HashMap;

use crate::report::events::{CaseFinished, Event, Outcome, RunFinished, RunStarted, Totals, Verdict};

/// Why a case has no outcome of its own that was running when all ended.
pub(super) const SUSPECT: &str = "did not finish: it was running when the run broke off, which makes it the suspect";
/// Why a case has none that had not begun.
pub(super) const NEVER_BEGAN: &str = "did not finish: the run broke off before it began";
/// Why a case has none in a run that has its end.
pub(super) const LOST: &str = "did not finish: the run has an end, but this case has none";
/// Why a case has none where the kernel does not know the ioctl.
pub(super) const NOT_IMPLEMENTED: &str = "KVM_GET_REG_LIST is not implemented (ENOTTY)";

/// How far a case is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Planned,
    Begun,
    Ended,
}

/// Follows one run, and gives an end to what has none.
///
/// Events that fit nowhere are left out: of cases that were not planned, of
/// such as have ended, of a run that has ended or not begun.
#[derive(Debug, Clone, Default)]
pub struct Whole {
    plan: Vec<String>,
    stages: HashMap<String, Stage>,
    /// The last case that began, unless it has ended.
    suspect: Option<String>,
    totals: Totals,
    started: bool,
    over: bool,
    learnt: bool,
}

impl Whole {
    /// What an event adds to the run.
    pub fn take(&mut self, event: &Event) -> Vec<Event> {
        match event {
            Event::RunStarted(started) if !self.started => vec![self.start(started)],
            _ if !self.started || self.over => Vec::new(),
            Event::RunStarted(_) => Vec::new(),
            Event::CaseStarted { case } => {
                let fits = self.stages.get(case) == Some(&Stage::Planned);
                if fits {
                    self.learnt = true;
                    self.stages.insert(case.clone(), Stage::Begun);
                    self.suspect = Some(case.clone());
                }
                fits.then(|| event.clone()).into_iter().collect()
            }
            Event::CaseFinished(case) => {
                let fits = self.stages.get(&case.case).is_some_and(|stage| *stage != Stage::Ended);
                if fits {
                    self.learnt = true;
                    self.end(case);
                }
                fits.then(|| event.clone()).into_iter().collect()
            }
            Event::RunAborted { reason } => {
                let mut events = vec![event.clone()];
                events.extend(self.close(Verdict::Failed, &format!("did not finish: {reason}")));
                events
            }
            Event::RunFinished(RunFinished { verdict: Verdict::NotImplemented, .. }) => {
                self.close(Verdict::NotImplemented, NOT_IMPLEMENTED)
            }
            Event::RunFinished(RunFinished { verdict, .. }) => self.close(*verdict, LOST),
        }
    }

    /// What is missing of a run that broke off; nothing if it did not.
    pub fn finish(&mut self) -> Vec<Event> {
        if !self.started || self.over {
            return Vec::new();
        }
        self.close(Verdict::Failed, NEVER_BEGAN)
    }

    /// Number of planned cases without an end.
    #[must_use]
    pub fn missing(&self) -> usize {
        self.plan.len() - self.stages.values().filter(|stage| **stage == Stage::Ended).count()
    }

    /// Number of planned cases.
    #[must_use]
    pub fn planned(&self) -> usize {
        self.plan.len()
    }

    /// The last case that began, if it has not ended.
    #[must_use]
    pub fn suspect(&self) -> Option<&str> {
        self.suspect.as_deref()
    }

    /// Whether the run has begun.
    #[must_use]
    pub fn is_started(&self) -> bool {
        self.started
    }

    /// Whether the run has an end.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.over
    }

    /// Whether a case has begun.
    #[must_use]
    pub fn has_learnt(&self) -> bool {
        self.learnt
    }

    fn start(&mut self, started: &RunStarted) -> Event {
        self.started = true;
        for case in &started.plan {
            if self.stages.insert(case.clone(), Stage::Planned).is_none() {
                self.plan.push(case.clone());
            }
        }
        Event::RunStarted(RunStarted { plan: self.plan.clone(), ..started.clone() })
    }

    fn end(&mut self, case: &CaseFinished) {
        self.stages.insert(case.case.clone(), Stage::Ended);
        self.totals.count(case.outcome);
        if self.suspect.as_ref() == Some(&case.case) {
            self.suspect = None;
        }
    }

    /// Ends every case that has no end, then the run.
    fn close(&mut self, verdict: Verdict, reason: &str) -> Vec<Event> {
        let outcome = if verdict == Verdict::NotImplemented { Outcome::Skip } else { Outcome::Error };
        let suspect = self.suspect.clone().filter(|_| outcome == Outcome::Error);
        let open: Vec<String> =
            self.plan.iter().filter(|case| self.stages.get(*case) != Some(&Stage::Ended)).cloned().collect();
        let mut events = Vec::with_capacity(open.len() + 1);
        for case in open {
            let reason = if suspect.as_ref() == Some(&case) { SUSPECT } else { reason };
            let ended = CaseFinished {
                case,
                outcome,
                reason: Some(reason.to_owned()),
                duration_us: 0,
                ioctls: 0,
                findings: Vec::new(),
                listed: Vec::new(),
            };
            self.end(&ended);
            events.push(Event::CaseFinished(ended));
        }
        self.over = true;
        let verdict = match verdict {
            Verdict::NotImplemented => verdict,
            _ => self.totals.verdict(),
        };
        events.push(Event::RunFinished(RunFinished { verdict, totals: self.totals }));
        events
    }
}
