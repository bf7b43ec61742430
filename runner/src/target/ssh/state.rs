// SPDX-License-Identifier: Apache-2.0 OR MIT
//! What is known of a run on a board, in files that outlive this program: the
//! events, byte by byte as they came, and what it takes to go on with the run.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use reglist_suite::report::events::Breaker;
use serde::{Deserialize, Serialize};

use super::error::SshError;
use super::frames::Lines;
use crate::record::runs::Runs;
use crate::system::results::{EVENTS, STATE as DIRECTORY};
use crate::target::restart::{Cause, Next, Restarting};

const STATE: &str = "state.json";
const LOCK: &str = "lock";
/// Raised when a member changes its meaning.
const FORMAT: u32 = 1;

/// What it takes to go on with a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct State {
    /// Version of this file.
    pub(super) format: u32,
    /// The board.
    pub(super) host: String,
    /// Name of the directory on it.
    pub(super) name: String,
    /// The directory's path.
    pub(super) directory: Option<String>,
    /// The kernel's start in which the suite runs.
    pub(super) boot: String,
    /// The program, here.
    pub(super) program: PathBuf,
    /// Arguments of the suite.
    pub(super) arguments: Vec<String>,
    /// How often the suite may start again in all.
    pub(super) restarts: u32,
    /// What ended each earlier start of the suite.
    pub(super) ended: Vec<String>,
    /// Number of the kernel's start, from 1 on.
    pub(super) boots: u32,
    /// The last lines of the kernel's log before the run, or why there are none.
    pub(super) log_before: Result<Vec<String>, String>,
}

impl State {
    /// A run that has not begun.
    pub(super) fn new(host: &str, name: &str, program: &Path, arguments: Vec<String>, restarts: u32) -> Self {
        Self {
            format: FORMAT,
            host: host.to_owned(),
            name: name.to_owned(),
            directory: None,
            boot: String::new(),
            program: program.to_owned(),
            arguments,
            restarts,
            ended: Vec::new(),
            boots: 1,
            log_before: Ok(Vec::new()),
        }
    }

    /// Reads what an earlier call left in a directory of results.
    pub(super) fn read(results: &Path) -> Result<Self, SshError> {
        let none = |why: String| SshError::NoRest { path: results.to_owned(), why };
        let bytes = match fs::read(results.join(DIRECTORY).join(STATE)) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound && results.join(EVENTS).exists() => {
                let events = results.join(EVENTS);
                let why = format!("it came to its end\n[`reglist report {}` shows it]", events.display());
                return Err(none(why));
            }
            Err(error) => return Err(none(error.to_string())),
        };
        let state: Self = serde_json::from_slice(&bytes).map_err(|error| none(error.to_string()))?;
        match state.format {
            FORMAT => Ok(state),
            other => Err(none(format!("its state has format {other}, and {FORMAT} is known"))),
        }
    }

    /// Number of the suite's start, from 1 on.
    pub(super) fn part(&self) -> u32 {
        u32::try_from(self.ended.len()).unwrap_or(u32::MAX).saturating_add(1)
    }
}

/// A run as it is kept.
#[derive(Debug)]
pub(super) struct Story {
    results: PathBuf,
    /// What it takes to go on.
    pub(super) state: State,
    run: Restarting<File>,
    /// Events as they came since the suite's last start.
    raw: File,
    lines: Lines,
    /// Number of those bytes.
    pub(super) offset: u64,
    /// Cases that had ended when the suite started last.
    pub(super) except: Vec<String>,
}

/// Begins a run in a directory of results, of which the lock is that of
/// [`lock`].
pub(super) fn begin(results: &Path) -> Result<File, SshError> {
    forget(results);
    let directory = results.join(DIRECTORY);
    fs::create_dir_all(&directory).map_err(|source| SshError::File { action: "write", path: directory, source })?;
    lock(results)
}

/// Nobody else follows the run in these results while the file is open. The
/// caller keeps it for longer than the files that tell how to go on.
pub(super) fn lock(results: &Path) -> Result<File, SshError> {
    let path = results.join(DIRECTORY).join(LOCK);
    let lock = File::create(&path).map_err(|source| SshError::File { action: "write", path, source })?;
    if let Err(TryLockError::WouldBlock) = lock.try_lock() {
        let why = "another reglist follows it already".to_owned();
        return Err(SshError::NoRest { path: results.to_owned(), why });
    }
    Ok(lock)
}

impl Story {
    /// Begins to keep a run, or goes on where the files there end; the caller
    /// has its lock.
    pub(super) fn open(results: &Path, state: State) -> Result<Self, SshError> {
        let path = results.join(EVENTS);
        let events = File::create(&path).map_err(|source| SshError::File { action: "write", path, source })?;
        let mut run = Restarting::new(events, state.restarts);
        let mut except = Vec::new();
        for (cause, part) in state.ended.iter().zip(1..) {
            let mut lines = Lines::default();
            lines.take(&read(&raw_path(results, part))?, |line| run.take(line));
            lines.end(|line| run.take(line));
            // Only a case that was to blame has the suite start again.
            let cause = Cause { by: Breaker::Kernel, words: cause.clone(), blames: true };
            if let Next::Boot { except: ended } = run.machine_ended(&cause) {
                except = ended;
            }
        }
        let path = raw_path(results, state.part());
        let mut lines = Lines::default();
        let bytes = read(&path)?;
        lines.take(&bytes, |line| run.take(line));
        let raw = open(&path)?;
        let story = Self { results: results.to_owned(), state, run, raw, lines, offset: bytes.len() as u64, except };
        story.save()?;
        Ok(story)
    }

    /// What is known.
    pub(super) fn runs(&self) -> &Runs {
        self.run.runs()
    }

    /// Takes more of the events.
    pub(super) fn take(&mut self, bytes: &[u8]) -> Result<(), SshError> {
        let path = raw_path(&self.results, self.state.part());
        self.raw.write_all(bytes).map_err(|source| SshError::File { action: "write", path, source })?;
        self.offset += bytes.len() as u64;
        self.lines.take(bytes, |line| self.run.take(line));
        Ok(())
    }

    /// The suite has ended, and `cause` is why if its work was not done.
    pub(super) fn ended(&mut self, cause: &Cause) -> Result<Next, SshError> {
        std::mem::take(&mut self.lines).end(|line| self.run.take(line));
        let next = self.run.machine_ended(cause);
        if let Next::Boot { except } = &next {
            self.except.clone_from(except);
            self.state.ended.push(cause.words.clone());
            self.raw = open(&raw_path(&self.results, self.state.part()))?;
            self.offset = 0;
            self.save()?;
        }
        Ok(next)
    }

    /// Writes what it takes to go on; an earlier version is there until the new
    /// one is whole.
    pub(super) fn save(&self) -> Result<(), SshError> {
        let path = self.results.join(DIRECTORY).join(STATE);
        let part = path.with_extension("part");
        let write = || -> io::Result<()> {
            let mut text = serde_json::to_string_pretty(&self.state)?;
            text.push('\n');
            fs::write(&part, text)?;
            fs::rename(&part, &path)
        };
        write().map_err(|source| SshError::File { action: "write", path: path.clone(), source })
    }

    /// Ends the run from outside.
    pub(super) fn break_off(&mut self, cause: &Cause) {
        self.run.break_off(cause);
    }

    /// The runs.
    pub(super) fn finish(self) -> Result<Runs, SshError> {
        let path = self.results.join(EVENTS);
        self.run.finish().map_err(|source| SshError::File { action: "write", path, source })
    }
}

/// Forgets how to go on with a run that has come to its end.
pub(super) fn forget(results: &Path) {
    // What stays is not more than is needed, and is told as such by --resume.
    let _ = fs::remove_dir_all(results.join(DIRECTORY));
}

fn raw_path(results: &Path, part: u32) -> PathBuf {
    results.join(DIRECTORY).join(format!("events-{part}"))
}

fn read(path: &Path) -> Result<Vec<u8>, SshError> {
    match fs::read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        read => read.map_err(|source| SshError::File { action: "read", path: path.to_owned(), source }),
    }
}

fn open(path: &Path) -> Result<File, SshError> {
    let opened = OpenOptions::new().create(true).append(true).open(path);
    opened.map_err(|source| SshError::File { action: "write", path: path.to_owned(), source })
}
