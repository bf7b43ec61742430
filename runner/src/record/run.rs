// SPDX-License-Identifier: Apache-2.0 OR MIT
//! What came back from a target, and what it says of the kernel.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use reglist_suite::exit;
use reglist_suite::report::events::{CaseFinished, EventError, Outcome, Verdict};

use super::known::{Judged, Known};
use super::stream::Runs;
use crate::system::stage::indented;

/// What came back from a target.
#[derive(Debug, Default)]
pub(crate) struct Run {
    /// The events.
    pub(crate) runs: Runs,
    /// Last lines of the console, if the target has one.
    pub(crate) console: Vec<String>,
    /// Where everything is kept, if it is.
    pub(crate) results: Option<Kept>,
    /// The limit that the target broke by saying nothing.
    pub(crate) silent: Option<Duration>,
    /// What ended the suite, if its kernel lives on.
    pub(crate) ended: Option<String>,
    /// What brought the target down where no case can be blamed.
    pub(crate) unblamed: Vec<String>,
    /// What the target's own program complained about.
    pub(crate) complaints: Vec<String>,
    /// Exit code of a suite that ran in this process; why it gave up, or that it
    /// was asked for something else than a run, it has said itself.
    pub(crate) code: Option<u8>,
    /// What a suite printed that was asked for something else than a run.
    pub(crate) said: String,
    /// Whether the user asked to stop.
    pub(crate) interrupted: bool,
    /// Where a run goes on that nobody can follow any more.
    pub(crate) left: Option<Left>,
    /// What it says beside the failures that are known, if a file names any.
    pub(crate) judged: Option<Judged>,
}

/// A directory of results, and what is in it.
#[derive(Debug, Clone)]
pub(crate) struct Kept {
    /// The directory.
    pub(crate) path: PathBuf,
    /// Whether the target has a console, and its log is there.
    pub(crate) has_console: bool,
}

/// A run that goes on where nobody can follow it.
#[derive(Debug, Clone)]
pub(crate) struct Left {
    /// What happened.
    pub(crate) what: String,
    /// The command that asks for the rest.
    pub(crate) again: String,
    /// Where the results are so far.
    pub(crate) results: PathBuf,
}

/// A run that gave no verdict.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RunError {
    /// Not one event.
    #[error("the kernel did not come as far as starting the suite{}{console}{kept}", hang(silent.as_ref()))]
    NoStart {
        /// The limit it broke, if it was a hang.
        silent: Option<Duration>,
        /// Last lines of the console, each on its own line.
        console: String,
        /// Where everything is kept, on its own line.
        kept: String,
    },
    /// The suite gave up before the first case.
    #[error("the suite gave up: {reason}{console}{kept}")]
    Aborted {
        /// What the suite says.
        reason: String,
        /// Last lines of the console, each on its own line.
        console: String,
        /// Where everything is kept, on its own line.
        kept: String,
    },
    /// The stream broke off.
    #[error("{what} {}; {missing} of {planned} cases did not finish{console}{kept}", during(suspect.as_deref()))]
    Incomplete {
        /// What ended it.
        what: String,
        /// The case that had begun and not ended.
        suspect: Option<String>,
        /// Number of cases without an end.
        missing: usize,
        /// Number of cases planned.
        planned: usize,
        /// Whether a case that ended says that the kernel is wrong.
        failed: bool,
        /// Last lines of the console, each on its own line.
        console: String,
        /// Where everything is kept, on its own line.
        kept: String,
    },
    /// The board of a run is out of reach.
    #[error("{} {}; {missing} of {planned} cases have not been heard of\n[results so far: {}; for the rest, when the board is back: {}]", left.what, if *planned > 0 { during(suspect.as_deref()) } else { "before its first event".to_owned() }, left.results.display(), left.again)]
    Left {
        /// What happened, and where the run goes on.
        left: Left,
        /// The case that had begun and not ended.
        suspect: Option<String>,
        /// Number of cases without an end.
        missing: usize,
        /// Number of cases planned.
        planned: usize,
    },
    /// The kernel went down, and all cases ended all the same.
    #[error("{}{kept}", ends.join("\n"))]
    Unblamed {
        /// What brought it down, each time.
        ends: Vec<String>,
        /// Where everything is kept, on its own line.
        kept: String,
    },
    /// The user asked to stop.
    #[error("interrupted {}; {missing} of {planned} cases did not finish", during(suspect.as_deref()))]
    Interrupted {
        /// The case that had begun and not ended.
        suspect: Option<String>,
        /// Number of cases without an end.
        missing: usize,
        /// Number of cases planned.
        planned: usize,
    },
    /// The stream ended between two rounds.
    #[error("{} before {faults} of the faults were tried{console}{kept}", if *interrupted { "interrupted" } else { "the run ended" })]
    Unreached {
        /// Number of faults without a round.
        faults: usize,
        /// Whether the user asked for it.
        interrupted: bool,
        /// Last lines of the console, each on its own line.
        console: String,
        /// Where everything is kept, on its own line.
        kept: String,
    },
    /// The stream cannot be understood.
    #[error("the suite's events cannot be read")]
    Unreadable(#[source] Arc<EventError>),
}

pub(crate) fn kept(results: Option<&Kept>) -> String {
    let what = |has_console| if has_console { "console, events and logs" } else { "events and logs" };
    results.map(|kept| format!("\n[{}: {}]", what(kept.has_console), kept.path.display())).unwrap_or_default()
}

fn hang(limit: Option<&Duration>) -> String {
    limit.map(|limit| format!(": silence for {} s", limit.as_secs())).unwrap_or_default()
}

fn during(case: Option<&str>) -> String {
    case.map_or_else(|| "between two cases".to_owned(), |case| format!("in case {case}"))
}

impl RunError {
    /// The exit code: a wrong kernel, or nothing that could be learnt of it.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::Unblamed { .. } | Self::Incomplete { failed: true, .. } => exit::FAILED,
            _ => exit::INFRASTRUCTURE,
        }
    }
}

impl Run {
    /// The same run where some failures are known.
    pub(crate) fn know(mut self, known: Option<&Known>) -> Self {
        self.judged = known.map(|known| known.judge(self.runs.current()));
        self
    }

    /// The runs, and what [`Self::judge`] says of them.
    pub(crate) fn judge_apart(self) -> (Runs, Result<u8, RunError>) {
        let runs = self.runs.clone();
        let judged = self.judge();
        (runs, judged)
    }

    /// The exit code of a complete run; the reason why there is none, if the
    /// run is not complete.
    pub(crate) fn judge(mut self) -> Result<u8, RunError> {
        let is_round = self.runs.iter().count() > 1;
        let record = self.runs.current_mut();
        if let Some(error) = record.unreadable.take() {
            return Err(RunError::Unreadable(error));
        }
        if let (Some(code), true) = (self.code, record.aborted.is_some() || record.started.is_none()) {
            return Ok(code);
        }
        let complaints = self.complaints.iter().filter(|line| !line.trim().is_empty());
        let lines: Vec<String> = self.console.iter().chain(complaints).cloned().collect();
        let (console, kept) = (indented(&lines), kept(self.results.as_ref()));
        if let Some(reason) = record.aborted.take() {
            return Err(RunError::Aborted { reason, console, kept });
        }
        if let Some(left) = self.left.filter(|_| record.finished.is_none()) {
            let (missing, planned) = (record.missing().len(), record.started.as_ref().map_or(0, |run| run.plan.len()));
            return Err(RunError::Left { left, suspect: record.running.take(), missing, planned });
        }
        let Some(started) = &record.started else {
            return Err(RunError::NoStart { silent: self.silent, console, kept });
        };
        let (missing, planned) = (record.missing().len(), started.plan.len());
        let suspect = record.running.take();
        match record.finished.take() {
            Some(finished) if finished.verdict == Verdict::NotImplemented || missing == 0 => {
                let finished = self.judged.as_ref().map_or(finished.clone(), |judged| judged.end(&finished));
                if self.unblamed.is_empty() || finished.verdict == Verdict::Failed {
                    return Ok(finished.verdict.exit_code());
                }
                Err(RunError::Unblamed { ends: self.unblamed, kept })
            }
            _ if self.interrupted => Err(RunError::Interrupted { suspect, missing, planned }),
            _ => {
                let wrong = |case: &CaseFinished| matches!(case.outcome, Outcome::Fail | Outcome::Error);
                // In a round for a fault cases are meant to fail.
                let failed = !is_round && record.ended.iter().any(wrong);
                // A case that was blamed has ended.
                let blamed = record.ended.last().filter(|case| case.outcome == Outcome::Error);
                let suspect = suspect.or_else(|| blamed.map(|case| case.case.clone()));
                let kernel = if self.silent.is_some() { "the kernel hangs" } else { "the kernel died" };
                let what = self.ended.unwrap_or_else(|| kernel.to_owned());
                Err(RunError::Incomplete { what, suspect, missing, planned, failed, console, kept })
            }
        }
    }
}
