// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The command `spec`.

mod from_kernel;

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueEnum};
use reglist_suite::exit;

use crate::command::error::Error;
use crate::command::format::{Format, print_json};
use crate::spec::check::Checked;
use crate::spec::diff::Difference;
use crate::spec::list::Listing;
use crate::spec::show::List;
use crate::system::output::print;
use from_kernel::FromKernelArgs;

/// Arguments of `spec`.
#[derive(Debug, Args)]
pub(crate) struct SpecArgs {
    #[command(subcommand)]
    command: SpecCommand,
}

#[derive(Debug, Subcommand)]
enum SpecCommand {
    /// Check all specifications, and give hints
    Check(CheckArgs),
    /// List architectures, series and configurations
    List(ListArgs),
    /// Show the list of a configuration, with ids and names
    Show(ShowArgs),
    /// Compare two series
    Diff(DiffArgs),
    /// Write a series from the lists of a kernel, for review
    FromKernel(FromKernelArgs),
}

/// Where specifications are.
#[derive(Debug, Clone, Args)]
struct Place {
    /// Use the specifications in this directory instead of the built-in ones
    #[arg(long, value_name = "DIR")]
    specs: Option<PathBuf>,
}

impl Place {
    fn path(&self) -> Option<&Path> {
        self.specs.as_deref()
    }
}

/// Arguments of `spec check`.
#[derive(Debug, Args)]
#[command(after_help = "Exit codes: 0 the specifications can be used, hints or not; 64 they cannot.")]
struct CheckArgs {
    #[command(flatten)]
    place: Place,
}

/// Arguments of `spec list`.
#[derive(Debug, Args)]
struct ListArgs {
    #[command(flatten)]
    place: Place,
    /// Only this architecture
    #[arg(long, value_name = "NAME")]
    architecture: Option<String>,
    /// Output format
    #[arg(long, value_enum, default_value_t = Format::Text, value_name = "FORMAT")]
    format: Format,
    /// Only this series
    #[arg(value_name = "SERIES")]
    series: Option<String>,
}

/// Arguments of `spec show`.
#[derive(Debug, Args)]
struct ShowArgs {
    #[command(flatten)]
    place: Place,
    /// Revision of the list
    #[arg(long, value_name = "NAME")]
    series: Option<String>,
    /// The architecture, where several have the series
    #[arg(long, value_name = "NAME")]
    architecture: Option<String>,
    /// Output format; `c` is an array for a kernel or a VMM
    #[arg(long, value_enum, default_value_t = ListFormat::Text, value_name = "FORMAT")]
    format: ListFormat,
    /// The configuration; `reglist spec list` names them
    #[arg(value_name = "CONFIGURATION")]
    configuration: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ListFormat {
    Text,
    Json,
    C,
}

const DIFF_HELP: &str = "\
A series is a name, such as v5, or the path of its folder with a slash in it,
such as specs/loongarch64/v6. A path takes its specifications from the tree
around the folder.

Exit codes: 0 no difference; 1 differences; 64 a series that cannot be used.";

/// Arguments of `spec diff`.
#[derive(Debug, Args)]
#[command(after_help = DIFF_HELP)]
struct DiffArgs {
    #[command(flatten)]
    place: Place,
    /// The architecture, where several have a series of that name
    #[arg(long, value_name = "NAME")]
    architecture: Option<String>,
    /// Output format
    #[arg(long, value_enum, default_value_t = Format::Text, value_name = "FORMAT")]
    format: Format,
    /// The series to compare with
    #[arg(value_name = "OLD")]
    old: String,
    /// The new series
    #[arg(value_name = "NEW")]
    new: String,
}

/// Runs the command and returns the exit code.
pub(crate) fn run(arguments: &SpecArgs) -> Result<u8, Error> {
    match &arguments.command {
        SpecCommand::Check(CheckArgs { place }) => {
            let checked = Checked::of(place.path())?;
            print(&checked.text())?;
            Ok(if checked.is_right() { exit::PASSED } else { exit::USAGE })
        }
        SpecCommand::List(ListArgs { place, architecture, format, series }) => {
            let listing = Listing::of(place.path(), architecture.as_deref(), series.as_deref())?;
            format.print(&listing, || listing.text())?;
            Ok(exit::PASSED)
        }
        SpecCommand::Show(ShowArgs { place, series, architecture, format, configuration }) => {
            let list = List::of(place.path(), architecture.as_deref(), series.as_deref(), configuration)?;
            match format {
                ListFormat::Text => print(&list.text())?,
                ListFormat::Json => print_json(&list)?,
                ListFormat::C => print(&list.c_array())?,
            }
            Ok(exit::PASSED)
        }
        SpecCommand::Diff(DiffArgs { place, architecture, format, old, new }) => {
            let difference = Difference::of(place.path(), architecture.as_deref(), old, new)?;
            format.print(&difference, || difference.text())?;
            Ok(if difference.is_none() { exit::PASSED } else { exit::FAILED })
        }
        SpecCommand::FromKernel(arguments) => from_kernel::run(arguments),
    }
}
