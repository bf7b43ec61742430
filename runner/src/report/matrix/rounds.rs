// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The rounds of a stream. A round that started again after a crash is one round.

use std::collections::{HashMap, HashSet};

use reglist_suite::fault::Right;
use reglist_suite::report::events::{CaseFinished, Outcome};
use serde::Serialize;

use crate::record::Record;
use crate::record::runs::Runs;

/// A fault, or none, in a configuration.
#[derive(Debug, Default)]
pub(super) struct Round {
    fault: Option<String>,
    pub(super) configuration: String,
    /// Whether unexpected registers are allowed.
    pub(super) allow_new: bool,
    plan: HashSet<String>,
    pub(super) cases: Vec<CaseFinished>,
    /// Ids of `cases`.
    ended: HashSet<String>,
    /// Reason of an early end.
    aborted: Option<String>,
    /// The case that was running at the end.
    running: Option<String>,
}

/// The result of a round without a fault.
#[derive(Debug, Serialize)]
pub(super) struct RightRound {
    pub(super) configuration: String,
    /// Whether unexpected registers are allowed.
    pub(super) allow_new: bool,
    pub(super) passed: bool,
    pub(super) cases: usize,
    pub(super) broken: Vec<String>,
    /// Reason of an early end.
    #[serde(rename = "reason", skip_serializing_if = "Option::is_none")]
    pub(super) trouble: Option<String>,
    /// Sum of its cases' durations in microseconds.
    pub(super) duration_us: u64,
}

impl RightRound {
    pub(super) fn name(&self) -> String {
        place(&self.configuration, self.allow_new)
    }
}

/// A configuration and the special settings of a round.
pub(super) fn place(configuration: &str, allow_new: bool) -> String {
    let new = if allow_new { " (new registers allowed)" } else { "" };
    format!("{configuration}{new}")
}

#[derive(Debug, Default)]
pub(super) struct Rounds {
    rounds: Vec<Round>,
    /// Index of a round by fault, configuration and settings.
    places: HashMap<(Option<String>, String, bool), usize>,
    /// Whether the stream reached the first fault.
    pub(super) came_to_faults: bool,
}

impl Rounds {
    /// The rounds of a stream, without those that have no case.
    pub(super) fn of(runs: &Runs) -> Self {
        let mut rounds = Self::default();
        for record in runs.iter() {
            rounds.take(record);
        }
        rounds
    }

    fn take(&mut self, record: &Record) {
        let Some(started) = &record.started else {
            return;
        };
        self.came_to_faults |= started.fault.is_some();
        let Some(configuration) = started.configuration() else {
            return;
        };
        let allow_new = started.allow_new;
        let (fault, configuration) = (started.fault.clone(), configuration.to_owned());
        let key = (fault.clone(), configuration.clone(), allow_new);
        let place = *self.places.entry(key).or_insert(self.rounds.len());
        if place == self.rounds.len() {
            self.rounds.push(Round { fault, configuration, allow_new, ..Round::default() });
        }
        if let Some(round) = self.rounds.get_mut(place) {
            round.add(record, &started.plan);
        }
    }

    /// The rounds without a fault, and the complete ones for comparisons.
    pub(super) fn right(&self) -> (Vec<RightRound>, Right) {
        let mut compared = Right::default();
        let mut right = Vec::new();
        for round in self.rounds.iter().filter(|round| round.fault.is_none()) {
            let Round { configuration, allow_new, .. } = round;
            let trouble = round.trouble();
            let mut alone = Right::default();
            let judge = if trouble.is_none() { &mut compared } else { &mut alone };
            let broken = judge.take(configuration, *allow_new, &round.cases);
            right.push(RightRound {
                configuration: configuration.clone(),
                allow_new: *allow_new,
                cases: round.cases.len(),
                passed: broken.is_empty() && trouble.is_none(),
                broken,
                trouble,
                duration_us: round.duration_us(),
            });
        }
        (right, compared)
    }

    pub(super) fn with_fault(&self) -> impl Iterator<Item = (&str, &Round)> {
        self.rounds.iter().filter_map(|round| Some((round.fault.as_deref()?, round)))
    }

    /// Whether there is a round without a fault for this configuration.
    pub(super) fn has_right(&self, configuration: &str, allow_new: bool) -> bool {
        self.places.contains_key(&(None, configuration.to_owned(), allow_new))
    }

    /// Sum of all durations in microseconds.
    pub(super) fn duration_us(&self) -> u64 {
        self.rounds.iter().fold(0, |sum, round| sum.saturating_add(round.duration_us()))
    }
}

impl Round {
    /// Adds the results of a restarted round.
    fn add(&mut self, record: &Record, plan: &[String]) {
        self.plan.extend(plan.iter().cloned());
        for case in record.ended() {
            if self.ended.insert(case.case.clone()) {
                self.cases.push(case.clone());
            }
        }
        self.aborted = record.why_unfinished().map(str::to_owned).or(self.aborted.take());
        self.running = record.running.last().cloned().or(self.running.take());
    }

    /// Sum of its cases' durations in microseconds.
    pub(super) fn duration_us(&self) -> u64 {
        self.cases.iter().fold(0, |sum, case| sum.saturating_add(case.duration_us))
    }

    /// Why the round has no result: it is incomplete, or every case was skipped.
    pub(super) fn trouble(&self) -> Option<String> {
        let (planned, missing) = (self.plan.len(), self.plan.len().saturating_sub(self.cases.len()));
        if missing == 0 {
            return self.skipped();
        }
        let many = format!("{missing} of {planned} cases did not finish");
        Some(match (&self.aborted, &self.running) {
            (Some(reason), _) => reason.clone(),
            (None, Some(case)) => format!("it broke off in case {case}; {many}"),
            // A case that crashed the kernel has ended in error.
            (None, None) => match self.cases.last().filter(|case| case.outcome == Outcome::Error) {
                Some(last) => {
                    let reason = last.reason.as_deref().unwrap_or("no reason given");
                    format!("it broke off in case {}: {reason}; {many}", last.case)
                }
                None => format!("it broke off; {many}"),
            },
        })
    }

    fn skipped(&self) -> Option<String> {
        let skipped = |case: &CaseFinished| case.outcome == Outcome::Skip;
        let first = self.cases.first().filter(|_| self.cases.iter().all(skipped))?;
        Some(format!("every case was skipped: {}", first.reason.as_deref().unwrap_or("no reason given")))
    }
}
