// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The command `show`: what a register, a clause, a case or anything else is
//! that has a name here. The words are the suite's; here they are found and laid
//! out.

mod find;
mod json;
mod nearest;
mod overview;
mod text;

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use reglist_suite::arch::{self, Arch, LoongArch64};
use reglist_suite::exit;
use reglist_suite::report::describe::{self, Catalogue, Description};
use reglist_suite::spec::{Source, Spec, SpecError};

use crate::command::error::Error;
use crate::report::paragraph::WIDTH;
use crate::system::output::{PrintError, print};
use crate::system::verbosity::Verbosity;
use find::Index;

const AFTER_HELP: &str = "\
-v says more of each thing.

Exit codes: 0 shown; 64 nothing is called so, or wrong usage or specification.";

/// What is to be shown, and how.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP, after_long_help = format!("{AFTER_HELP}\n\n{}", describe::tables(WIDTH)))]
pub(crate) struct ShowArgs {
    /// How it is shown: for people, or for programs
    #[arg(long, value_enum, default_value_t = Format::Text, value_name = "FORMAT")]
    format: Format,
    /// Revision of the expected list [default: v5 on loongarch64]
    #[arg(long, value_name = "NAME")]
    series: Option<String>,
    /// Specifications to use in place of the built-in ones
    #[arg(long, value_name = "DIR")]
    specs: Option<PathBuf>,
    /// The architecture
    #[arg(long = "architecture", visible_alias = "arch", value_name = "NAME", default_value = LoongArch64.name())]
    arch: String,
    /// A register's id or name, a clause, case, check, theme, configuration,
    /// group or fault; without any, what there is
    ///
    /// An id is a hexadecimal number with 0x, or a decimal one. A name may be
    /// written as the kernel's headers do, as LOONGARCH_CSR_ESTAT. Where a name
    /// means several things, all of them are shown.
    #[arg(value_name = "WHAT")]
    what: Vec<String>,
}

/// How a description is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
}

/// What cannot be shown.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ShowError {
    /// The specifications.
    #[error(transparent)]
    Spec(#[from] SpecError),
    /// An architecture that nothing is said of.
    #[error("`{name}` is no architecture that has a specification\n[known: {known}]")]
    Architecture {
        /// What was asked for.
        name: String,
        /// Those that there are.
        known: String,
    },
    /// A number that is none.
    #[error("`{word}` is no id: {what}\n[an id has at most 16 hexadecimal digits behind 0x, as 0x9030000000010000]")]
    Number {
        /// What was asked for.
        word: String,
        /// What is wrong with it.
        what: String,
    },
    /// A name that nothing has.
    #[error("nothing is called `{word}`\n[{remedy}]")]
    Unknown {
        /// What was asked for.
        word: String,
        /// Names like it, and where all are.
        remedy: String,
    },
}

/// Shows what was asked for; the result is the exit code.
pub(crate) fn run(arguments: &ShowArgs, verbosity: Verbosity) -> Result<u8, Error> {
    let shown = shown(arguments, verbosity.is_verbose())?;
    print(&shown)?;
    Ok(exit::PASSED)
}

fn shown(arguments: &ShowArgs, verbose: bool) -> Result<String, Error> {
    let arch = architecture(&arguments.arch)?;
    let source = arguments.specs.clone().map_or(Source::Embedded, Source::Directory);
    let series = arguments.series.as_deref().unwrap_or(arch.default_series());
    let spec = Spec::load(&source, arch, series).map_err(ShowError::from)?;
    let index = Index::new(Catalogue::new(&spec, arch));
    if arguments.what.is_empty() {
        let overview = overview::overview(&index, verbose);
        return match arguments.format {
            Format::Text => Ok(text::overview(&overview)),
            Format::Json => Ok(json::overview(&overview).map_err(PrintError)?),
        };
    }
    let mut found: Vec<Description> = Vec::new();
    for word in &arguments.what {
        for description in index.find(word)? {
            if !found.contains(&description) {
                found.push(description);
            }
        }
    }
    match arguments.format {
        Format::Text => Ok(text::text(&found, verbose)),
        Format::Json => Ok(json::json(&found).map_err(PrintError)?),
    }
}

fn architecture(name: &str) -> Result<&'static dyn Arch, ShowError> {
    arch::by_name(name).ok_or_else(|| {
        let known = arch::ALL.map(|arch| arch.name()).join(", ");
        ShowError::Architecture { name: name.to_owned(), known }
    })
}

/// Names that can be shown without `--series` and `--specs`, but for cases.
pub(crate) fn names() -> Result<Vec<String>, SpecError> {
    let spec = Spec::load(&Source::Embedded, &LoongArch64, LoongArch64.default_series())?;
    Ok(Index::new(Catalogue::new(&spec, &LoongArch64)).short_names())
}

#[cfg(test)]
mod tests;
