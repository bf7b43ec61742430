// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Errors about specifications.

use std::path::PathBuf;

use reglist_suite::exit;
use reglist_suite::spec::SpecError;

use super::from_kernel::error::FromKernelError;

#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error(transparent)]
    Spec(#[from] SpecError),
    #[error("there are no specifications in `{}`\n[name a directory like specs, with a folder for each architecture]", path.display())]
    NoSpecs { path: PathBuf },
    #[error("{what} `{name}` is not known\n[known: {known}]")]
    Unknown { what: &'static str, name: String, known: String },
    #[error("series `{series}` is there for {architectures}\n[say which one is meant: --architecture]")]
    Ambiguous { series: String, architectures: String },
    #[error(
        "series `{series}` says nothing of the list in configuration `{configuration}` but what holds for any list\n[`reglist spec list` shows which series have lists]"
    )]
    NoList { series: String, configuration: String },
    #[error("`{}` is no folder of a series\n[give SPECS/ARCHITECTURE/SERIES, such as specs/loongarch64/v5, or the name of a series]", path.display())]
    NoFolder { path: PathBuf },
    #[error("{old} and {new} have no register in common\n[compare series of one architecture]")]
    Architectures { old: &'static str, new: &'static str },
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
