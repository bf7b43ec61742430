// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Where the suite runs: local, lab or ssh. Every target returns a record, and a
//! console log if it has one.

pub(crate) mod error;
mod kernel_log;
pub(crate) mod lab;
pub(crate) mod local;
mod restart;
pub(crate) mod ssh;
mod watch;

use std::fs;
use std::time::Duration;

use crate::record::Record;
pub(crate) use error::TargetError;

use crate::record::run::Run;
use crate::record::runs::Runs;
use crate::system::files::FileError;
use crate::system::progress::Bar;
use crate::system::results::STRAY;
use crate::system::session::Session;

/// Longer than any case may take without a time limit of the user.
const SILENCE: Duration = Duration::from_secs(60);
/// Time from a case's time limit to the report of its end.
const MARGIN: Duration = Duration::from_secs(30);

/// A place where the suite can run.
pub(crate) trait Target {
    fn prepare(&mut self) -> Result<(), TargetError>;
    /// Runs the suite to any end.
    fn run(&mut self) -> Result<Run, TargetError>;
    /// Removes what only the run needed.
    fn clean_up(&mut self);
}

/// Prepares the target, runs the suite, cleans up.
pub(crate) fn carry_out(target: &mut dyn Target) -> Result<Run, TargetError> {
    target.prepare()?;
    let run = target.run();
    target.clean_up();
    run
}

/// Time without an event that counts as a hang, given the time limit of a case.
fn silence(limit: Option<Duration>) -> Duration {
    limit.map_or(SILENCE, |limit| limit.saturating_add(MARGIN))
}

/// Saves the lines that are no events of a run.
fn keep_stray(session: &Session, runs: &Runs) -> Result<(), FileError> {
    if runs.stray.is_empty() {
        return Ok(());
    }
    let path = session.results().join(STRAY);
    fs::write(&path, runs.stray.join("\n") + "\n").map_err(FileError::write(&path))
}

fn show(run: &Record, bar: &Bar) {
    if let Some(started) = run.started.as_ref().filter(|_| run.ended().len() == 0) {
        bar.length(started.plan.len() as u64);
    } else {
        bar.advance_to(run.ended().len() as u64);
    }
    bar.message(run.running.last().map(String::as_str).unwrap_or_default());
}
