// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Where the suite runs. Every target yields the same: a stream of events, and
//! the log of a console where there is one.

pub(crate) mod lab;
pub(crate) mod local;

use std::path::PathBuf;
use std::time::Duration;

use reglist_suite::events::Verdict;

use crate::error::Error;
use crate::stage::indented;
use crate::stream::Record;

/// A place where the suite can run.
pub(crate) trait Target {
    /// Makes everything ready.
    fn prepare(&mut self) -> Result<(), Error>;
    /// Runs the suite to its end, whatever end that is.
    fn run(&mut self) -> Result<Run, Error>;
    /// Removes what only the run needed.
    fn clean_up(&mut self) -> Result<(), Error>;
}

/// What came back from a target.
#[derive(Debug)]
pub(crate) struct Run {
    /// The events.
    pub(crate) record: Record,
    /// Last lines of the console, if the target has one.
    pub(crate) console: Vec<String>,
    /// Where everything is kept.
    pub(crate) results: PathBuf,
    /// The limit that the target broke by saying nothing.
    pub(crate) silent: Option<Duration>,
    /// What the target's own program complained about.
    pub(crate) complaints: Vec<String>,
}

/// A run that gave no verdict.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RunError {
    /// Not one event.
    #[error("the kernel did not come as far as starting the suite{}{console}\n[console and logs: {}]", hang(silent.as_ref()), results.display())]
    NoStart {
        /// The limit it broke, if it was a hang.
        silent: Option<Duration>,
        /// Last lines of the console, each on its own line.
        console: String,
        /// Where everything is kept.
        results: PathBuf,
    },
    /// The suite gave up before the first case.
    #[error("the suite gave up: {reason}{console}\n[console and logs: {}]", results.display())]
    Aborted {
        /// What the suite says.
        reason: String,
        /// Last lines of the console, each on its own line.
        console: String,
        /// Where everything is kept.
        results: PathBuf,
    },
    /// The stream broke off.
    #[error("the kernel {} {}; {missing} of {planned} cases did not finish{console}\n[console, events and logs: {}]", if silent.is_some() { "hangs" } else { "died" }, during(suspect.as_deref()), results.display())]
    Incomplete {
        /// The limit it broke, if it was a hang.
        silent: Option<Duration>,
        /// The case that had begun and not ended.
        suspect: Option<String>,
        /// Number of cases without an end.
        missing: usize,
        /// Number of cases planned.
        planned: usize,
        /// Last lines of the console, each on its own line.
        console: String,
        /// Where everything is kept.
        results: PathBuf,
    },
    /// The stream cannot be understood.
    #[error("the suite's events cannot be read")]
    Unreadable(#[source] reglist_suite::events::EventError),
}

fn hang(limit: Option<&Duration>) -> String {
    limit.map(|limit| format!(": silence for {} s", limit.as_secs())).unwrap_or_default()
}

fn during(case: Option<&str>) -> String {
    case.map_or_else(|| "between two cases".to_owned(), |case| format!("in case {case}"))
}

impl Run {
    /// The exit code of a complete run; the reason why there is none, if the
    /// run is not complete.
    pub(crate) fn judge(mut self) -> Result<u8, RunError> {
        if let Some(error) = self.record.unreadable.take() {
            return Err(RunError::Unreadable(error));
        }
        let complaints = self.complaints.iter().filter(|line| !line.trim().is_empty());
        let lines: Vec<String> = self.console.iter().chain(complaints).cloned().collect();
        let (console, results) = (indented(&lines), self.results);
        if let Some(reason) = self.record.aborted {
            return Err(RunError::Aborted { reason, console, results });
        }
        let Some(started) = &self.record.started else {
            return Err(RunError::NoStart { silent: self.silent, console, results });
        };
        match &self.record.finished {
            Some(finished) if finished.verdict == Verdict::NotImplemented || self.record.missing().is_empty() => {
                Ok(finished.verdict.exit_code())
            }
            _ => Err(RunError::Incomplete {
                silent: self.silent,
                missing: self.record.missing().len(),
                planned: started.plan.len(),
                suspect: self.record.running,
                console,
                results,
            }),
        }
    }
}
