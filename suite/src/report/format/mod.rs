// SPDX-License-Identifier: Apache-2.0 OR MIT
//! A run in the formats that other programs read.
//!
//! Each is a function of the events alone, so that the suite prints on the
//! target what the host computes from a stored stream. [`Whole`] stands before
//! all of them: what it lets through is a run with an end for every planned
//! case, whatever became of the real one.

mod channel;
mod junit;
mod kcidb;
mod ktap;
mod lava;
mod tap13;
#[cfg(test)]
mod tests;

use clap::ValueEnum;

use crate::report::events::{CaseFinished, Event, Finding, Outcome};

pub use channel::{Channel, ChannelError, Sink, make_raw};
pub use junit::{Junit, JunitFile};
pub use kcidb::{Kcidb, Origin, OriginError};

/// The suite's name in formats that have a place for one; part of the contract
/// with those who store results.
pub const SUITE: &str = "kvm_reglist";

/// A format of lines, which comes into being as the run goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// KTAP, the kernel's own: flat, plan first
    Ktap,
    /// TAP version 13
    Tap13,
    /// LAVA's signals
    Lava,
}

impl Format {
    /// The format's name as an argument.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Ktap => "ktap",
            Self::Tap13 => "tap13",
            Self::Lava => "lava",
        }
    }

    /// A writer of the format, for a document of one run or of `several`.
    #[must_use]
    pub fn lines(self, several: bool) -> Box<dyn Lines> {
        match self {
            Self::Ktap => Box::new(ktap::Ktap::new(several)),
            Self::Tap13 => Box::new(tap13::Tap13::new(several)),
            Self::Lava => Box::new(lava::Lava::new(several)),
        }
    }
}

/// Turns the events of whole runs into the lines of one document.
pub trait Lines: Send {
    /// The lines that an event adds, each without its end.
    fn event(&mut self, event: &Event) -> Vec<String>;

    /// The lines behind the last run.
    fn end(&mut self) -> Vec<String> {
        Vec::new()
    }
}

/// Text without line ends and other control characters, which would let it end
/// a line or begin a terminal's command.
fn plain(text: &str) -> String {
    text.chars().map(|character| if character.is_control() { ' ' } else { character }).collect()
}

/// An id as every format can hold it. The suite's own ids are such already.
fn word(id: &str) -> String {
    let fits = |character: char| character.is_ascii_alphanumeric() || matches!(character, '.' | '_' | '-');
    id.chars().map(|character| if fits(character) { character } else { '_' }).collect()
}

/// The lines that a case has beside its outcome: its reason, then `finding` of
/// each finding.
fn details(case: &CaseFinished, finding: impl Fn(&Finding) -> String) -> Vec<String> {
    let kind = match case.outcome {
        Outcome::Skip => "skip: ",
        Outcome::Error => "error: ",
        Outcome::Pass | Outcome::Fail => "",
    };
    let reason = case.reason.iter().flat_map(|reason| reason.lines()).map(|line| plain(&format!("{kind}{line}")));
    reason.chain(case.findings.iter().map(|found| plain(&finding(found)))).collect()
}

/// The same with sentences.
fn sentences(case: &CaseFinished) -> Vec<String> {
    details(case, ToString::to_string)
}
