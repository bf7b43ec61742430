// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The command `show`: explains a register, clause, case or fault.

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
-v prints more details.

Exit codes: 0 printed; 64 unknown name, wrong usage or wrong specification.";

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
    /// Architecture
    #[arg(long = "architecture", visible_alias = "arch", value_name = "NAME", default_value = LoongArch64.name())]
    arch: String,
    /// Register id or name, clause, case, check, theme, configuration, group or
    /// fault [default: list all names]
    ///
    /// An id is hexadecimal with 0x, or decimal. A name may have the form of the
    /// kernel's headers, such as LOONGARCH_CSR_ESTAT. If a name has several
    /// meanings, the command prints all of them.
    #[arg(value_name = "WHAT")]
    what: Vec<String>,
}

pub(crate) fn run(arguments: &ShowArgs, verbosity: Verbosity) -> Result<u8, Error> {
    let ShowArgs { format, series, specs, arch, what } = arguments;
    let verbose = verbosity.is_verbose();
    let found = Found::of(arch, series.as_deref(), specs.as_deref(), what, verbose)?;
    format.print(&found, || found.text(verbose))?;
    Ok(exit::PASSED)
}
