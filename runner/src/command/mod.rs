// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The commands: arguments, calls into the rooms below, exit codes. No other room
//! knows the command line or the program's error type.

pub(crate) mod bisect;
pub(crate) mod cli;
mod color;
mod conclude;
pub mod contract;
pub(crate) mod diff;
pub(crate) mod doctor;
pub(crate) mod error;
mod format;
#[cfg(feature = "fuzz")]
pub mod fuzz;
mod kept;
pub(crate) mod lab;
pub(crate) mod manual;
pub(crate) mod report;
pub(crate) mod run;
pub(crate) mod sets;
pub(crate) mod show;
pub(crate) mod spec;
pub(crate) mod ssh;
#[cfg(test)]
mod tests;

use std::ffi::OsString;
use std::path::Path;

use clap::{Args, Command};
use reglist_suite::arch::Arch;
use reglist_suite::harness;

use error::Error;

/// Parses a command line, whose first word is the command's name.
fn parse<A: Args>(words: impl IntoIterator<Item = impl Into<OsString> + Clone>) -> Result<A, Error> {
    let matches = A::augment_args(Command::new("reglist")).try_get_matches_from(words.into_iter().map(Into::into));
    matches.and_then(|matches| A::from_arg_matches(&matches)).map_err(Error::usage)
}

/// Makes sure that a suite elsewhere will take these words, and that they select
/// a case; `specs` are its specifications, if not its own.
fn selected(words: &[String], specs: Option<&Path>, arch: &dyn Arch) -> Result<(), Error> {
    let mut options = harness::read_options(words.iter().map(Into::into)).map_err(Error::usage)?;
    options.specs = specs.map(Path::to_owned).or(options.specs);
    if !options.prints() {
        harness::plan(&options, arch)?;
    }
    Ok(())
}
