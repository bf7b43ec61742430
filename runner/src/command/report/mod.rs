// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The command `report`: runs that were kept as events, or as KTAP in a log of
//! any kind, in every format. What was cut off is read as far as it goes.

mod show;
#[cfg(test)]
mod tests;

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use reglist_suite::exit;
use reglist_suite::report::events::{Event, EventError};
use reglist_suite::report::format::{Junit, Kcidb, Origin};

use crate::command::error::Error;
use crate::record::collect::{Collector, End, StoredRun};
use crate::record::ktap::{self, Ktap};
use crate::record::lines::{self, LONGEST, Line};
use crate::report::page;
use crate::system::digest::Key;
use crate::system::files;
use crate::system::output::PrintError;
use crate::system::verbosity::Verbosity;
use show::Show;

/// How stored runs are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Shown {
    /// For people
    Pretty,
    /// KTAP, the kernel's own
    Ktap,
    /// TAP version 13
    Tap13,
    /// LAVA's signals
    Lava,
    /// The events, with an end for every case
    Json,
}

/// What is to be reported, and how.
#[derive(Debug, Args)]
pub(crate) struct ReportArgs {
    /// Files of events (`--events`), or logs with KTAP in them; `-` is the standard input
    #[arg(required = true, value_name = "EVENTS")]
    files: Vec<PathBuf>,
    /// How results are shown
    #[arg(long, value_enum, default_value_t = Shown::Pretty, value_name = "FORMAT")]
    format: Shown,
    /// Write a JUnit report to a new file
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Write a submission for KCIDB (5.3) to a new file
    #[arg(long, value_name = "FILE")]
    kcidb: Option<PathBuf>,
    /// Write a page to a new file: of the only run, or of the second compared with the first
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Who submits to KCIDB
    #[arg(long, value_name = "NAME", default_value = "reglist", requires = "kcidb")]
    kcidb_origin: Origin,
    /// The build that was tested, if KCIDB has it; else each run brings one
    #[arg(long, value_name = "ID", requires = "kcidb")]
    kcidb_build: Option<String>,
    /// Overwrite files that exist
    #[arg(long)]
    force: bool,
}

/// Stored runs that cannot be reported.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StoredError {
    /// The file cannot be read.
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
    #[error("there is no run in {file}: neither events nor KTAP\n[give what --events has written, or a log with KTAP]")]
    Foreign {
        /// The file.
        file: String,
    },
    /// It has a line that no run has.
    #[error("line {line} of {file} is longer than {} MiB\n[give what --events has written, or a log with KTAP]", LONGEST >> 20)]
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
    /// A newer suite wrote it.
    #[error("{file} cannot be read")]
    Newer {
        /// The file.
        file: String,
        /// Both versions.
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
    /// KCIDB is about kernels.
    #[error("{file} is about the model, and KCIDB takes results of kernels alone\n[leave --kcidb out]")]
    Model {
        /// The file.
        file: String,
    },
}

impl StoredError {
    /// The exit code: a wrong argument, or a machine in trouble.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::GaveUp { .. } => exit::INFRASTRUCTURE,
            _ => exit::USAGE,
        }
    }
}

/// Reports every run of every file; the result is the exit code of the worst.
pub(crate) fn run(arguments: &ReportArgs, verbosity: Verbosity) -> Result<u8, Error> {
    for path in [&arguments.junit, &arguments.kcidb].into_iter().flatten() {
        files::check(path, arguments.force)?;
    }
    let html = arguments.html.as_deref().map(|path| page::Output::check(path, arguments.force)).transpose()?;
    let mut report = Report {
        show: Show::new(arguments.format, verbosity),
        junit: arguments.junit.is_some().then(Junit::default),
        kcidb: arguments.kcidb.is_some().then(|| Kcidb::new(&arguments.kcidb_origin, arguments.kcidb_build.clone())),
        html,
        held: None,
        several: arguments.files.len() > 1,
        worst: exit::PASSED,
    };
    for path in &arguments.files {
        let file = name(path);
        let mut input = open(path).map_err(|source| StoredError::Read { file: file.clone(), source })?;
        let mut number = 0;
        read(&mut input, &file, &mut |run| {
            number += 1;
            report.take(Named { file: file.clone(), number, run })
        })?;
    }
    let Ended { junit, kcidb, html, worst } = report.end()?;
    let documents = [(&arguments.junit, junit), (&arguments.kcidb, kcidb)];
    for (path, document) in documents {
        if let (Some(path), Some(document)) = (path, document) {
            files::write(path, &document, arguments.force)?;
        }
    }
    if let Some(html) = html {
        html.write()?;
    }
    Ok(worst)
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

/// Where lines come to mean something.
#[derive(Debug)]
enum Meaning {
    /// Nothing has been seen that says.
    Open,
    /// They are events.
    Events,
    /// They are KTAP, and other things.
    Ktap,
}

/// Reads every run of a file.
fn read(
    input: &mut dyn BufRead,
    file: &str,
    tell: &mut dyn FnMut(StoredRun) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut meaning = Meaning::Open;
    let mut collector = Collector::default();
    let mut ktap = Ktap::default();
    let (mut number, mut told, mut empty) = (0, false, true);
    let newer = |source| StoredError::Newer { file: file.to_owned(), source };
    loop {
        number += 1;
        let (line, torn) = match lines::next(input) {
            Ok(Line::Whole(line)) => (line, false),
            Ok(Line::Torn(line)) => (line, true),
            Ok(Line::TooLong) => return Err(StoredError::LongLine { file: file.to_owned(), line: number }.into()),
            Ok(Line::End) => break,
            Err(source) => return Err(StoredError::Read { file: file.to_owned(), source }.into()),
        };
        empty &= line.trim().is_empty();
        let mut events = Vec::new();
        if !matches!(meaning, Meaning::Ktap) {
            match Event::from_line(line.trim()) {
                Ok(event) => {
                    meaning = Meaning::Events;
                    events.push(event);
                }
                Err(error @ EventError::Newer { .. }) => return Err(newer(error).into()),
                Err(EventError::Malformed(_)) => {}
            }
        }
        // In KTAP nothing tells that a line was meant to be longer.
        if !matches!(meaning, Meaning::Events) && !torn {
            match ktap.take(&line) {
                Ok(document) => events.extend(document),
                Err(ktap::KtapError::LongPlan) => {
                    return Err(StoredError::LongPlan { file: file.to_owned(), line: number }.into());
                }
                Err(ktap::KtapError::Newer(error)) => return Err(newer(error).into()),
            }
            if ktap.has_begun() {
                meaning = Meaning::Ktap;
            }
        }
        for event in &events {
            if let Some(run) = collector.take(event) {
                told = true;
                tell(run)?;
            }
        }
    }
    for event in ktap.end() {
        if let Some(run) = collector.take(&event) {
            told = true;
            tell(run)?;
        }
    }
    if let Some(run) = collector.finish() {
        told = true;
        tell(run)?;
    }
    let file = file.to_owned();
    match collector.gave_up {
        _ if told => Ok(()),
        Some(reason) => Err(StoredError::GaveUp { file, reason }.into()),
        None if empty => Err(StoredError::Empty { file }.into()),
        None => Err(StoredError::Foreign { file }.into()),
    }
}

/// A run with its place.
#[derive(Debug)]
struct Named {
    file: String,
    number: usize,
    run: StoredRun,
}

/// Everything that comes of the runs. One run is held back, because formats
/// must know from the beginning whether there are several.
#[derive(Debug)]
struct Report {
    show: Show,
    junit: Option<Junit>,
    kcidb: Option<Kcidb>,
    html: Option<page::Output>,
    held: Option<Named>,
    several: bool,
    worst: u8,
}

/// What is left to be written.
struct Ended {
    junit: Option<String>,
    kcidb: Option<String>,
    html: Option<page::Output>,
    worst: u8,
}

impl Report {
    fn take(&mut self, run: Named) -> Result<(), Error> {
        if let Some(held) = self.held.replace(run) {
            self.several = true;
            self.add(&held)?;
        }
        Ok(())
    }

    fn end(mut self) -> Result<Ended, Error> {
        if let Some(held) = self.held.take() {
            self.add(&held)?;
        }
        self.show.end()?;
        let junit = self.junit.map(|junit| junit.document()).transpose();
        let junit = junit.map_err(|error| PrintError(io::Error::other(error)))?;
        let kcidb = self.kcidb.map(|kcidb| kcidb.document() + "\n");
        Ok(Ended { junit, kcidb, html: self.html, worst: self.worst })
    }

    fn add(&mut self, named: &Named) -> Result<(), Error> {
        let Named { file, run, .. } = named;
        if let Some(kcidb) = &mut self.kcidb {
            let model = reglist_suite::report::events::SubjectKind::Model;
            if run.started().is_some_and(|started| started.subject == model) {
                return Err(StoredError::Model { file: file.clone() }.into());
            }
            kcidb.run(&digest(&run.events), &run.events);
        }
        if let Some(junit) = &mut self.junit {
            run.events.iter().for_each(|event| junit.event(event));
        }
        if let Some(html) = &mut self.html {
            html.take(file, &run.record());
        }
        self.show.run(named, self.several)?;
        self.worst = worse(self.worst, run.exit_code());
        Ok(())
    }
}

/// A name for a run that no other run has: it depends on every duration.
fn digest(events: &[Event]) -> String {
    let lines = events.iter().filter_map(|event| event.to_line().ok());
    lines.fold(Key::new("run", 1), |key, line| key.with(&line)).finish()
}

/// The exit code that says more: a kernel that is wrong before a run of which
/// nothing was learnt, that before one that tested nothing.
fn worse(one: u8, other: u8) -> u8 {
    let order = [exit::PASSED, exit::NOTHING_TESTED, exit::INFRASTRUCTURE, exit::FAILED];
    let rank = |code| order.iter().position(|known| *known == code);
    if rank(one) >= rank(other) { one } else { other }
}
