// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The one reader of stored runs: events, or KTAP in a log of any kind, from a
//! file or the standard input, within fixed limits. Nothing in it is trusted: it
//! may be torn, foreign, of another version, or far too long.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;

use reglist_suite::exit;
use reglist_suite::report::events::{Event, EventError};
use reglist_suite::report::record::{End, Record};

use super::ktap::{self, Ktap, KtapError};
use super::lines::{self, LONGEST, Line};
use super::runs::{Added, Assembler};

/// Approximate bytes of memory for one run, or for one file that is read as a
/// whole: ten times what a run of every fault needs.
const MOST_MEMORY: usize = 128 << 20;
/// Approximate bytes of memory for a finding, for a case of the plan, and for
/// what begins a run.
const OF_FINDING: usize = 512;
const OF_CASE: usize = 192;
const OF_RUN: usize = 1024;

/// A file that holds no run, or cannot be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReadError {
    /// It cannot be read.
    #[error("failed to read {file}\n[name a file of events, or a log with KTAP, that can be read]")]
    Read {
        /// The file.
        file: String,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// There is nothing in it.
    #[error("{file} is empty\n[a run writes its plan before anything else; see the console for why it did not start]")]
    Empty {
        /// The file.
        file: String,
    },
    /// There is something else in it.
    #[error(
        "there is no run in {file}: none of its {lines} lines is an event that starts one, or KTAP\n[give a file that `--events FILE` wrote, events.jsonl of a lab run, or a log with KTAP]"
    )]
    Foreign {
        /// The file.
        file: String,
        /// Number of its lines.
        lines: usize,
    },
    /// It has a line that no run has.
    #[error("line {line} of {file} is longer than {} MiB\n[give a file that `--events FILE` wrote, or a log with KTAP]", LONGEST >> 20)]
    LongLine {
        /// The file.
        file: String,
        /// The line, from 1.
        line: usize,
    },
    /// It has a plan that no run has.
    #[error("line {line} of {file} plans more than {} cases\n[give a log of reglist's own]", ktap::MOST)]
    LongPlan {
        /// The file.
        file: String,
        /// The line, from 1.
        line: usize,
    },
    /// It says more than any run does.
    #[error(
        "line {line} of {file}: too many events, more than ten times those of `--fault all`\n[keep one run in one file]"
    )]
    TooMuch {
        /// The file.
        file: String,
        /// The line at which it became too much, from 1.
        line: usize,
    },
    /// A newer suite wrote it.
    #[error("{file} cannot be read: line {line}")]
    Newer {
        /// The file.
        file: String,
        /// The line, from 1.
        line: usize,
        /// Both versions, and what to do about it.
        #[source]
        source: EventError,
    },
    /// The suite gave up before it knew what to do.
    #[error("the suite of {file} gave up: {reason}")]
    GaveUp {
        /// The file.
        file: String,
        /// What it says.
        reason: String,
    },
}

impl ReadError {
    /// The exit code: a wrong argument, or a machine in trouble.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::GaveUp { .. } => exit::INFRASTRUCTURE,
            _ => exit::USAGE,
        }
    }
}

/// A run of a file.
#[derive(Debug)]
pub(crate) struct StoredRun {
    /// The file, as messages name it.
    pub(crate) file: String,
    /// Its number in the file, from 1.
    pub(crate) number: usize,
    /// The line on which it starts, from 1.
    pub(crate) line: usize,
    /// What it says.
    pub(crate) record: Record,
}

/// Lines of a file that belong to no run.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stray {
    /// Their number.
    pub(crate) count: usize,
    /// The first of them, from 1; 0 if there is none.
    pub(crate) first: usize,
}

/// Every run of a file, one at least.
#[derive(Debug)]
pub(crate) struct StoredFile {
    /// The file, as messages name it.
    pub(crate) file: String,
    /// Its runs.
    pub(crate) runs: Vec<StoredRun>,
    /// Lines that belong to none.
    pub(crate) stray: Stray,
}

impl StoredFile {
    /// Reads a whole file; `-` is the standard input.
    pub(crate) fn read(path: &Path) -> Result<Self, ReadError> {
        let file = name(path);
        let mut input = open(path).map_err(|source| ReadError::Read { file: file.clone(), source })?;
        Self::from_lines(&mut input, &file)
    }

    /// Reads lines as those of `file`.
    pub(crate) fn from_lines(input: &mut dyn BufRead, file: &str) -> Result<Self, ReadError> {
        let mut runs = Vec::new();
        let mut keep = |run| {
            runs.push(run);
            Ok::<_, ReadError>(())
        };
        let stray = read(input, file, true, &mut keep)?;
        Ok(Self { file: file.to_owned(), runs, stray })
    }
}

/// Reads a file, and hands on its runs one by one; `-` is the standard input.
pub(crate) fn each<E: From<ReadError>>(path: &Path, tell: &mut dyn FnMut(StoredRun) -> Result<(), E>) -> Result<(), E> {
    let file = name(path);
    let mut input = open(path).map_err(|source| ReadError::Read { file: file.clone(), source })?;
    read(&mut input, &file, false, tell).map(drop)
}

fn name(path: &Path) -> String {
    if path == Path::new("-") { "the standard input".to_owned() } else { format!("`{}`", path.display()) }
}

fn open(path: &Path) -> io::Result<Box<dyn BufRead>> {
    if path == Path::new("-") {
        return Ok(Box::new(io::stdin().lock()));
    }
    let file = File::open(path)?;
    if file.metadata()?.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    Ok(Box::new(BufReader::with_capacity(1 << 16, file)))
}

/// What the lines are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Nothing has been seen that says.
    Open,
    /// Events.
    Events,
    /// KTAP, and other things.
    Ktap,
}

struct Reading<'r> {
    file: &'r str,
    /// The line that is read, from 1.
    line: usize,
    /// The line on which the run starts that goes on.
    start: usize,
    number: usize,
    assembler: Assembler,
    stray: Stray,
    memory: usize,
    /// Whether the memory of runs that are over counts, too.
    keeps: bool,
}

/// Reads every run of a file. With `keeps`, the caller keeps all of them.
fn read<E: From<ReadError>>(
    input: &mut dyn BufRead,
    file: &str,
    keeps: bool,
    tell: &mut dyn FnMut(StoredRun) -> Result<(), E>,
) -> Result<Stray, E> {
    let (assembler, stray) = (Assembler::default(), Stray::default());
    let mut reading = Reading { file, line: 0, start: 0, number: 0, assembler, stray, memory: 0, keeps };
    let mut kind = Kind::Open;
    let mut ktap = Ktap::default();
    let mut empty = true;
    loop {
        let (line, torn) = match lines::next(input) {
            Ok(Line::Whole(line)) => (line, false),
            Ok(Line::Torn(line)) => (line, true),
            Ok(Line::TooLong) => {
                return Err(ReadError::LongLine { file: file.to_owned(), line: reading.line + 1 }.into());
            }
            Ok(Line::End) => break,
            Err(source) => return Err(ReadError::Read { file: file.to_owned(), source }.into()),
        };
        reading.line += 1;
        let text = line.trim();
        if text.is_empty() {
            continue;
        }
        empty = false;
        if kind != Kind::Ktap {
            match Event::from_line(text) {
                Ok(event) => {
                    kind = Kind::Events;
                    reading.take(event, text.len(), tell)?;
                    continue;
                }
                Err(error @ EventError::Newer { .. }) => return Err(reading.newer(error).into()),
                Err(EventError::Malformed(_)) if kind == Kind::Events => reading.count_stray(),
                Err(EventError::Malformed(_)) => {}
            }
        }
        // In KTAP nothing tells that a line was meant to be longer.
        if kind != Kind::Events && !torn {
            let document = match ktap.take(&line) {
                Ok(document) => document,
                Err(KtapError::LongPlan) => {
                    return Err(ReadError::LongPlan { file: file.to_owned(), line: reading.line }.into());
                }
                Err(KtapError::Newer(error)) => return Err(reading.newer(error).into()),
            };
            if ktap.has_begun() {
                kind = Kind::Ktap;
            }
            document.into_iter().try_for_each(|event| reading.take(event, 0, tell))?;
        }
        if kind == Kind::Open {
            reading.count_stray();
        }
    }
    ktap.end().into_iter().try_for_each(|event| reading.take(event, 0, tell))?;
    reading.finish(empty, tell)
}

impl Reading<'_> {
    fn newer(&self, source: EventError) -> ReadError {
        ReadError::Newer { file: self.file.to_owned(), line: self.line, source }
    }

    fn count_stray(&mut self) {
        self.stray.count += 1;
        if self.stray.first == 0 {
            self.stray.first = self.line;
        }
    }

    /// Takes an event that stood in so many bytes.
    fn take<E: From<ReadError>>(
        &mut self,
        event: Event,
        length: usize,
        tell: &mut dyn FnMut(StoredRun) -> Result<(), E>,
    ) -> Result<(), E> {
        let more = needed(&event, length);
        let starts = matches!(event, Event::RunStarted(_));
        let added = self.assembler.add(event);
        match added {
            Added::Stray => {
                self.count_stray();
                return Ok(());
            }
            Added::Begins(before) => {
                self.tell(*before, tell)?;
                if !self.keeps {
                    self.memory = 0;
                }
            }
            Added::Fits => {}
        }
        if starts {
            self.start = self.line;
        }
        self.memory = self.memory.saturating_add(more);
        if self.memory > MOST_MEMORY {
            return Err(ReadError::TooMuch { file: self.file.to_owned(), line: self.line }.into());
        }
        Ok(())
    }

    fn tell<E>(&mut self, record: Record, tell: &mut dyn FnMut(StoredRun) -> Result<(), E>) -> Result<(), E> {
        self.number += 1;
        tell(StoredRun { file: self.file.to_owned(), number: self.number, line: self.start, record })
    }

    fn finish<E: From<ReadError>>(
        mut self,
        empty: bool,
        tell: &mut dyn FnMut(StoredRun) -> Result<(), E>,
    ) -> Result<Stray, E> {
        let last = std::mem::take(&mut self.assembler).finish();
        let gave_up = match (&last.started, &last.end) {
            (None, Some(End::Aborted { reason } | End::BrokenOff { reason, .. })) => Some(reason.clone()),
            _ => None,
        };
        if last.started.is_some() {
            self.tell(last, tell)?;
        }
        let file = self.file.to_owned();
        match gave_up {
            _ if self.number > 0 => Ok(self.stray),
            Some(reason) => Err(ReadError::GaveUp { file, reason }.into()),
            None if empty => Err(ReadError::Empty { file }.into()),
            None => Err(ReadError::Foreign { file, lines: self.line }.into()),
        }
    }
}

/// Approximate bytes of memory that an event needs, which stood in so many
/// bytes.
fn needed(event: &Event, length: usize) -> usize {
    let parts = match event {
        Event::RunStarted(started) => OF_RUN + started.plan.len() * OF_CASE,
        Event::CaseFinished(case) => case.findings.len() * OF_FINDING,
        _ => 0,
    };
    parts + 2 * length
}

#[cfg(test)]
mod tests;
