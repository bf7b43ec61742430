// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Running one job in a process of its own, within a time limit.

use std::io::{self, Read as _, Write as _};
use std::os::fd::AsFd as _;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::Signal;

use crate::job::{Job, Message};

/// The argument that makes a program of this project a worker.
pub const WORKER: &str = "--work-on-one-case";

/// How long a killed process may take to go away before it is given up.
const GRACE: Duration = Duration::from_secs(1);

/// Why a job has no result.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    /// The process cannot be started or talked to.
    #[error("the process for the case cannot be run")]
    Process(#[from] io::Error),
    /// It was killed at its time limit.
    #[error("no end after {} s: the kernel or the case hangs\n[see the kernel log; a longer limit: --timeout]", limit.as_secs_f32())]
    TimeLimit {
        /// The limit.
        limit: Duration,
    },
    /// It died.
    #[error(
        "the process of the case was killed by {signal}\n[see the kernel log: the kernel may have written over the process's memory]"
    )]
    Signal {
        /// Name of the signal.
        signal: String,
    },
    /// It ended before its last message.
    #[error("the process of the case ended early, with exit code {code}")]
    Early {
        /// Its exit code.
        code: i32,
    },
}

/// Runs `job` and hands every message to `receive`.
///
/// # Errors
/// [`JobError`] where the last message is missing; what came before it was
/// handed over all the same.
pub fn run(job: &Job, limit: Duration, mut receive: impl FnMut(Message)) -> Result<(), JobError> {
    let mut child =
        Command::new(std::env::current_exe()?).arg(WORKER).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    let deadline = Instant::now() + limit;
    let text = serde_json::to_vec(job).map_err(io::Error::from)?;
    // A child that died has its own end to tell; a job fits into the pipe.
    if let Some(mut stdin) = child.stdin.take() {
        let _ = stdin.write_all(&text);
    }
    let mut lines = Vec::new();
    let ended = read_to_end(&mut child, deadline, &mut lines);
    let mut complete = false;
    for line in lines.split(|byte| *byte == b'\n') {
        if let Ok(message) = serde_json::from_slice(line) {
            complete |= !matches!(message, Message::Found(_));
            receive(message);
        }
    }
    if !ended? {
        child.kill()?;
        wait_briefly(&mut child)?;
        return Err(JobError::TimeLimit { limit });
    }
    let status = child.wait()?;
    if complete { Ok(()) } else { Err(early(status)) }
}

/// Reads until the other end is closed; false if the deadline comes first.
fn read_to_end(child: &mut Child, deadline: Instant, text: &mut Vec<u8>) -> io::Result<bool> {
    let Some(mut stdout) = child.stdout.take() else {
        return Ok(true);
    };
    let mut buffer = [0; 8192];
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let timeout = PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX);
        match poll(&mut [PollFd::new(stdout.as_fd(), PollFlags::POLLIN)], timeout) {
            Ok(0) if left.is_zero() => return Ok(false),
            Ok(0) | Err(Errno::EINTR) => {}
            Ok(_) => match stdout.read(&mut buffer)? {
                0 => return Ok(true),
                count => text.extend(buffer.iter().take(count)),
            },
            Err(errno) => return Err(errno.into()),
        }
    }
}

/// A process that hangs in the kernel may not even die; it is left behind then.
fn wait_briefly(child: &mut Child) -> io::Result<()> {
    let deadline = Instant::now() + GRACE;
    while child.try_wait()?.is_none() && Instant::now() < deadline {
        thread::sleep(Duration::from_millis(10));
    }
    Ok(())
}

fn early(status: ExitStatus) -> JobError {
    match (status.code(), status.signal()) {
        (Some(code), _) => JobError::Early { code },
        (None, signal) => {
            let number = signal.unwrap_or_default();
            let signal =
                Signal::try_from(number).map_or_else(|_| format!("signal {number}"), |signal| signal.to_string());
            JobError::Signal { signal }
        }
    }
}
