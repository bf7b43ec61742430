// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Stored runs on the standard output.

use std::sync::LazyLock;

use clap::ValueEnum;
use clap::builder::PossibleValue;
use reglist_suite::report::events::Event;
use reglist_suite::report::format::{FORMATS, Format, Lines};

use crate::command::error::Error;
use crate::record::reader::StoredRun;
use crate::report::{mail, text as report};
use crate::system::output::print;
use crate::system::verbosity::Verbosity;

/// How stored runs are shown.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Shown {
    /// For people.
    Pretty,
    /// To paste into a mail; one run.
    Mail,
    /// To paste into an issue; one run.
    Markdown,
    /// In a format of lines.
    Lines(Format),
    /// As events.
    Json,
}

impl ValueEnum for Shown {
    fn value_variants<'a>() -> &'a [Self] {
        static SHOWN: LazyLock<Vec<Shown>> = LazyLock::new(|| {
            let formats = FORMATS.iter().copied().map(Shown::Lines);
            [Shown::Pretty, Shown::Mail, Shown::Markdown].into_iter().chain(formats).chain([Shown::Json]).collect()
        });
        &SHOWN
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        match self {
            Self::Pretty => Some(PossibleValue::new("pretty").help("For people")),
            Self::Mail => Some(PossibleValue::new("mail").help("One run in plain text, for a mail")),
            Self::Markdown => Some(PossibleValue::new("markdown").help("One run in Markdown, for an issue")),
            Self::Lines(format) => format.to_possible_value(),
            Self::Json => Some(PossibleValue::new("json").help("The events, with an end for every case")),
        }
    }
}

/// Shows runs as they come.
pub(super) struct Show {
    shown: Shown,
    verbosity: Verbosity,
    /// The document, once it is known whether it has several runs.
    lines: Option<Box<dyn Lines>>,
    first: bool,
}

impl Show {
    pub(super) fn new(shown: Shown, verbosity: Verbosity) -> Self {
        Self { shown, verbosity, lines: None, first: true }
    }

    /// Shows a run, which is one of several or the only one.
    pub(super) fn run(&mut self, run: &StoredRun, events: &[Event], several: bool) -> Result<(), Error> {
        if several && matches!(self.shown, Shown::Mail | Shown::Markdown) {
            return Err(Error::SeveralRuns { file: run.file.clone() });
        }
        Ok(print(&self.text(run, events, several))?)
    }

    /// Shows what comes behind the last run.
    pub(super) fn end(&mut self) -> Result<(), Error> {
        Ok(print(&self.last())?)
    }

    pub(super) fn text(&mut self, run: &StoredRun, events: &[Event], several: bool) -> String {
        let text = match self.shown {
            Shown::Pretty => self.pretty(run, several),
            Shown::Mail => mail::mail(&run.record),
            Shown::Markdown => mail::markdown(&run.record),
            Shown::Json => events.iter().filter_map(|event| event.to_line().ok()).collect(),
            Shown::Lines(format) => self.lines(format, events, several),
        };
        self.first = false;
        text
    }

    pub(super) fn last(&mut self) -> String {
        joined(self.lines.as_mut().map(|lines| lines.end()).unwrap_or_default())
    }

    fn lines(&mut self, format: Format, events: &[Event], several: bool) -> String {
        let lines = self.lines.get_or_insert_with(|| format.lines(several));
        events.iter().map(|event| joined(lines.event(event))).collect()
    }

    fn pretty(&self, run: &StoredRun, several: bool) -> String {
        let mut text = String::new();
        if several {
            let gap = if self.first { "" } else { "\n" };
            text = format!("{gap}== {}, run {}\n", run.file, run.number);
        }
        text + &report::text(&run.record, self.verbosity, None)
    }
}

fn joined(lines: Vec<String>) -> String {
    lines.into_iter().map(|line| line + "\n").collect()
}
