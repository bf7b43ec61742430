// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Runs jobs in worker processes, with a time limit.
//!
//! A server is a copy of the harness, made before any case runs. It copies itself into a
//! worker, which has all data of the harness. A worker does jobs as long as they pass: a
//! copy of a process costs more than most cases, in the lab's guest above all. A job that
//! does not pass runs again in a new worker, unless it exceeds its limit. So no finding and
//! no crash comes from leftovers of earlier jobs. A crash or a hang costs one job. A server
//! has one thread; the harness can have more.

use std::io::{self, BufRead as _, BufReader, PipeReader, PipeWriter, Read as _, Write as _};
use std::os::fd::AsFd as _;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::wait::WaitStatus;
use serde::{Deserialize, Serialize};

use crate::checks::message::Message;
use crate::memory::Child;

/// Longest time that messages wait for the end of the job. Reading each at once would take
/// CPU time from the job.
const PATIENCE: Duration = Duration::from_millis(50);
/// Longest time of an exit in progress.
const AT_ONCE: Duration = Duration::from_millis(5);
/// Time for a killed process to exit before the server leaves it behind.
const GRACE: Duration = Duration::from_secs(1);

/// Why a job has no result.
#[derive(Debug, thiserror::Error, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the messages describe the variants")]
pub enum JobError {
    #[error("cannot run the process of the case: {reason}")]
    Process { reason: String },
    #[error("timed out after {} s: the kernel or the case hangs\n[see the kernel log, or raise the limit with --timeout]", limit.as_secs_f32())]
    TimeLimit { limit: Duration },
    #[error(
        "the process of the case was killed by {signal}\n[see the kernel log: an oops kills the process, and so does a kernel that overwrites its memory]"
    )]
    Signal { signal: String },
    #[error("the process of the case exited early with code {code}")]
    Early { code: i32 },
}

impl From<io::Error> for JobError {
    fn from(error: io::Error) -> Self {
        Self::Process { reason: error.to_string() }
    }
}

#[derive(Debug, Serialize, Deserialize)]
enum Line {
    Said(Message),
    Ended(Result<(), JobError>),
}

/// Sends one message of a job.
pub type Send<'a> = &'a dyn Fn(&Message) -> io::Result<()>;

/// Copies of this process that wait for jobs.
#[derive(Debug)]
pub struct Servers {
    idle: Mutex<Vec<Server>>,
}

impl Servers {
    /// Makes `count` servers that do `work` on the job of a number, each job
    /// within its `limit`.
    pub fn start(count: usize, limit: impl Fn(usize) -> Duration, work: impl Fn(usize, Send<'_>)) -> io::Result<Self> {
        let servers = (0..count).map(|_| Server::start(&limit, &work)).collect::<io::Result<_>>()?;
        Ok(Self { idle: Mutex::new(servers) })
    }

    /// Has a server do a job and hands every message to `receive`.
    /// [`JobError`] if the last message is missing.
    pub fn run(&self, job: usize, receive: impl FnMut(Message)) -> Result<(), JobError> {
        let server = lock(&self.idle).pop();
        let mut server = server.ok_or_else(|| JobError::Process { reason: "no server process is left".to_owned() })?;
        // A server that cannot be talked to is gone and does not come back.
        let result = server.run(job, receive)?;
        lock(&self.idle).push(server);
        result
    }
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A copy of this process that waits for jobs; it ends when this end of the
/// connection is closed.
#[derive(Debug)]
struct Server {
    requests: PipeWriter,
    answers: BufReader<PipeReader>,
}

impl Server {
    fn start(limit: &dyn Fn(usize) -> Duration, work: &dyn Fn(usize, Send<'_>)) -> io::Result<Self> {
        let (their_requests, requests) = io::pipe()?;
        let (answers, their_answers) = io::pipe()?;
        let mut server = Some(Self { requests, answers: BufReader::new(answers) });
        Child::start(|| {
            // The harness's ends, or the copy would wait for its own requests.
            drop(server.take());
            u8::from(serve(their_requests, &their_answers, limit, work).is_err())
        })?;
        server.ok_or_else(|| io::Error::other("no connection to the server process"))
    }

    /// Does a job; the outer error is the end of this server.
    fn run(&mut self, job: usize, mut receive: impl FnMut(Message)) -> Result<Result<(), JobError>, JobError> {
        self.requests.write_all(format!("{job}\n").as_bytes())?;
        let mut line = String::new();
        loop {
            line.clear();
            if self.answers.read_line(&mut line)? == 0 {
                return Err(JobError::Process { reason: "its server process ended".to_owned() });
            }
            match serde_json::from_str(&line).map_err(io::Error::from)? {
                Line::Said(message) => receive(message),
                Line::Ended(result) => return Ok(result),
            }
        }
    }
}

/// The server's side: a line with a job's number in, lines out.
fn serve(
    requests: PipeReader,
    mut answers: &PipeWriter,
    limit: &dyn Fn(usize) -> Duration,
    work: &dyn Fn(usize, Send<'_>),
) -> io::Result<()> {
    let mut idle = None;
    for request in BufReader::new(requests).lines() {
        let job: usize = request?.parse().map_err(io::Error::other)?;
        let mut messages = Vec::new();
        let ended = attend(&mut idle, job, limit(job), work, &mut messages);
        let mut text = Vec::new();
        for line in messages.into_iter().map(Line::Said).chain([Line::Ended(ended)]) {
            serde_json::to_writer(&mut text, &line)?;
            text.push(b'\n');
        }
        answers.write_all(&text)?;
    }
    Ok(())
}

/// Runs a job in a worker and collects its messages. `idle` is a worker whose jobs have all passed. A job that
/// does not pass there runs again in a new worker, and only that result counts. A job that exceeds its limit does
/// not run again, because that would double the wait.
fn attend(
    idle: &mut Option<Worker>,
    job: usize,
    limit: Duration,
    work: &dyn Fn(usize, Send<'_>),
    messages: &mut Vec<Message>,
) -> Result<(), JobError> {
    if let Some(worker) = idle.take() {
        match worker.run(job, limit, messages) {
            Ok(worker) if messages.iter().all(Message::is_harmless) => {
                *idle = Some(worker);
                return Ok(());
            }
            Err(error @ JobError::TimeLimit { .. }) => return Err(error),
            Ok(_) | Err(_) => messages.clear(),
        }
    }
    let worker = Worker::start(work)?.run(job, limit, messages)?;
    if messages.iter().all(Message::is_harmless) {
        *idle = Some(worker);
    }
    Ok(())
}

/// A copy of the server that does jobs; it ends when its requests are closed.
#[derive(Debug)]
struct Worker {
    child: Child,
    /// Closed if absent.
    requests: Option<PipeWriter>,
    /// Messages as lines.
    answers: PipeReader,
    /// A byte for each job that is done.
    ends: PipeReader,
}

impl Worker {
    fn start(work: &dyn Fn(usize, Send<'_>)) -> io::Result<Self> {
        let (their_requests, requests) = io::pipe()?;
        let (answers, their_answers) = io::pipe()?;
        let (ends, mut their_ends) = io::pipe()?;
        fcntl(&answers, FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).map_err(io::Error::from)?;
        let mut requests = Some(requests);
        let child = Child::start(|| {
            // Or it would wait for its own requests.
            drop(requests.take());
            for request in BufReader::new(&their_requests).lines() {
                let Some(job) = request.ok().and_then(|request| request.parse().ok()) else { return 1 };
                work(job, &|message| {
                    let mut line = serde_json::to_vec(message)?;
                    line.push(b'\n');
                    (&their_answers).write_all(&line)
                });
                if their_ends.write_all(&[0]).is_err() {
                    return 1;
                }
            }
            0
        })?;
        Ok(Self { child, requests, answers, ends })
    }

    /// Does a job within its limit. An error is the end of this worker.
    fn run(mut self, job: usize, limit: Duration, messages: &mut Vec<Message>) -> Result<Self, JobError> {
        let deadline = Instant::now() + limit;
        if let Some(requests) = &mut self.requests {
            requests.write_all(format!("{job}\n").as_bytes())?;
        }
        let mut text = Vec::new();
        // No message is waited for, until a job turns out to have so much to say that it may wait for its reader.
        let mut events = PollFlags::empty();
        let ended = loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let timeout = PollTimeout::try_from(left.min(PATIENCE)).unwrap_or(PollTimeout::MAX);
            let end = PollFd::new(self.ends.as_fd(), PollFlags::POLLIN);
            let mut polled = [end, PollFd::new(self.answers.as_fd(), events)];
            let ended = match poll(&mut polled, timeout) {
                Ok(_) => polled.first().and_then(PollFd::any).unwrap_or(false),
                Err(Errno::EINTR) => false,
                Err(errno) => return Err(io::Error::from(errno).into()),
            };
            drain(&mut self.answers, &mut text)?;
            if ended || left.is_zero() {
                break ended;
            }
            if !text.is_empty() {
                events = PollFlags::POLLIN;
            }
        };
        // Whole lines that are messages; a process that died may leave half a line.
        messages.extend(text.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok()));
        let done = ended && self.ends.read(&mut [0])? == 1;
        if done && messages.iter().any(Message::is_last) {
            return Ok(self);
        }
        self.requests = None;
        let status = if ended { wait_until(&self.child, deadline)? } else { None };
        Err(status.map_or(JobError::TimeLimit { limit }, early))
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.requests = None;
        // Leaves a process behind that hangs in the kernel and cannot be killed.
        if !matches!(wait_until(&self.child, Instant::now() + AT_ONCE), Ok(None)) {
            return;
        }
        if self.child.kill().is_ok() {
            let _ = wait_until(&self.child, Instant::now() + GRACE);
        }
    }
}

fn drain(receiver: &mut PipeReader, text: &mut Vec<u8>) -> io::Result<()> {
    match receiver.read_to_end(text) {
        Err(error) if error.kind() != io::ErrorKind::WouldBlock => Err(error),
        _ => Ok(()),
    }
}

/// Its exit, if before the deadline. Usually the process is about to exit.
fn wait_until(child: &Child, deadline: Instant) -> io::Result<Option<WaitStatus>> {
    let patient = Instant::now() + AT_ONCE;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        match Instant::now() {
            now if now >= deadline => return Ok(None),
            now if now < patient => thread::yield_now(),
            _ => thread::sleep(AT_ONCE),
        }
    }
}

fn early(status: WaitStatus) -> JobError {
    match status {
        WaitStatus::Exited(_, code) => JobError::Early { code },
        WaitStatus::Signaled(_, signal, _) => JobError::Signal { signal: signal.to_string() },
        other => JobError::Process { reason: format!("{other:?}") },
    }
}
