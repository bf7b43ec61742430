// SPDX-License-Identifier: Apache-2.0 OR MIT
//! A format of lines: its name, its help, and the writer that turns events into
//! lines.

use std::fmt::Debug;

use crate::report::events::Event;

/// A format whose lines are written while the run goes on.
#[derive(Debug, Clone, Copy)]
pub struct Format {
    /// The format's name as an argument.
    pub name: &'static str,
    pub(super) help: &'static str,
    /// Makes a writer for a document of one run, or of several.
    pub(super) writer: fn(several: bool) -> Box<dyn Lines>,
}

impl Format {
    /// A writer of the format, for a document of one run or of `several`.
    pub fn lines(self, several: bool) -> Box<dyn Lines> {
        (self.writer)(several)
    }
}

/// Turns the events of whole runs into the lines of one document.
pub trait Lines: Debug + Send {
    /// The lines that an event adds, each without its end.
    fn event(&mut self, event: &Event) -> Vec<String>;

    /// The lines behind the last run.
    fn end(&mut self) -> Vec<String> {
        Vec::new()
    }
}
