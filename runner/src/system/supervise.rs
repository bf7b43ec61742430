// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Runs one command until it ends, the user interrupts it, or it times out.
//!
//! The command leads a process group. To stop it, the whole group gets SIGTERM,
//! and SIGKILL after a few seconds or after a second Ctrl-C. The call returns
//! when the command has ended and both outputs are closed, so that no descendant
//! outlives the call.

use std::ffi::OsString;
use std::io::{self, BufRead as _, BufReader, Read, pipe};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

use crate::system::interrupt::Interrupt;
use crate::system::stall::Clock;

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
const LINE: u64 = 1 << 23;
/// Lines that may wait for the line reader; then the command waits.
const WAITING: usize = 8;
const BUFFER: usize = 1 << 16;

#[derive(Debug, Clone)]
pub(crate) struct Job {
    pub(crate) argv: Vec<OsString>,
    pub(crate) environment: Vec<(OsString, OsString)>,
}

/// Limits of the time in which the command can run: not while it, or this machine,
/// is stopped.
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
    /// This program: the command could not run for a while.
    Pause,
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
    let (mut child, lines) = spawn(job)?;
    let group = Pid::from_raw(i32::try_from(child.id()).map_err(io::Error::other)?);
    let mut clock = Clock::start(group);
    // In the command's running time.
    let mut heard = Duration::ZERO;
    let mut is_done = false;
    let mut stopping: Option<(Ending, Instant)> = None;
    let mut killed: Option<Instant> = None;

    let status = loop {
        let mut closed = false;
        let received = lines.recv_timeout(TICK);
        if let Some(pause) = clock.tick(received.is_ok()) {
            let text = format!("could not run for {} s", pause.as_secs());
            is_done |= line(Source::Pause, &text) == Flow::Stop;
        }
        match received {
            Ok((source, text)) => {
                if source == Source::Output {
                    heard = clock.ran();
                }
                is_done |= line(source, &text) == Flow::Stop;
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => closed = true,
        }
        // A process may keep the outputs open beyond SIGKILL, or close them and go on.
        if closed || killed.is_some_and(|since| since.elapsed() > REAP) {
            if let Some(status) = child.try_wait()? {
                break status;
            }
            thread::sleep(TICK);
        }
        if stopping.is_none() {
            let stop =
                if is_done { Some(Ending::Stopped) } else { reason_to_stop(limits, interrupt, clock.ran(), heard) };
            if let Some(ending) = stop {
                stopping = Some((ending, Instant::now()));
                signal(group, POLITE);
            }
        }
        let insists = |(_, since): (_, Instant)| since.elapsed() > GRACE || interrupt.count() > 1;
        if killed.is_none() && stopping.is_some_and(insists) {
            killed = Some(Instant::now());
            signal(group, Signal::SIGKILL);
        }
    };
    Ok(match stopping {
        None => Ending::Exited(status),
        Some((Ending::Interrupted { .. }, _)) => Ending::Interrupted { killed: killed.is_some() },
        Some((ending, _)) => ending,
    })
}

/// Runs a short query. Its own process group keeps the terminal's Ctrl-C away,
/// so that the answer is complete.
pub(crate) fn ask(command: &mut Command) -> io::Result<Output> {
    command.stdin(Stdio::null()).process_group(0).output()
}

fn reason_to_stop(limits: Limits, interrupt: &Interrupt, ran: Duration, heard: Duration) -> Option<Ending> {
    if interrupt.requested() {
        Some(Ending::Interrupted { killed: false })
    } else if ran > limits.total {
        Some(Ending::TimedOut { limit: limits.total })
    } else {
        limits.silence.filter(|limit| ran - heard > *limit).map(|limit| Ending::TimedOut { limit })
    }
}

fn spawn(job: &Job) -> io::Result<(Child, Receiver<(Source, String)>)> {
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
    let (sender, lines) = mpsc::sync_channel(WAITING);
    let other = sender.clone();
    thread::spawn(move || read_lines(output, Source::Output, &sender));
    thread::spawn(move || read_lines(error, Source::Error, &other));
    Ok((child, lines))
}

/// Sends every line without its end; ignores a closed receiver.
fn read_lines(from: impl Read, source: Source, to: &SyncSender<(Source, String)>) {
    let mut from = BufReader::with_capacity(BUFFER, from);
    let mut line = Vec::new();
    while from.by_ref().take(LINE).read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
        let text = line.strip_suffix(b"\n").unwrap_or(&line);
        let _ = to.send((source, String::from_utf8_lossy(text).into_owned()));
        line.clear();
    }
}

/// Signals a group; ignores a group that has ended.
fn signal(group: Pid, signal: Signal) {
    let _ = killpg(group, signal);
}

#[cfg(test)]
mod tests;
