// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The result of a target: the record, and the context of an incomplete run.

use std::path::PathBuf;
use std::sync::Arc;

use reglist_suite::exit;
use reglist_suite::report::events::EventError;
use reglist_suite::report::record::{End, Record};

use super::known::{Judged, Known};
use super::runs::Runs;
use super::verdict::{Conclusion, Kind, worst};
use crate::system::stage::indented;

#[derive(Debug, Default)]
pub(crate) struct Run {
    pub(crate) runs: Runs,
    /// Last lines of the console, if the target has one.
    pub(crate) console: Vec<String>,
    pub(crate) results: Option<Kept>,
    /// Why the target ended before the suite started.
    pub(crate) cause: Option<String>,
    /// Error output of the target's program.
    pub(crate) complaints: Vec<String>,
    /// Exit code of a suite that did not start a run, such as `--help`.
    pub(crate) code: Option<u8>,
    pub(crate) said: String,
    /// Whether results are lost because of a write error, which was printed.
    pub(crate) is_unwritten: bool,
    /// The command that fetches the rest of a run that continues on the board without
    /// connection.
    pub(crate) left: Option<String>,
    pub(crate) judged: Option<Judged>,
}

/// A directory of results.
#[derive(Debug, Clone)]
pub(crate) struct Kept {
    pub(crate) path: PathBuf,
    /// Whether it has a console log.
    pub(crate) has_console: bool,
}

/// `context` is the last lines of the console and the directory of the results, each
/// on its own line.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RunError {
    #[error("the suite did not start{}{context}", cause.as_ref().map(|cause| format!(": {cause}")).unwrap_or_default())]
    NoStart { cause: Option<String>, context: String },
    #[error("the suite gave up: {reason}{context}")]
    GaveUp { reason: String, context: String },
    #[error("{reason}{context}")]
    BrokenOff { reason: String, context: String },
    #[error("{reason}\n[results so far: {}; to continue when the board is back: {}]", results.display(), again)]
    Left { reason: String, results: PathBuf, again: String },
    #[error("{faults} faults were not tried{context}")]
    Unreached { faults: usize, context: String },
    #[error("the results are incomplete\n[correct the write error above and run again]")]
    Unwritten,
    #[error("failed to read the suite's events")]
    Unreadable(#[source] Arc<EventError>),
}

fn kept(results: Option<&Kept>) -> String {
    let what = |has_console| if has_console { "console, events and logs" } else { "events and logs" };
    results.map(|kept| format!("\n[{}: {}]", what(kept.has_console), kept.path.display())).unwrap_or_default()
}

impl Run {
    /// Compares the run with the expected failures.
    pub(crate) fn know(mut self, known: Option<&Known>) -> Self {
        self.judged = known.map(|known| known.judge(self.record()));
        self
    }

    /// The last run.
    pub(crate) fn record(&self) -> &Record {
        self.runs.current()
    }

    pub(crate) fn conclusion(&self) -> Conclusion {
        Conclusion::of(self.record(), self.judged.as_ref())
    }

    pub(crate) fn exit_code(&self) -> u8 {
        match (self.record().started.is_some(), self.code) {
            _ if self.runs.unreadable.is_some() => exit::INFRASTRUCTURE,
            (true, _) if self.is_unwritten => worst([self.conclusion().exit_code(), exit::INFRASTRUCTURE]),
            (true, _) => self.conclusion().exit_code(),
            (false, code) => code.unwrap_or(exit::INFRASTRUCTURE),
        }
    }

    /// The error of an incomplete run; none if the user interrupted it.
    pub(crate) fn trouble(&self) -> Option<RunError> {
        if let Some(error) = &self.runs.unreadable {
            return Some(RunError::Unreadable(Arc::clone(error)));
        }
        let context = self.context();
        let record = self.record();
        if let Some(End::Aborted { reason }) = &record.end {
            // A suite in this process has printed the reason.
            return self.code.is_none().then(|| RunError::GaveUp { reason: reason.clone(), context });
        }
        let reason = match &record.end {
            Some(End::BrokenOff { reason, .. }) => reason.clone(),
            _ => "the events end early".to_owned(),
        };
        if let (Some(again), Some(Kept { path, .. })) = (self.left.clone(), &self.results) {
            return Some(RunError::Left { reason, results: path.clone(), again });
        }
        if record.started.is_none() {
            let cause = self.cause.clone();
            return self.code.is_none().then_some(RunError::NoStart { cause, context });
        }
        let conclusion = self.conclusion();
        match conclusion.is_complete() || conclusion.kind == Kind::Interrupted {
            true => self.is_unwritten.then_some(RunError::Unwritten),
            false => Some(RunError::BrokenOff { reason, context }),
        }
    }

    pub(crate) fn unreached(&self, faults: usize) -> RunError {
        RunError::Unreached { faults, context: self.context() }
    }

    fn context(&self) -> String {
        let complaints = self.complaints.iter().filter(|line| !line.trim().is_empty());
        let lines: Vec<String> = self.console.iter().chain(complaints).cloned().collect();
        indented(&lines) + &kept(self.results.as_ref())
    }
}
