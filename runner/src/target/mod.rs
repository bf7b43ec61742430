// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Where the suite runs. Every target yields the same: a stream of events, and
//! the log of a console where there is one.

pub(crate) mod error;
mod kernel_log;
pub(crate) mod lab;
pub(crate) mod local;
mod restart;
pub(crate) mod ssh;
mod watch;

use crate::record::Record;
pub(crate) use error::TargetError;

use crate::record::run::Run;
use crate::system::progress::Bar;

/// Silence in seconds that means a hang: longer than any case may take.
const SILENCE: u64 = 60;
/// What a case may take beyond its own limit until its end is reported, in
/// seconds.
const MARGIN: u64 = 30;

/// A place where the suite can run.
pub(crate) trait Target {
    /// Makes everything ready.
    fn prepare(&mut self) -> Result<(), TargetError>;
    /// Runs the suite to its end, whatever end that is.
    fn run(&mut self) -> Result<Run, TargetError>;
    /// Removes what only the run needed.
    fn clean_up(&mut self) -> Result<(), TargetError>;
}

/// Has a target do all of its work.
pub(crate) fn carry_out(target: &mut dyn Target) -> Result<Run, TargetError> {
    target.prepare()?;
    let run = target.run();
    target.clean_up()?;
    run
}

/// Shows on a bar how far a run is.
fn show(run: &Record, bar: &Bar) {
    if let Some(started) = run.started.as_ref().filter(|_| run.ended.is_empty()) {
        bar.length(started.plan.len() as u64);
    } else {
        bar.advance_to(run.ended.len() as u64);
    }
    bar.message(run.running.as_deref().unwrap_or_default());
}
