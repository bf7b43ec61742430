// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The command `spec`: checks, lists, compares and creates specifications.

mod from_kernel;

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use reglist_suite::exit;
use reglist_suite::spec::Configuration;

use crate::command::error::Error;
use crate::command::format::{Format, print_json};
use crate::spec::check::Checked;
use crate::spec::diff::Difference;
use crate::spec::export;
use crate::spec::list::Listing;
use crate::spec::order::Order;
use crate::spec::show::List;
use crate::system::output::print;
use from_kernel::FromKernelArgs;

#[derive(Debug, Args)]
pub(crate) struct SpecArgs {
    #[command(subcommand)]
    command: SpecCommand,
    /// Use the specifications in this directory instead of the built-in ones
    #[arg(long, global = true, value_name = "DIR")]
    specs: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum SpecCommand {
    /// Check all specifications and print hints
    #[command(after_help = "Exit codes: 0 the specifications are usable, with or without hints; 64 they are not.")]
    Check,
    /// List architectures, series and configurations
    List {
        /// List only this architecture
        #[arg(long, value_name = "NAME")]
        architecture: Option<String>,
        /// Output format
        #[arg(long, value_enum, default_value_t = Format::Text, value_name = "FORMAT")]
        format: Format,
        /// List only this series
        #[arg(value_name = "SERIES")]
        series: Option<String>,
    },
    /// Print the register list of a configuration
    Show {
        /// Revision of the expected list
        #[arg(long, value_name = "NAME")]
        series: Option<String>,
        /// Architecture, if several have the series
        #[arg(long, value_name = "NAME")]
        architecture: Option<String>,
        /// Output format; `c` and `rust` are code, `selftest` is a kernel patch
        #[arg(long, value_enum, default_value_t = ListFormat::Text, value_name = "FORMAT")]
        format: ListFormat,
        /// Configuration; `reglist spec list` names them, `all` is the union
        #[arg(value_name = "CONFIGURATION")]
        configuration: String,
    },
    /// Print an order in which a restore can SET the registers
    #[command(after_help = ORDER_HELP)]
    Order {
        /// Revision of the expected list
        #[arg(long, value_name = "NAME")]
        series: Option<String>,
        /// Architecture, if several have the series
        #[arg(long, value_name = "NAME")]
        architecture: Option<String>,
        /// Output format
        #[arg(long, value_enum, default_value_t = Format::Text, value_name = "FORMAT")]
        format: Format,
        /// Configuration; `all` is the union
        #[arg(value_name = "CONFIGURATION", default_value = Configuration::ALL)]
        configuration: String,
    },
    /// Compare two series
    #[command(after_help = DIFF_HELP)]
    Diff {
        /// Architecture, if several have a series of that name
        #[arg(long, value_name = "NAME")]
        architecture: Option<String>,
        /// Output format
        #[arg(long, value_enum, default_value_t = Format::Text, value_name = "FORMAT")]
        format: Format,
        /// Earlier series
        #[arg(value_name = "OLD")]
        old: String,
        /// Later series
        #[arg(value_name = "NEW")]
        new: String,
    },
    /// Create a series from the lists of a kernel, for review
    FromKernel(FromKernelArgs),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ListFormat {
    Text,
    Json,
    C,
    Rust,
    Csv,
    Selftest,
}

const ORDER_HELP: &str = "\
The order is the list's, except that a register follows the registers that it
depends on. The dependencies come from `gate` and `conditional` of the
specification; `reglist show REGISTER` prints what its texts add.";

const DIFF_HELP: &str = "\
A series is a name, such as v5, or a path with a slash, such as
specs/loongarch64/v6. With a path, the command reads the tree around that folder.

Exit codes: 0 no difference; 1 differences; 64 a series is unusable.";

/// Runs the command and returns the exit code.
pub(crate) fn run(arguments: &SpecArgs) -> Result<u8, Error> {
    let specs = arguments.specs.as_deref();
    match &arguments.command {
        SpecCommand::Check => {
            let checked = Checked::of(specs)?;
            print(&checked.text())?;
            Ok(if checked.is_right() { exit::PASSED } else { exit::USAGE })
        }
        SpecCommand::List { architecture, format, series } => {
            let listing = Listing::of(specs, architecture.as_deref(), series.as_deref())?;
            format.print(&listing, || listing.text())?;
            Ok(exit::PASSED)
        }
        SpecCommand::Show { series, architecture, format, configuration } => {
            let list = List::of(specs, architecture.as_deref(), series.as_deref(), configuration)?;
            match format {
                ListFormat::Text => print(&list.text())?,
                ListFormat::Json => print_json(&list)?,
                ListFormat::C => print(&export::c::array(&list))?,
                ListFormat::Csv => print(&export::csv::table(&list))?,
                ListFormat::Selftest => print(&export::selftest::patch(&list)?)?,
                ListFormat::Rust => print(&export::rust::module(&list)?)?,
            }
            Ok(exit::PASSED)
        }
        SpecCommand::Order { series, architecture, format, configuration } => {
            let order = Order::of(specs, architecture.as_deref(), series.as_deref(), configuration)?;
            format.print(&order, || order.text())?;
            Ok(exit::PASSED)
        }
        SpecCommand::Diff { architecture, format, old, new } => {
            let difference = Difference::of(specs, architecture.as_deref(), old, new)?;
            format.print(&difference, || difference.text())?;
            Ok(if difference.equal { exit::PASSED } else { exit::FAILED })
        }
        SpecCommand::FromKernel(arguments) => from_kernel::run(arguments, specs),
    }
}
