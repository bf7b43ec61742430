// SPDX-License-Identifier: Apache-2.0 OR MIT
//! What came back from a target: the record, and what helps a person where the
//! run did not come to its end.

use std::path::PathBuf;
use std::sync::Arc;

use reglist_suite::exit;
use reglist_suite::report::events::EventError;
use reglist_suite::report::record::{End, Record};

use super::known::{Judged, Known};
use super::runs::Runs;
use super::verdict::{Conclusion, Kind};
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
    /// What ended the target before the suite began.
    pub(crate) cause: Option<String>,
    /// What the target's own program complained about.
    pub(crate) complaints: Vec<String>,
    /// Exit code of a suite that was asked for something else than a run.
    pub(crate) code: Option<u8>,
    /// What such a suite printed.
    pub(crate) said: String,
    /// Where a run goes on that nobody can follow any more.
    pub(crate) left: Option<Left>,
    /// The expected failures, if a file names any.
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
    /// The command that asks for the rest.
    pub(crate) again: String,
    /// Where the results are so far.
    pub(crate) results: PathBuf,
}

/// What a person needs to know of a run that did not come to its end.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RunError {
    /// Not one event.
    #[error("the suite did not start{}{console}{kept}", cause.as_ref().map(|cause| format!(": {cause}")).unwrap_or_default())]
    NoStart {
        /// What ended the target.
        cause: Option<String>,
        /// Last lines of the console, each on its own line.
        console: String,
        /// Where everything is kept, on its own line.
        kept: String,
    },
    /// The suite gave up.
    #[error("the suite gave up: {reason}{console}{kept}")]
    GaveUp {
        /// What the suite says.
        reason: String,
        /// Last lines of the console, each on its own line.
        console: String,
        /// Where everything is kept, on its own line.
        kept: String,
    },
    /// The run broke off.
    #[error("{reason}{console}{kept}")]
    BrokenOff {
        /// What happened.
        reason: String,
        /// Last lines of the console, each on its own line.
        console: String,
        /// Where everything is kept, on its own line.
        kept: String,
    },
    /// The board of a run is out of reach.
    #[error("{reason}\n[results so far: {}; for the rest, when the board is back: {}]", left.results.display(), left.again)]
    Left {
        /// What happened.
        reason: String,
        /// Where the run goes on.
        left: Left,
    },
    /// The stream ended between two rounds.
    #[error("{faults} of the faults were not tried{console}{kept}")]
    Unreached {
        /// Number of faults without a round.
        faults: usize,
        /// Last lines of the console, each on its own line.
        console: String,
        /// Where everything is kept, on its own line.
        kept: String,
    },
    /// The stream cannot be understood.
    #[error("the suite's events cannot be read")]
    Unreadable(#[source] Arc<EventError>),
}

fn kept(results: Option<&Kept>) -> String {
    let what = |has_console| if has_console { "console, events and logs" } else { "events and logs" };
    results.map(|kept| format!("\n[{}: {}]", what(kept.has_console), kept.path.display())).unwrap_or_default()
}

impl Run {
    /// The same run where some failures are expected.
    pub(crate) fn know(mut self, known: Option<&Known>) -> Self {
        self.judged = known.map(|known| known.judge(self.record()));
        self
    }

    /// The run, or the last one of several.
    pub(crate) fn record(&self) -> &Record {
        self.runs.current()
    }

    /// What the run says.
    pub(crate) fn conclusion(&self) -> Conclusion {
        Conclusion::of(self.record(), self.judged.as_ref())
    }

    /// The exit code.
    pub(crate) fn exit_code(&self) -> u8 {
        match (self.record().started.is_some(), self.code) {
            _ if self.runs.unreadable.is_some() => exit::INFRASTRUCTURE,
            (true, _) => self.conclusion().exit_code(),
            (false, code) => code.unwrap_or(exit::INFRASTRUCTURE),
        }
    }

    /// What to tell beside the report; nothing of a run that came to its end or
    /// that the user stopped.
    pub(crate) fn trouble(&self) -> Option<RunError> {
        if let Some(error) = &self.runs.unreadable {
            return Some(RunError::Unreadable(Arc::clone(error)));
        }
        let (console, kept) = self.circumstances();
        let record = self.record();
        if let Some(End::Aborted { reason }) = &record.end {
            // A suite in this process has said so itself.
            return self.code.is_none().then(|| RunError::GaveUp { reason: reason.clone(), console, kept });
        }
        let reason = match &record.end {
            Some(End::BrokenOff { reason, .. }) => reason.clone(),
            _ => "the events break off".to_owned(),
        };
        if let Some(left) = &self.left {
            return Some(RunError::Left { reason, left: left.clone() });
        }
        if record.started.is_none() {
            let cause = self.cause.clone();
            return self.code.is_none().then_some(RunError::NoStart { cause, console, kept });
        }
        let conclusion = self.conclusion();
        let is_told = conclusion.is_complete() || conclusion.kind == Kind::Interrupted;
        (!is_told).then_some(RunError::BrokenOff { reason, console, kept })
    }

    /// The error of a run that tried fewer faults than it was to.
    pub(crate) fn unreached(&self, faults: usize) -> RunError {
        let (console, kept) = self.circumstances();
        RunError::Unreached { faults, console, kept }
    }

    fn circumstances(&self) -> (String, String) {
        let complaints = self.complaints.iter().filter(|line| !line.trim().is_empty());
        let lines: Vec<String> = self.console.iter().chain(complaints).cloned().collect();
        (indented(&lines), kept(self.results.as_ref()))
    }
}
