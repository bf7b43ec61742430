// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Runs one command to its end, whatever that end is: its own, the user's
//! Ctrl-C, or a time limit.
//!
//! The command leads a process group. A polite signal goes to the whole group;
//! if that does not help in a few seconds, or the user insists, SIGKILL does.
//! Both outputs are read line by line as they come; the call returns when the
//! command is gone *and* nobody holds its outputs any more, so that no
//! descendant outlives the call.

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

/// How long a command may take to die after a polite signal.
const GRACE: Duration = Duration::from_secs(4);
/// How long to wait for outputs to close once everything was killed.
const REAP: Duration = Duration::from_secs(10);
/// Not SIGINT: what a shell starts in the background ignores that one, and so
/// would every command started from here.
const POLITE: Signal = Signal::SIGTERM;
/// How often signals and limits are looked at.
const TICK: Duration = Duration::from_millis(25);
/// A longer line is cut: a runaway command must not fill the memory. An event
/// with a finding for each register and place takes some hundred kilobytes.
const LINE: usize = 1 << 23;
/// Read at once.
const BUFFER: usize = 1 << 16;

/// What to run.
#[derive(Debug, Clone)]
pub(crate) struct Job {
    /// Program and arguments.
    pub(crate) argv: Vec<OsString>,
    /// The whole environment.
    pub(crate) environment: Vec<(OsString, OsString)>,
}

/// How long it may take.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// From start to end.
    pub(crate) total: Duration,
    /// Between two lines of standard output.
    pub(crate) silence: Option<Duration>,
}

/// Which output a line came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    /// Standard output.
    Output,
    /// Standard error.
    Error,
}

/// What the reader of the lines wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flow {
    /// Go on.
    Continue,
    /// Stop the command; its work is done.
    Stop,
}

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// By itself.
    Exited(ExitStatus),
    /// The reader of the lines had seen enough.
    Stopped,
    /// The user asked to stop.
    Interrupted {
        /// Whether it had to be killed, so that its outputs may be half-written.
        killed: bool,
    },
    /// It took longer than its limit.
    TimedOut {
        /// The limit that it broke.
        limit: Duration,
    },
}

enum Message {
    Line(Source, String),
    Closed,
}

/// Why the command is being ended from outside.
#[derive(Debug, Clone, Copy)]
enum Reason {
    Interrupt,
    Timeout(Duration),
    Enough,
}

/// Runs a command and hands every line it prints to `line`.
///
/// # Errors
/// If the command cannot be started or waited for.
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

    // The outputs are closed; what is left is a process about to end, or one
    // that closed them on purpose.
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

/// Asks a program something that it answers at once. The terminal's Ctrl-C does
/// not reach it: an answer cut short would be taken for another one.
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

/// Sends every line, without its end; the receiver may be gone already.
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

/// Signals a group that may be gone already.
fn signal(group: Pid, signal: Signal) {
    let _ = killpg(group, signal);
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(20);

    fn job(script: &str) -> Job {
        let path = std::env::var_os("PATH").unwrap_or_default();
        Job { argv: ["sh", "-c", script].map(OsString::from).to_vec(), environment: vec![("PATH".into(), path)] }
    }

    fn run(script: &str, limits: Limits) -> (Ending, Vec<String>) {
        let mut lines = Vec::new();
        let ending = supervise(&job(script), limits, &Interrupt::default(), &mut |source, line| {
            lines.push(format!("{source:?} {line}"));
            Flow::Continue
        })
        .unwrap();
        (ending, lines)
    }

    #[test]
    fn both_outputs_are_read_to_the_last_byte() {
        let limits = Limits { total: LONG, silence: None };
        let (ending, mut lines) = run("echo a; echo b >&2; printf c; exit 3", limits);
        lines.sort();
        assert_eq!(lines, ["Error b", "Output a", "Output c"]);
        assert!(matches!(ending, Ending::Exited(status) if status.code() == Some(3)));
    }

    #[test]
    fn a_line_without_end_does_not_fill_the_memory() {
        let limits = Limits { total: LONG, silence: None };
        let (_, lines) = run("head -c 20000000 /dev/zero | tr '\\0' x", limits);
        assert_eq!(lines.len(), 3);
    }

    #[test]
    fn a_command_that_takes_too_long_is_ended() {
        let limit = Duration::from_millis(200);
        let start = Instant::now();
        let (ending, _) = run("sleep 30", Limits { total: limit, silence: None });
        assert_eq!(ending, Ending::TimedOut { limit });
        assert!(start.elapsed() < GRACE);
    }

    #[test]
    fn silence_is_a_limit_of_its_own() {
        let limit = Duration::from_millis(600);
        let limits = Limits { total: LONG, silence: Some(limit) };
        let (ending, lines) = run("for i in 1 2 3 4 5; do echo $i; sleep 0.2; done; sleep 30", limits);
        assert_eq!(ending, Ending::TimedOut { limit });
        assert_eq!(lines.len(), 5);
    }

    #[test]
    fn the_reader_can_stop_a_command() {
        let limits = Limits { total: LONG, silence: None };
        let ending =
            supervise(&job("echo enough; sleep 30"), limits, &Interrupt::default(), &mut |_, _| Flow::Stop).unwrap();
        assert_eq!(ending, Ending::Stopped);
    }

    #[test]
    fn outputs_closed_early_are_no_end() {
        let limits = Limits { total: LONG, silence: None };
        let (ending, _) = run("exec >&- 2>&-; sleep 0.3; exit 7", limits);
        assert!(matches!(ending, Ending::Exited(status) if status.code() == Some(7)));
    }

    #[test]
    fn a_missing_program_is_an_error() {
        let job = Job { argv: vec!["/nonexistent".into()], environment: Vec::new() };
        let limits = Limits { total: LONG, silence: None };
        assert!(supervise(&job, limits, &Interrupt::default(), &mut |_, _| Flow::Continue).is_err());
    }
}
