// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Errors about specifications.

use std::path::PathBuf;

use reglist_suite::exit;
use reglist_suite::spec::SpecError;

use super::from_kernel::error::FromKernelError;

/// Something about specifications that cannot be done.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// They are wrong.
    #[error(transparent)]
    Spec(#[from] SpecError),
    /// There are none.
    #[error("there are no specifications in `{}`\n[name a directory like specs, with a folder for each architecture]", path.display())]
    NoSpecs { path: PathBuf },
    /// A name that means nothing.
    #[error("{what} `{name}` is not known\n[known: {known}]")]
    Unknown { what: &'static str, name: String, known: String },
    /// A series that several architectures have.
    #[error("series `{series}` is there for {architectures}\n[say which one is meant: --architecture]")]
    Ambiguous { series: String, architectures: String },
    /// A list of which nothing is said.
    #[error(
        "series `{series}` says nothing of the list in configuration `{configuration}` but what holds for any list\n[`reglist spec list` shows which series have lists]"
    )]
    NoList { series: String, configuration: String },
    /// A path that leads to no series.
    #[error("`{}` is no folder of a series\n[give SPECS/ARCHITECTURE/SERIES, such as specs/loongarch64/v5, or the name of a series]", path.display())]
    NoFolder { path: PathBuf },
    /// Series of different architectures.
    #[error("{old} and {new} have no register in common\n[compare series of one architecture]")]
    Architectures { old: &'static str, new: &'static str },
    /// A series out of a kernel's lists.
    #[error(transparent)]
    FromKernel(#[from] FromKernelError),
}

impl Error {
    /// The exit code: a wrong argument, a wrong kernel, or a machine in trouble.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::FromKernel(error) => error.exit_code(),
            _ => exit::USAGE,
        }
    }
}
