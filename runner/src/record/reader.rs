// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Reads stored runs: events, or KTAP in any log, from a file or standard input.
//!
//! The input is untrusted: it may be truncated, foreign, of another version, or
//! huge. Limits bound the memory.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;

use reglist_suite::exit;
use reglist_suite::report::events::{Event, EventError};
use reglist_suite::report::record::Record;

use super::ktap::{self, Ktap, KtapError};
use super::limits::{MOST_CASES, MOST_MEMORY, needed};
use super::lines::{self, LONGEST, Line};
use super::runs::{self, Added};

#[derive(Debug, thiserror::Error)]
pub(crate) enum ReadError {
    #[error("failed to read {file}\n[name a readable file of events, or a log with KTAP]")]
    Read { file: String, source: io::Error },
    #[error("{file} is empty: the run did not start\n[check the console log]")]
    Empty { file: String },
    #[error(
        "no run in {file}: none of its {lines} lines is KTAP or a `run_started` event\n[name a file written by `--events FILE`, events.jsonl of a lab run, or a log with KTAP]"
    )]
    Foreign { file: String, lines: usize },
    #[error("line {line} of {file} is longer than {} MiB\n[name a file written by `--events FILE`, or a log with KTAP]", LONGEST >> 20)]
    LongLine { file: String, line: usize },
    #[error("line {line} of {file} plans more than {MOST_CASES} cases\n[name a log of reglist]")]
    LongPlan { file: String, line: usize },
    #[error(
        "line {line} of {file} has more than {} bytes before the KTAP version\n[remove them from every line]",
        ktap::LONGEST_PREFIX
    )]
    LongPrefix { file: String, line: usize },
    #[error("line {line} of {file}: too many events, more than ten times `--fault all`\n[store one run per file]")]
    TooMuch { file: String, line: usize },
    #[error("failed to read line {line} of {file}")]
    Newer { file: String, line: usize, source: EventError },
    #[error("the suite of {file} gave up: {reason}")]
    GaveUp { file: String, reason: String },
}

impl ReadError {
    /// The exit code: a wrong argument, or infrastructure trouble.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::GaveUp { .. } => exit::INFRASTRUCTURE,
            _ => exit::USAGE,
        }
    }
}

#[derive(Debug)]
pub(crate) struct StoredRun {
    /// The file's name for messages.
    pub(crate) file: String,
    /// Its number in the file, from 1.
    pub(crate) number: usize,
    /// Its first line, from 1.
    pub(crate) line: usize,
    pub(crate) record: Record,
}

/// Lines of a file that belong to no run.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stray {
    pub(crate) count: usize,
    /// The first such line, from 1; 0 if there is none.
    pub(crate) first: usize,
}

/// Every run of a file; at least one.
#[derive(Debug)]
pub(crate) struct StoredFile {
    /// The file's name for messages.
    pub(crate) file: String,
    pub(crate) runs: Vec<StoredRun>,
    pub(crate) stray: Stray,
}

impl StoredFile {
    /// Reads a whole file; `-` is standard input.
    pub(crate) fn read(path: &Path) -> Result<Self, ReadError> {
        let (file, mut input) = open(path)?;
        Self::from_lines(&mut input, &file)
    }

    pub(crate) fn from_lines(input: &mut dyn BufRead, file: &str) -> Result<Self, ReadError> {
        let mut runs = Vec::new();
        let stray = read(input, file, true, &mut |run| {
            runs.push(run);
            Ok::<_, ReadError>(())
        })?;
        Ok(Self { file: file.to_owned(), runs, stray })
    }
}

/// Reads a file and passes on each run; `-` is standard input.
pub(crate) fn each<E: From<ReadError>>(path: &Path, tell: &mut dyn FnMut(StoredRun) -> Result<(), E>) -> Result<(), E> {
    let (file, mut input) = open(path)?;
    read(&mut input, &file, false, tell).map(drop)
}

/// The file's name for messages, and its content.
fn open(path: &Path) -> Result<(String, Box<dyn BufRead>), ReadError> {
    if path == Path::new("-") {
        return Ok(("standard input".to_owned(), Box::new(io::stdin().lock())));
    }
    let name = format!("`{}`", path.display());
    let opened = File::open(path).and_then(|file| match file.metadata()?.is_dir() {
        true => Err(io::ErrorKind::IsADirectory.into()),
        false => Ok(file),
    });
    match opened {
        Ok(file) => Ok((name, Box::new(BufReader::with_capacity(1 << 16, file)))),
        Err(source) => Err(ReadError::Read { file: name, source }),
    }
}

/// The format of the lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Not known yet.
    Open,
    Events,
    Ktap,
}

struct Reading<'r, E> {
    file: &'r str,
    /// Whether the caller keeps complete runs in memory.
    keeps: bool,
    tell: &'r mut dyn FnMut(StoredRun) -> Result<(), E>,
    /// The current line, from 1.
    line: usize,
    /// The first line of the current run.
    start: usize,
    number: usize,
    current: Record,
    stray: Stray,
    memory: usize,
}

/// Reads every run of a file. With `keeps`, the caller keeps all runs in memory.
fn read<E: From<ReadError>>(
    input: &mut dyn BufRead,
    file: &str,
    keeps: bool,
    tell: &mut dyn FnMut(StoredRun) -> Result<(), E>,
) -> Result<Stray, E> {
    let (current, stray) = (Record::default(), Stray::default());
    let mut reading = Reading { file, keeps, tell, line: 0, start: 0, number: 0, current, stray, memory: 0 };
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
                    reading.take(event, text.len())?;
                    continue;
                }
                Err(error @ EventError::Newer(_)) => return Err(reading.newer(error).into()),
                Err(EventError::Malformed(_)) if kind == Kind::Events => reading.count_stray(),
                Err(EventError::Malformed(_)) => {}
            }
        }
        // Ignore a torn KTAP line: its format does not show that text is missing.
        if kind != Kind::Events && !torn {
            let document = match ktap.take(&line) {
                Ok(document) => document,
                Err(KtapError::LongPlan) => {
                    return Err(ReadError::LongPlan { file: file.to_owned(), line: reading.line }.into());
                }
                Err(KtapError::LongPrefix) => {
                    return Err(ReadError::LongPrefix { file: file.to_owned(), line: reading.line }.into());
                }
                Err(KtapError::TooMuch) => return Err(reading.too_much().into()),
                Err(KtapError::Newer(error)) => return Err(reading.newer(error).into()),
            };
            if ktap.has_begun() {
                kind = Kind::Ktap;
            }
            document.into_iter().try_for_each(|event| reading.take(event, 0))?;
        }
        if kind == Kind::Open {
            reading.count_stray();
        }
    }
    ktap.end().into_iter().try_for_each(|event| reading.take(event, 0))?;
    reading.finish(empty)
}

impl<E: From<ReadError>> Reading<'_, E> {
    fn newer(&self, source: EventError) -> ReadError {
        ReadError::Newer { file: self.file.to_owned(), line: self.line, source }
    }

    fn too_much(&self) -> ReadError {
        ReadError::TooMuch { file: self.file.to_owned(), line: self.line }
    }

    fn count_stray(&mut self) {
        self.stray.count += 1;
        if self.stray.first == 0 {
            self.stray.first = self.line;
        }
    }

    /// Takes an event of `length` bytes.
    fn take(&mut self, event: Event, length: usize) -> Result<(), E> {
        let more = needed(&event, length);
        let starts = matches!(event, Event::RunStarted(_));
        if matches!(&event, Event::RunStarted(started) if started.plan.len() > MOST_CASES) {
            return Err(ReadError::LongPlan { file: self.file.to_owned(), line: self.line }.into());
        }
        match runs::add(event, &mut self.current) {
            Added::Stray => {
                self.count_stray();
                return Ok(());
            }
            Added::Begins(before) => {
                self.tell(*before)?;
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
            return Err(self.too_much().into());
        }
        Ok(())
    }

    fn tell(&mut self, record: Record) -> Result<(), E> {
        self.number += 1;
        (self.tell)(StoredRun { file: self.file.to_owned(), number: self.number, line: self.start, record })
    }

    fn finish(mut self, empty: bool) -> Result<Stray, E> {
        let last = std::mem::take(&mut self.current);
        let gave_up = last.why_unfinished().filter(|_| last.started.is_none()).map(str::to_owned);
        if last.started.is_some() {
            self.tell(last)?;
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

#[cfg(test)]
mod tests;
