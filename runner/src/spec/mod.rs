// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The command `spec`: what the specifications say, whether they are right, how
//! two series differ, and a series out of what a kernel lists.

mod check;
mod compare;
mod diff;
mod from_kernel;
mod hints;
mod list;
pub(crate) mod lookup;
mod show;
#[cfg(test)]
mod tests;
mod text;
mod tree;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use reglist_suite::exit;
use reglist_suite::spec::SpecError;

use crate::command::error::Error;
use check::CheckArgs;
use diff::DiffArgs;
use from_kernel::{FromKernelArgs, FromKernelError};
use list::ListArgs;
use show::ShowArgs;

/// What is asked of the specifications.
#[derive(Debug, Args)]
pub(crate) struct SpecArgs {
    #[command(subcommand)]
    command: SpecCommand,
}

#[derive(Debug, Subcommand)]
enum SpecCommand {
    /// Say whether all specifications are right, and what is worth a look
    Check(CheckArgs),
    /// List architectures, series and configurations
    List(ListArgs),
    /// Show the list of a configuration, with ids and names
    Show(ShowArgs),
    /// Compare two series
    Diff(DiffArgs),
    /// Write a series out of what a kernel lists, for review
    FromKernel(FromKernelArgs),
}

/// Where specifications are.
#[derive(Debug, Clone, Args)]
struct Place {
    /// Specifications to use in place of the built-in ones
    #[arg(long, value_name = "DIR")]
    specs: Option<PathBuf>,
}

/// Something about specifications that cannot be done.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SpecCommandError {
    /// They are wrong.
    #[error(transparent)]
    Spec(#[from] SpecError),
    /// There are none.
    #[error("there are no specifications in `{}`\n[name a directory like specs, with a folder for each architecture]", path.display())]
    NoSpecs {
        /// The directory.
        path: PathBuf,
    },
    /// A name that means nothing.
    #[error("{what} `{name}` is not known\n[known: {known}]")]
    Unknown {
        /// What it should be the name of.
        what: &'static str,
        /// The name.
        name: String,
        /// The names that there are.
        known: String,
    },
    /// A series that several architectures have.
    #[error("series `{series}` is there for {architectures}\n[say which one is meant: --architecture]")]
    Ambiguous {
        /// The series.
        series: String,
        /// The architectures that have it.
        architectures: String,
    },
    /// A list of which nothing is said.
    #[error(
        "series `{series}` says nothing of the list in configuration `{configuration}` but what holds for any list\n[`reglist spec list` shows which series have lists]"
    )]
    NoList {
        /// The series.
        series: String,
        /// The configuration.
        configuration: String,
    },
    /// A path that leads to no series.
    #[error("`{}` is no folder of a series\n[give SPECS/ARCHITECTURE/SERIES, such as specs/loongarch64/v5, or the name of a series]", path.display())]
    NoFolder {
        /// The path.
        path: PathBuf,
    },
    /// Series of different architectures.
    #[error("{old} and {new} have no register in common\n[compare series of one architecture]")]
    Architectures {
        /// The one's.
        old: &'static str,
        /// The other's.
        new: &'static str,
    },
    /// A series out of a kernel's lists.
    #[error(transparent)]
    FromKernel(#[from] FromKernelError),
}

impl SpecCommandError {
    /// The exit code: a wrong argument, a wrong kernel, or a machine in trouble.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::FromKernel(error) => error.exit_code(),
            _ => exit::USAGE,
        }
    }
}

/// Does what was asked; the result is the exit code.
pub(crate) fn run(arguments: &SpecArgs) -> Result<u8, Error> {
    match &arguments.command {
        SpecCommand::Check(arguments) => check::run(arguments),
        SpecCommand::List(arguments) => list::run(arguments),
        SpecCommand::Show(arguments) => show::run(arguments),
        SpecCommand::Diff(arguments) => diff::run(arguments),
        SpecCommand::FromKernel(arguments) => from_kernel::run(arguments),
    }
}
