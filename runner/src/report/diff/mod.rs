// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The command `diff`: what is different from one stored run to another, for
//! people and for programs. A function of the events of both, and of a file of
//! known failures if there is one.

mod compare;
mod facts;
mod json;
mod markdown;
pub(crate) mod read;
pub(crate) mod registers;
pub(crate) mod sections;
mod text;
pub(crate) mod words;

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use reglist_suite::exit;

use crate::command::error::Error;
use crate::record::known::{Date, Known, KnownError};
use crate::system::output::{PrintError, print};
pub(crate) use compare::{Comparison, Kind, State, States};
pub(crate) use facts::FactChange;
pub(crate) use read::StoredRun;
use read::{ReadError, Stored};

const AFTER_HELP: &str = "\
Exit codes: 0 nothing was better before; 1 a case that passed does not pass or
is not planned any more, or a case that is known to fail passes; 64 a file that
cannot be used.";

/// What is to be compared, and how it is shown.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct DiffArgs {
    /// For a terminal, to paste into a mail or a pull request, or for programs
    #[arg(long, value_enum, default_value_t = Format::Text, value_name = "FORMAT")]
    format: Format,
    /// Failures that are known, with the keys `case`, `reason`, `link`, `expires`
    #[arg(long, value_name = "FILE")]
    known: Option<PathBuf>,
    /// Events of the run to compare with
    #[arg(value_name = "OLD")]
    old: PathBuf,
    /// Events of the run to judge
    #[arg(value_name = "NEW")]
    new: PathBuf,
}

/// How a comparison is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Markdown,
    Json,
}

/// Files that cannot be compared.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DiffError {
    /// One of them is no record of a run.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// They hold runs that do not correspond.
    #[error("`{}` holds {old_runs} and `{}` {new_runs} runs that do not correspond\n[compare a run with a run, and one of `--fault all` with another of the same configurations]", old.display(), new.display())]
    Apart {
        /// The file that is compared with.
        old: PathBuf,
        /// The file that is judged.
        new: PathBuf,
        /// Number of runs in the one.
        old_runs: usize,
        /// Number of runs in the other.
        new_runs: usize,
    },
    /// The file of known failures.
    #[error(transparent)]
    Known(#[from] KnownError),
}

/// Compares two stored runs; the result is the exit code.
pub(crate) fn run(arguments: &DiffArgs) -> Result<u8, Error> {
    let comparison = compare(arguments)?;
    let shown = match arguments.format {
        Format::Text => text::text(&comparison),
        Format::Markdown => markdown::markdown(&comparison),
        Format::Json => json::json(&comparison).map_err(PrintError)?,
    };
    print(&shown)?;
    Ok(exit_code(&comparison))
}

fn compare(arguments: &DiffArgs) -> Result<Comparison, DiffError> {
    let known = match &arguments.known {
        Some(path) => Some(Known::read(path, Date::today())?),
        None => None,
    };
    let (old, new) = (Stored::read(&arguments.old)?, Stored::read(&arguments.new)?);
    Comparison::of(&old, &new, known.as_ref())
}

fn exit_code(comparison: &Comparison) -> u8 {
    if comparison.regressions() + comparison.unexpected_passes() > 0 { exit::FAILED } else { exit::PASSED }
}

/// Where something was found: a configuration, and which one of several runs.
fn place(configuration: &str, run: Option<&str>) -> String {
    match run {
        // Its words name the configuration.
        Some(run) => run.to_owned(),
        None => configuration.to_owned(),
    }
}

#[cfg(test)]
mod tests;
