// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The command `show`.

use std::path::PathBuf;

use clap::Args;
use reglist_suite::arch::{Arch as _, LoongArch64};
use reglist_suite::exit;
use reglist_suite::report::describe;

use crate::command::error::Error;
use crate::command::format::Format;
use crate::report::paragraph::WIDTH;
use crate::spec::lookup::Found;
use crate::system::verbosity::Verbosity;

const AFTER_HELP: &str = "\
-v shows more of each thing.

Exit codes: 0 shown; 64 nothing has that name, or wrong usage or specification.";

/// Arguments of `show`.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP, after_long_help = format!("{AFTER_HELP}\n\n{}", describe::tables(WIDTH)))]
pub(crate) struct ShowArgs {
    /// Output format
    #[arg(long, value_enum, default_value_t = Format::Text, value_name = "FORMAT")]
    format: Format,
    /// Revision of the expected list [default: v5 on loongarch64]
    #[arg(long, value_name = "NAME")]
    series: Option<String>,
    /// Use the specifications in this directory instead of the built-in ones
    #[arg(long, value_name = "DIR")]
    specs: Option<PathBuf>,
    /// The architecture
    #[arg(long = "architecture", visible_alias = "arch", value_name = "NAME", default_value = LoongArch64.name())]
    arch: String,
    /// A register's id or name, a clause, case, check, theme, configuration,
    /// group or fault; without any, list everything
    ///
    /// An id is a hexadecimal number with 0x, or a decimal one. A name may be
    /// written as in the kernel's headers, such as LOONGARCH_CSR_ESTAT. Where a
    /// name has several meanings, the command shows all of them.
    #[arg(value_name = "WHAT")]
    what: Vec<String>,
}

/// Shows the things and returns the exit code.
pub(crate) fn run(arguments: &ShowArgs, verbosity: Verbosity) -> Result<u8, Error> {
    let ShowArgs { format, series, specs, arch, what } = arguments;
    let verbose = verbosity.is_verbose();
    let found = Found::of(arch, series.as_deref(), specs.as_deref(), what, verbose)?;
    format.print(&found, || found.text(verbose))?;
    Ok(exit::PASSED)
}
