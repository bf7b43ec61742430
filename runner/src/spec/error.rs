// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Errors of `reglist spec`.

use std::path::PathBuf;

use reglist_suite::exit;
use reglist_suite::spec::SpecError;

use super::from_kernel::error::FromKernelError;

#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error(transparent)]
    Spec(#[from] SpecError),
    #[error("no specifications in `{}`\n[name a directory with one folder per architecture, like `specs`]", path.display())]
    NoSpecs { path: PathBuf },
    #[error("unknown {what} `{name}`\n[known: {known}]")]
    Unknown { what: &'static str, name: String, known: String },
    #[error("series `{series}` exists for {architectures}\n[select one with --architecture]")]
    Ambiguous { series: String, architectures: String },
    #[error(
        "series `{series}` does not specify the list of configuration `{configuration}`\n[run `reglist spec list` for series with lists]"
    )]
    NoList { series: String, configuration: String },
    #[error("`{}` is not the folder of a series\n[write SPECS/ARCHITECTURE/SERIES, such as specs/loongarch64/v5, or the name of a series]", path.display())]
    NoFolder { path: PathBuf },
    #[error("{old} and {new} have no register in common\n[compare series of one architecture]")]
    Architectures { old: &'static str, new: &'static str },
    #[error(
        "`{name}` cannot be the name of a constant in Rust\n[use letters, digits and _ in registers.yaml, a capital letter first]"
    )]
    NoConstant { name: String },
    #[error("no order of a restore exists: SET {registers}\n[correct `conditional` or `gate` in registers.yaml]")]
    Circle { registers: String },
    #[error("no selftest can be made: {why}\n[use --format c, and write the test by hand]")]
    NoSelftest { why: String },
    #[error(transparent)]
    FromKernel(#[from] FromKernelError),
}

impl Error {
    /// The exit code: a wrong argument, a wrong kernel, or infrastructure trouble.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::FromKernel(error) => error.exit_code(),
            _ => exit::USAGE,
        }
    }
}
