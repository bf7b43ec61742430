// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Stored runs on the standard output.

use std::fmt;

use reglist_suite::report::events::Event;
use reglist_suite::report::format::{Format, Lines};

use super::{End, Named, Shown};
use crate::command::error::Error;
use crate::record::stream::Record;
use crate::report::text as report;
use crate::system::output::print;
use crate::system::output::say;
use crate::system::verbosity::Verbosity;

/// Shows runs as they come.
pub(super) struct Show {
    shown: Shown,
    verbosity: Verbosity,
    /// The document, once it is known whether it has several runs.
    lines: Option<Box<dyn Lines>>,
    first: bool,
}

impl fmt::Debug for Show {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Show").field("shown", &self.shown).finish_non_exhaustive()
    }
}

impl Show {
    pub(super) fn new(shown: Shown, verbosity: Verbosity) -> Self {
        Self { shown, verbosity, lines: None, first: true }
    }

    /// Shows a run, which is one of several or the only one.
    pub(super) fn run(&mut self, named: &Named, several: bool) -> Result<(), Error> {
        let text = match self.shown {
            Shown::Pretty => self.pretty(named, several),
            Shown::Json => named.run.events.iter().filter_map(|event| event.to_line().ok()).collect(),
            Shown::Ktap => self.lines(Format::Ktap, &named.run.events, several),
            Shown::Tap13 => self.lines(Format::Tap13, &named.run.events, several),
            Shown::Lava => self.lines(Format::Lava, &named.run.events, several),
        };
        self.first = false;
        print(&text)?;
        complain(named, several);
        Ok(())
    }

    /// Shows what comes behind the last run.
    pub(super) fn end(&mut self) -> Result<(), Error> {
        let lines = self.lines.as_mut().map(|lines| lines.end()).unwrap_or_default();
        Ok(print(&joined(lines))?)
    }

    fn lines(&mut self, format: Format, events: &[Event], several: bool) -> String {
        let lines = self.lines.get_or_insert_with(|| format.lines(several));
        events.iter().map(|event| joined(lines.event(event))).collect()
    }

    fn pretty(&self, named: &Named, several: bool) -> String {
        let mut text = String::new();
        if several {
            let gap = if self.first { "" } else { "\n" };
            text = format!("{gap}== {}, run {}\n", named.file, named.number);
        }
        let mut record = Record::default();
        for event in &named.run.events {
            // What is whole fits.
            let _ = record.add(event.clone());
        }
        // A run that came to no case has no results to show.
        let tested = named.run.learnt || matches!(named.run.end, End::Finished(_));
        text + &if tested { report::text(&record, self.verbosity) } else { String::new() }
    }
}

fn joined(lines: Vec<String>) -> String {
    lines.into_iter().map(|line| line + "\n").collect()
}

/// Says why a run is not what it was to be.
fn complain(named: &Named, several: bool) {
    let place = if several { format!("{}, run {}", named.file, named.number) } else { named.file.clone() };
    match &named.run.end {
        End::Finished(_) => {}
        End::Aborted(reason) => say(&format!("reglist: {place}: the suite gave up: {reason}")),
        End::Incomplete { suspect, last, missing, planned } => {
            let whereabouts = match (suspect, last) {
                (Some(case), _) => format!("in case {case}, the suspect"),
                (None, Some(case)) => format!("behind case {case}, the last that began"),
                (None, None) => "before the first case".to_owned(),
            };
            let cases = format!("{missing} of {planned} cases did not finish");
            say(&format!("reglist: {place}: the run breaks off {whereabouts}; {cases}"));
        }
    }
}
