// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Runs one command until it ends, the user interrupts it, or it times out.
//!
//! The command leads a process group. To stop it, the whole group gets SIGTERM,
//! and SIGKILL after a few seconds or after a second Ctrl-C. The call returns
//! when the command has ended and both outputs are closed, so that no descendant
//! outlives the call.

use std::ffi::OsString;
use std::io::{self, Read, pipe};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

use crate::system::interrupt::Interrupt;

/// Time between SIGTERM and SIGKILL.
const GRACE: Duration = Duration::from_secs(4);
/// Maximum wait for closed outputs after SIGKILL.
const REAP: Duration = Duration::from_secs(10);
/// Not SIGINT: background processes of a shell ignore it.
const POLITE: Signal = Signal::SIGTERM;
/// Interval of the checks for signals and limits.
const TICK: Duration = Duration::from_millis(25);
/// Longer lines are cut, to limit memory. The longest event has some hundred
/// kilobytes.
const LINE: usize = 1 << 23;
const BUFFER: usize = 1 << 16;

#[derive(Debug, Clone)]
pub(crate) struct Job {
    pub(crate) argv: Vec<OsString>,
    pub(crate) environment: Vec<(OsString, OsString)>,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) total: Duration,
    /// Between two lines of standard output.
    pub(crate) silence: Option<Duration>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    Output,
    /// Standard error.
    Error,
}

/// The line reader's decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flow {
    Continue,
    /// Stop the command: it has done its work.
    Stop,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    Exited(ExitStatus),
    /// The line reader stopped the command.
    Stopped,
    Interrupted {
        /// Whether SIGKILL ended it, so that it may have left partial files.
        killed: bool,
    },
    TimedOut {
        limit: Duration,
    },
}

enum Message {
    Line(Source, String),
    Closed,
}

/// Why this program stops the command.
#[derive(Debug, Clone, Copy)]
enum Reason {
    Interrupt,
    Timeout(Duration),
    Enough,
}

/// Runs a command and passes every line of its output to `line`.
///
/// # Errors
/// The system cannot start the command or wait for it.
pub(crate) fn supervise(
    job: &Job,
    limits: Limits,
    interrupt: &Interrupt,
    line: &mut dyn FnMut(Source, &str) -> Flow,
) -> io::Result<Ending> {
    let (mut child, messages) = spawn(job)?;
    let group = Pid::from_raw(i32::try_from(child.id()).map_err(io::Error::other)?);
    let started = Instant::now();
    let mut heard = started;
    let mut open = 2;
    let mut stopping: Option<(Reason, Instant)> = None;
    let mut killed: Option<Instant> = None;

    while open > 0 {
        match messages.recv_timeout(TICK) {
            Ok(Message::Line(source, text)) => {
                if source == Source::Output {
                    heard = Instant::now();
                }
                if line(source, &text) == Flow::Stop && stopping.is_none() {
                    stopping = Some((Reason::Enough, Instant::now()));
                    signal(group, POLITE);
                }
            }
            Ok(Message::Closed) => open -= 1,
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
        if stopping.is_none()
            && let Some(reason) = reason_to_stop(limits, interrupt, started, heard)
        {
            stopping = Some((reason, Instant::now()));
            signal(group, POLITE);
        }
        if let Some((_, since)) = stopping {
            let insisted = interrupt.count() > 1;
            if killed.is_none() && (insisted || since.elapsed() > GRACE) {
                killed = Some(Instant::now());
                signal(group, Signal::SIGKILL);
            }
        }
        if killed.is_some_and(|since| since.elapsed() > REAP) {
            break;
        }
    }

    // The outputs are closed, but the process may still run.
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        let reason = match stopping {
            Some(stop) => Some(stop),
            None => reason_to_stop(limits, interrupt, started, heard).map(|reason| (reason, Instant::now())),
        };
        if let (None, Some(_)) = (stopping, reason) {
            signal(group, POLITE);
        }
        stopping = reason;
        if stopping.is_some_and(|(_, since)| since.elapsed() > GRACE || interrupt.count() > 1) {
            killed.get_or_insert_with(Instant::now);
            signal(group, Signal::SIGKILL);
        }
        thread::sleep(TICK);
    };
    Ok(match stopping {
        None => Ending::Exited(status),
        Some((Reason::Enough, _)) => Ending::Stopped,
        Some((Reason::Interrupt, _)) => Ending::Interrupted { killed: killed.is_some() },
        Some((Reason::Timeout(limit), _)) => Ending::TimedOut { limit },
    })
}

/// Runs a short query. Its own process group keeps the terminal's Ctrl-C away,
/// so that the answer is complete.
pub(crate) fn ask(command: &mut Command) -> io::Result<Output> {
    command.stdin(Stdio::null()).process_group(0).output()
}

fn reason_to_stop(limits: Limits, interrupt: &Interrupt, started: Instant, heard: Instant) -> Option<Reason> {
    if interrupt.requested() {
        Some(Reason::Interrupt)
    } else if started.elapsed() > limits.total {
        Some(Reason::Timeout(limits.total))
    } else {
        limits.silence.filter(|limit| heard.elapsed() > *limit).map(Reason::Timeout)
    }
}

fn spawn(job: &Job) -> io::Result<(Child, Receiver<Message>)> {
    let (program, arguments) = job.argv.split_first().ok_or_else(|| io::Error::other("an empty command"))?;
    let (output, output_end) = pipe()?;
    let (error, error_end) = pipe()?;
    let child = Command::new(program)
        .args(arguments)
        .env_clear()
        .envs(job.environment.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::null())
        .stdout(output_end)
        .stderr(error_end)
        .process_group(0)
        .spawn()?;
    let (sender, messages) = mpsc::channel();
    let other = sender.clone();
    thread::spawn(move || read_lines(output, Source::Output, &sender));
    thread::spawn(move || read_lines(error, Source::Error, &other));
    Ok((child, messages))
}

/// Sends every line without its end; ignores a closed receiver.
fn read_lines(mut from: impl Read, source: Source, to: &Sender<Message>) {
    let mut buffer = vec![0; BUFFER];
    let mut pending = Vec::new();
    let emit = |bytes: &[u8]| {
        let _ = to.send(Message::Line(source, String::from_utf8_lossy(bytes).into_owned()));
    };
    loop {
        match from.read(&mut buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Ok(0) | Err(_) => break,
            Ok(read) => {
                for &byte in buffer.iter().take(read) {
                    if byte == b'\n' || pending.len() >= LINE {
                        emit(&pending);
                        pending.clear();
                    }
                    if byte != b'\n' {
                        pending.push(byte);
                    }
                }
            }
        }
    }
    if !pending.is_empty() {
        emit(&pending);
    }
    let _ = to.send(Message::Closed);
}

/// Signals a group; ignores a group that has ended.
fn signal(group: Pid, signal: Signal) {
    let _ = killpg(group, signal);
}

#[cfg(test)]
mod tests;
