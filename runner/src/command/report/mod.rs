// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The command `report`: reports stored runs (events, or KTAP in a log) in every
//! format. It reads truncated files up to the truncation.

#[cfg(feature = "fuzz")]
pub(crate) mod fuzz;
mod show;

use std::io;
use std::path::PathBuf;

use clap::Args;
use reglist_suite::exit;
use reglist_suite::report::events::{Event, SubjectKind};
use reglist_suite::report::format::{Junit, Kcidb, Origin};

use crate::command::error::Error;
use crate::record::reader::{self, StoredRun};
use crate::record::verdict::{Conclusion, worst};
use crate::report::page;
use crate::system::digest::Key;
use crate::system::files;
use crate::system::output::PrintError;
use crate::system::verbosity::Verbosity;
use show::{Show, Shown};

/// Arguments of `report`.
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
    /// Write an HTML page to a new file; two runs: the second compared with the first
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Set the origin of the KCIDB submission
    #[arg(long, value_name = "NAME", default_value = "reglist", requires = "kcidb")]
    kcidb_origin: Origin,
    /// Set the KCIDB build id [default: submit one build for each run]
    #[arg(long, value_name = "ID", requires = "kcidb")]
    kcidb_build: Option<String>,
    /// Overwrite files that exist
    #[arg(long)]
    force: bool,
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
        reader::each(path, &mut |run| report.take(run))?;
    }
    report.end(arguments)
}

/// Everything that comes of the runs. One run is held back, because formats
/// must know from the beginning whether there are several.
struct Report {
    show: Show,
    junit: Option<Junit>,
    kcidb: Option<Kcidb>,
    html: Option<page::Output>,
    held: Option<StoredRun>,
    several: bool,
    worst: u8,
}

impl Report {
    fn take(&mut self, run: StoredRun) -> Result<(), Error> {
        if let Some(held) = self.held.replace(run) {
            self.several = true;
            self.add(&held)?;
        }
        Ok(())
    }

    /// Writes the files; the result is the exit code of the worst run.
    fn end(mut self, arguments: &ReportArgs) -> Result<u8, Error> {
        if let Some(held) = self.held.take() {
            self.add(&held)?;
        }
        self.show.end()?;
        let junit = self.junit.map(|junit| junit.document()).transpose();
        let junit = junit.map_err(|error| PrintError(io::Error::other(error)))?;
        let kcidb = self.kcidb.map(|kcidb| kcidb.document() + "\n");
        for (path, document) in [(&arguments.junit, junit), (&arguments.kcidb, kcidb)] {
            if let (Some(path), Some(document)) = (path, document) {
                files::write(path, &document, arguments.force)?;
            }
        }
        if let Some(html) = self.html {
            html.write()?;
        }
        Ok(self.worst)
    }

    fn add(&mut self, run: &StoredRun) -> Result<(), Error> {
        let StoredRun { file, record, .. } = run;
        let events = record.whole();
        if let Some(kcidb) = &mut self.kcidb {
            if record.started.as_ref().is_some_and(|started| started.subject == SubjectKind::Model) {
                return Err(Error::Model { file: file.clone() });
            }
            kcidb.run(&digest(&events), &events);
        }
        if let Some(junit) = &mut self.junit {
            events.iter().for_each(|event| junit.event(event));
        }
        if let Some(html) = &mut self.html {
            html.take(file, record);
        }
        self.show.run(run, &events, self.several)?;
        self.worst = worst([self.worst, Conclusion::of(record, None).exit_code()]);
        Ok(())
    }
}

/// A name for a run that no other run has: it depends on every duration.
fn digest(events: &[Event]) -> String {
    let lines = events.iter().filter_map(|event| event.to_line().ok());
    lines.fold(Key::new("run", 1), |key, line| key.with(&line)).finish()
}
