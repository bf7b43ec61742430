// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The command `diff`: compares two stored runs.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use reglist_suite::exit;

use crate::command::error::Error;
use crate::command::format::print_json;
use crate::report::diff::compare::Comparison;
use crate::report::diff::json::Document;
use crate::report::diff::{markdown, text};
use crate::system::output::print;

const AFTER_HELP: &str = "\
Exit codes: 0 no regression; 1 a case no longer passes, is no longer
planned, or an expected failure passes; 64 a file is unusable.";

#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct DiffArgs {
    /// Output format; `markdown` suits mails and pull requests
    #[arg(long, value_enum, default_value_t = Format::Text, value_name = "FORMAT")]
    format: Format,
    /// Expected failures (YAML), with the keys `case`, `reason`, `link`, `expires`
    #[arg(long, value_name = "FILE")]
    known: Option<PathBuf>,
    /// Events of the earlier run
    #[arg(value_name = "OLD")]
    old: PathBuf,
    /// Events of the later run, which decides the exit code
    #[arg(value_name = "NEW")]
    new: PathBuf,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Markdown,
    Json,
}

/// Compares two stored runs and returns the exit code.
pub(crate) fn run(arguments: &DiffArgs) -> Result<u8, Error> {
    let comparison = Comparison::of_files(&arguments.old, &arguments.new, arguments.known.as_deref())?;
    match arguments.format {
        Format::Text => print(&text::text(&comparison))?,
        Format::Markdown => print(&markdown::markdown(&comparison))?,
        Format::Json => print_json(&Document::of(&comparison))?,
    }
    Ok(if comparison.is_worse() { exit::FAILED } else { exit::PASSED })
}
