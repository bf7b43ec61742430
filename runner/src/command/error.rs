// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The program's error: every error of the rooms below, with its exit code.

use reglist_suite::exit;
use reglist_suite::harness::UsageError;

use crate::lab::LabError;
use crate::record::known::KnownError;
use crate::record::reader::ReadError;
use crate::report::diff::error::DiffError;
use crate::report::matrix::OutputError;
use crate::report::page::PageError;
use crate::spec;
use crate::spec::lookup::ShowError;
use crate::system::cache::CacheError;
use crate::system::files::FileError;
use crate::system::interrupt::InterruptError;
use crate::system::output::{self, PrintError};
use crate::target::TargetError;
use crate::target::ssh::SshError;

#[derive(Debug, thiserror::Error)]
pub(crate) enum SetError {
    #[error(
        "invalid `--set {text}`\n[write NAME=ITEM,ITEM...; an item is a patch, a kernel version, a source directory, or `reference`]"
    )]
    Malformed { text: String },
    #[error("two sets have the name `{name}`\n[rename one of them]")]
    Twice { name: String },
    #[error("the set `{name}` has a second kernel, `{item}`\n[keep one kernel per set]")]
    SecondKernel { name: String, item: String },
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error(transparent)]
    Cache(#[from] CacheError),
    #[error(transparent)]
    Diff(#[from] DiffError),
    #[error(transparent)]
    File(#[from] FileError),
    #[error(transparent)]
    Interrupt(#[from] InterruptError),
    #[error(transparent)]
    Known(#[from] KnownError),
    #[error(transparent)]
    Lab(#[from] LabError),
    #[error(transparent)]
    Matrix(#[from] OutputError),
    #[error(transparent)]
    Page(#[from] PageError),
    #[error(transparent)]
    Show(#[from] ShowError),
    #[error(transparent)]
    Spec(#[from] spec::Error),
    #[error(transparent)]
    Ssh(#[from] SshError),
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error("{file} is about the model, and KCIDB takes results of kernels only\n[leave --kcidb out]")]
    Model { file: String },
    #[error("this format takes one run, and {file} is not the only one\n[report one file with one run]")]
    SeveralRuns { file: String },
    #[error(transparent)]
    Set(#[from] SetError),
    #[error(transparent)]
    Suite(#[from] UsageError),
    #[error("{text}")]
    Usage { text: String },
    #[error(transparent)]
    Print(#[from] PrintError),
}

impl Error {
    pub(crate) fn usage(error: clap::Error) -> Self {
        let text = error.render().to_string();
        Self::Usage { text: text.trim().trim_start_matches("error: ").to_owned() }
    }

    /// Whether the user interrupted the command.
    pub(crate) fn is_interruption(&self) -> bool {
        match self {
            Self::Lab(error) => error.is_interruption(),
            _ => matches!(self, Self::Cache(CacheError::Interrupted) | Self::Ssh(SshError::Interrupted)),
        }
    }

    /// The exit code: wrong input from the user, or infrastructure trouble.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::Diff(_) | Self::Known(_) | Self::Model { .. } | Self::Set(_) | Self::Show(_) => exit::USAGE,
            Self::SeveralRuns { .. } | Self::Suite(_) | Self::Usage { .. } => exit::USAGE,
            Self::Lab(error) => error.exit_code(),
            Self::File(error) => error.exit_code(),
            Self::Matrix(error) => error.exit_code(),
            Self::Page(error) => error.exit_code(),
            Self::Spec(error) => error.exit_code(),
            Self::Ssh(error) => error.exit_code(),
            Self::Read(error) => error.exit_code(),
            _ => exit::INFRASTRUCTURE,
        }
    }
}

/// The exit code of a result. Prints an error with its causes.
pub(crate) fn exit_code(result: Result<u8, Error>) -> u8 {
    result.unwrap_or_else(|error| {
        output::show(&error);
        error.exit_code()
    })
}

impl From<TargetError> for Error {
    fn from(error: TargetError) -> Self {
        match error {
            TargetError::File(error) => error.into(),
            TargetError::Lab(error) => error.into(),
            TargetError::Ssh(error) => error.into(),
            TargetError::Suite(error) => error.into(),
        }
    }
}
