// SPDX-License-Identifier: Apache-2.0 OR MIT
//! A board's frames and kernel log, for `ci/fuzz`.

use super::frames::{Frame, Frames, Lines};
use super::gained::gained;
use super::script::MARKER;
use crate::record::run::Run;
use crate::target::kernel_log::is_trouble;
use crate::target::restart::{Cause, Restarting};
use reglist_suite::report::events::Breaker;

/// The run of a board that sends these bytes, in pieces of the size that the first
/// byte says.
pub(crate) fn run(data: &[u8]) -> Run {
    let Some((size, data)) = data.split_first() else { return Run::default() };
    let mut run = Restarting::new(Vec::new(), 3);
    let (mut frames, mut lines) = (Frames::default(), Lines::default());
    let mut complaints = Vec::new();
    'all: for piece in data.chunks(usize::from(*size) * 16 + 1) {
        frames.push(piece);
        loop {
            let status = match frames.next() {
                Ok(Some(Frame::Data(bytes))) => {
                    assert!(!bytes.is_empty());
                    lines.take(&bytes, |line| run.take(line));
                    continue;
                }
                Ok(Some(Frame::Alive)) => continue,
                Ok(Some(Frame::End(status))) => Some(status),
                Ok(Some(Frame::Gone)) => None,
                Ok(None) => break,
                Err(line) => {
                    complaints.push(line);
                    break 'all;
                }
            };
            std::mem::take(&mut lines).end(|line| run.take(line));
            let cause = Cause { by: Breaker::Machine, words: format!("the suite ended: {status:?}"), blames: true };
            if run.machine_ended(&cause).is_none() {
                break 'all;
            }
        }
    }
    lines.end(|line| run.take(line));
    let log = String::from_utf8_lossy(data);
    let before: Vec<String> = log.lines().take(MARKER).map(str::to_owned).collect();
    let found = gained(&before, &log).unwrap_or_default();
    complaints.extend(found.iter().filter(|line| is_trouble(line)).map(|line| (*line).to_owned()));
    run.break_off(&Cause::interruption());
    Run { runs: run.finish().unwrap_or_default(), complaints, ..Run::default() }
}
