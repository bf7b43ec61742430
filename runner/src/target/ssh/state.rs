// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The stored state of a run on a board, for `--resume`: the received events, byte
//! by byte, and the settings of the run.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::error::SshError;
use super::frames::Lines;
use crate::record::runs::Runs;
use crate::system::files::{self, FileError};
use crate::system::results::{EVENTS, STATE as DIRECTORY};
use crate::target::restart::{Cause, MOST, Restarting};

const STATE: &str = "state.json";
const LOCK: &str = "lock";
/// Increment it if a field changes its meaning.
const FORMAT: u32 = 2;

/// The settings and the position of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct State {
    pub(super) format: u32,
    pub(super) host: String,
    /// Name of the temporary directory.
    pub(super) name: String,
    pub(super) directory: Option<String>,
    /// The kernel's boot id.
    pub(super) boot: String,
    pub(super) program: PathBuf,
    pub(crate) arguments: Vec<String>,
    /// Maximum restarts in total.
    pub(super) restarts: u32,
    /// Why each earlier start of the suite ended.
    pub(super) ended: Vec<Cause>,
    /// Number of the boot, from 1.
    pub(super) boots: u32,
    /// Last lines of the kernel log before the run, or the read error.
    pub(super) log_before: Result<Vec<String>, String>,
}

impl State {
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

    /// Reads the state from a directory of results.
    pub(super) fn read(results: &Path) -> Result<Self, SshError> {
        let none = |why: String| SshError::NoRest { path: results.to_owned(), why };
        let bytes = match fs::read(results.join(DIRECTORY).join(STATE)) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound && results.join(EVENTS).exists() => {
                let events = results.join(EVENTS);
                let why = format!("it has ended\n[run `reglist report {}`]", events.display());
                return Err(none(why));
            }
            Err(error) => return Err(none(error.to_string())),
        };
        let state: Self = serde_json::from_slice(&bytes).map_err(|error| none(error.to_string()))?;
        match state.format {
            FORMAT => Ok(state),
            other => Err(none(format!("unknown format {other}; this reglist reads format {FORMAT}"))),
        }
    }

    /// Number of the suite's start, from 1.
    pub(super) fn part(&self) -> u32 {
        u32::try_from(self.ended.len()).unwrap_or(u32::MAX).saturating_add(1)
    }
}

/// A run with its files.
#[derive(Debug)]
pub(super) struct Story {
    results: PathBuf,
    pub(super) state: State,
    pub(super) run: Restarting<File>,
    /// Raw events since the suite's last start.
    raw: File,
    lines: Lines,
    /// Number of bytes in `raw`.
    pub(super) offset: u64,
    /// Cases that had ended at the suite's last start.
    pub(super) except: Vec<String>,
}

/// Starts a run in a directory of results and returns its [`lock`].
pub(super) fn begin(results: &Path) -> Result<File, SshError> {
    forget(results);
    let directory = results.join(DIRECTORY);
    fs::create_dir_all(&directory).map_err(FileError::write(&directory))?;
    lock(results)
}

/// Locks a directory of results while the file is open. The caller keeps it until
/// [`forget`].
pub(super) fn lock(results: &Path) -> Result<File, SshError> {
    let path = results.join(DIRECTORY).join(LOCK);
    let lock = File::create(&path).map_err(FileError::write(&path))?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => {
            let why = "another reglist follows it\n[wait for its end]".to_owned();
            Err(SshError::NoRest { path: results.to_owned(), why })
        }
        Err(TryLockError::Error(source)) => Err(FileError::of("lock", &path)(source).into()),
    }
}

impl Story {
    /// Opens a new run, or continues at the end of its files. The caller has the
    /// lock.
    pub(super) fn open(results: &Path, state: State) -> Result<Self, SshError> {
        let path = results.join(EVENTS);
        let events = File::create(&path).map_err(FileError::write(&path))?;
        let mut run = Restarting::new(events, state.restarts);
        let mut except = Vec::new();
        for (cause, part) in state.ended.iter().zip(1..) {
            let mut lines = Lines::default();
            lines.take(&read(&raw_path(results, part))?, |line| run.take(line));
            lines.end(|line| run.take(line));
            except = run.machine_ended(cause).unwrap_or(except);
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

    pub(super) fn take(&mut self, bytes: &[u8]) -> Result<(), SshError> {
        if self.offset + bytes.len() as u64 > MOST as u64 {
            let (host, path) = (self.state.host.clone(), self.results.clone());
            return Err(SshError::TooMuch { host, mebibytes: MOST >> 20, path });
        }
        let path = raw_path(&self.results, self.state.part());
        self.raw.write_all(bytes).map_err(FileError::write(&path))?;
        self.offset += bytes.len() as u64;
        self.lines.take(bytes, |line| self.run.take(line));
        Ok(())
    }

    /// The suite has ended; see [`Restarting::machine_ended`].
    pub(super) fn ended(&mut self, cause: &Cause) -> Result<Option<Vec<String>>, SshError> {
        std::mem::take(&mut self.lines).end(|line| self.run.take(line));
        let next = self.run.machine_ended(cause);
        if let Some(except) = &next {
            self.except.clone_from(except);
            self.state.ended.push(cause.clone());
            self.raw = open(&raw_path(&self.results, self.state.part()))?;
            self.offset = 0;
            self.save()?;
        }
        Ok(next)
    }

    /// Writes the state atomically.
    pub(super) fn save(&self) -> Result<(), SshError> {
        let path = self.results.join(DIRECTORY).join(STATE);
        let text =
            serde_json::to_string_pretty(&self.state).map_err(io::Error::from).map_err(FileError::write(&path))?;
        Ok(files::write(&path, &format!("{text}\n"), true)?)
    }

    pub(super) fn finish(self) -> Result<Runs, SshError> {
        let path = self.results.join(EVENTS);
        Ok(self.run.finish().map_err(FileError::write(&path))?)
    }
}

/// Removes the state of a run that has ended.
pub(super) fn forget(results: &Path) {
    // Ignore errors: --resume detects an incomplete state.
    let _ = fs::remove_dir_all(results.join(DIRECTORY));
}

fn raw_path(results: &Path, part: u32) -> PathBuf {
    results.join(DIRECTORY).join(format!("events-{part}"))
}

fn read(path: &Path) -> Result<Vec<u8>, SshError> {
    match fs::read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        read => Ok(read.map_err(FileError::of("read", path))?),
    }
}

fn open(path: &Path) -> Result<File, SshError> {
    let opened = OpenOptions::new().create(true).append(true).open(path);
    Ok(opened.map_err(FileError::write(path))?)
}
