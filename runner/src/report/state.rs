// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The state of each case of a run.

use std::collections::{HashMap, HashSet};

use reglist_suite::report::events::{CaseFinished, Finding, Outcome};
use serde::Serialize;

use super::stored::StoredRun;
use crate::record::End;
use crate::record::verdict::Conclusion;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum State {
    Pass,
    Fail,
    /// Skipped, or the kernel lacks the ioctl.
    Skip,
    Error,
    /// Planned but not ended.
    Missing,
}

impl State {
    pub(crate) fn is_bad(self) -> bool {
        matches!(self, Self::Fail | Self::Error | Self::Missing)
    }
}

impl From<Outcome> for State {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Pass => Self::Pass,
            Outcome::Fail => Self::Fail,
            Outcome::Skip => Self::Skip,
            Outcome::Error => Self::Error,
        }
    }
}

pub(crate) struct States<'r> {
    run: &'r StoredRun,
    pub(crate) planned: HashSet<&'r str>,
    ended: HashMap<&'r str, &'r CaseFinished>,
}

/// Reason of cases on a kernel without the ioctl.
const NOT_IMPLEMENTED: &str = "not implemented: KVM_GET_REG_LIST returns ENOTTY";

impl<'r> States<'r> {
    pub(crate) fn of(run: &'r StoredRun) -> Self {
        Self {
            run,
            planned: run.started.plan.iter().map(String::as_str).collect(),
            ended: run.record.ended().map(|case| (case.case.as_str(), case)).collect(),
        }
    }

    fn is_unimplemented(&self) -> bool {
        self.run.record.is_not_implemented()
    }

    /// The state of a case, if planned.
    pub(crate) fn state(&self, case: &str) -> Option<State> {
        if !self.planned.contains(case) {
            return None;
        }
        Some(match self.ended.get(case) {
            Some(case) => case.outcome.into(),
            None if self.is_unimplemented() => State::Skip,
            None => State::Missing,
        })
    }

    pub(crate) fn case(&self, case: &str) -> Option<&'r CaseFinished> {
        self.ended.get(case).copied()
    }

    /// Why a case was skipped, ended in error or is missing.
    pub(crate) fn reason(&self, case: &str) -> Option<String> {
        match self.ended.get(case) {
            Some(case) => case.reason.clone(),
            None if self.is_unimplemented() => Some(NOT_IMPLEMENTED.to_owned()),
            None => why_incomplete(self.run),
        }
    }

    pub(crate) fn failing(&self, case: &str) -> Vec<Finding> {
        let findings = self.ended.get(case).filter(|case| case.outcome == Outcome::Fail);
        let findings = findings.into_iter().flat_map(|case| &case.findings);
        findings.filter(|finding| finding.level.fails(self.run.started.strict)).cloned().collect()
    }
}

/// Why a run is incomplete; none if complete.
pub(crate) fn why_incomplete(run: &StoredRun) -> Option<String> {
    let record = &run.record;
    if Conclusion::of(record, None).is_complete() {
        return None;
    }
    Some(match (&record.end, record.running.is_empty()) {
        (Some(End::Aborted { reason }), _) => format!("the suite gave up: {reason}"),
        (Some(End::BrokenOff { reason, .. }), _) => reason.clone(),
        (None, false) => format!("the run broke off in {}", record.running.join(" or ")),
        (Some(End::Finished(_)), _) => "events are missing from the file".to_owned(),
        (None, true) => "the run broke off between two cases".to_owned(),
    })
}
