// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Runs a tool of the review.

use crate::lab::error::LabError;
use crate::system::stage::{Stage, StageError, Step};
use crate::system::supervise::{Ending, Flow};

/// Lines of a log that are read.
const MOST_LINES: usize = 200_000;

/// Runs a command of a tool that fails if it has something to say; returns whether it
/// succeeded, and its lines. Trouble of the machine is an error.
pub(super) fn run(stage: &mut Stage<'_>, step: &Step) -> Result<(bool, Vec<String>), LabError> {
    let mut lines = Vec::new();
    let ended = stage.attempt(step, &mut |bar, _, line| {
        if lines.len() < MOST_LINES {
            lines.push(line.to_owned());
        }
        if line.starts_with("  ") {
            bar.message(line);
        }
        Flow::Continue
    })?;
    let has_said = match ended.ending {
        Ending::Stopped => return Ok((true, lines)),
        Ending::Exited(status) if status.success() => return Ok((true, lines)),
        // make: 2; checkpatch: 1.
        Ending::Exited(status) => matches!(status.code(), Some(1 | 2)),
        _ => false,
    };
    match stage.failure(step, ended) {
        StageError::Failed { .. } if has_said => Ok((false, lines)),
        error => Err(error.into()),
    }
}
