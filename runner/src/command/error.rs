// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Everything that can end the program early, the exit code it maps to, and
//! the one printer that shows it with all its causes.

use reglist_suite::exit;
use reglist_suite::harness::UsageError;

use crate::command::report::error::ReportError;
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
use crate::system::results::ResultsError;
use crate::system::session::SessionError;
use crate::system::stage::StageError;
use crate::target::TargetError;
use crate::target::ssh::SshError;

/// What ended the program early.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The cache cannot be used.
    #[error(transparent)]
    Cache(#[from] CacheError),
    /// Two stored runs that cannot be compared.
    #[error(transparent)]
    Diff(#[from] DiffError),
    /// A file that cannot be written.
    #[error(transparent)]
    File(#[from] FileError),
    /// Signals cannot be handled.
    #[error(transparent)]
    Interrupt(#[from] InterruptError),
    /// The file of known failures.
    #[error(transparent)]
    Known(#[from] KnownError),
    /// The lab's pipeline, outside its stages' commands.
    #[error(transparent)]
    Lab(#[from] LabError),
    /// The files of a matrix.
    #[error(transparent)]
    Matrix(#[from] OutputError),
    /// The page of a run.
    #[error(transparent)]
    Page(#[from] PageError),
    /// The directory of results.
    #[error(transparent)]
    Results(#[from] ResultsError),
    /// The run could not be set up.
    #[error(transparent)]
    Session(#[from] SessionError),
    /// What cannot be shown.
    #[error(transparent)]
    Show(#[from] ShowError),
    /// Specifications.
    #[error(transparent)]
    Spec(#[from] spec::Error),
    /// A board over ssh.
    #[error(transparent)]
    Ssh(#[from] SshError),
    /// Stored runs.
    #[error(transparent)]
    Report(#[from] ReportError),
    /// A command of a stage.
    #[error(transparent)]
    Stage(#[from] StageError),
    /// Wrong usage of the suite.
    #[error(transparent)]
    Suite(#[from] UsageError),
    /// A command line.
    #[error("{text}")]
    Usage {
        /// What is wrong with it.
        text: String,
    },
    /// The standard output.
    #[error(transparent)]
    Print(#[from] PrintError),
}

impl Error {
    /// The error of a command line; its text is clap's.
    pub(crate) fn usage(error: clap::Error) -> Self {
        let text = error.render().to_string();
        Self::Usage { text: text.trim().trim_start_matches("error: ").to_owned() }
    }

    /// Whether the user asked to stop.
    pub(crate) fn is_interruption(&self) -> bool {
        match self {
            Self::Lab(error) => error.is_interruption(),
            Self::Stage(StageError::Interrupted { .. })
            | Self::Cache(CacheError::Interrupted)
            | Self::Ssh(SshError::Interrupted) => true,
            _ => false,
        }
    }

    /// The exit code that says whose turn it is: the user's or the machine's.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            // What the user gave, all of it.
            Self::Diff(_) | Self::Known(_) | Self::Show(_) | Self::Suite(_) | Self::Usage { .. } => exit::USAGE,
            Self::Lab(error) => error.exit_code(),
            Self::File(error) => error.exit_code(),
            Self::Matrix(error) => error.exit_code(),
            Self::Page(error) => error.exit_code(),
            Self::Results(error) => error.exit_code(),
            Self::Spec(error) => error.exit_code(),
            Self::Ssh(error) => error.exit_code(),
            Self::Report(error) => error.exit_code(),
            _ => exit::INFRASTRUCTURE,
        }
    }
}

/// The exit code; an error is shown with its causes on the standard error.
pub(crate) fn exit_code(result: Result<u8, Error>) -> u8 {
    result.unwrap_or_else(|error| {
        output::show(&error);
        error.exit_code()
    })
}

impl From<ReadError> for Error {
    fn from(error: ReadError) -> Self {
        ReportError::from(error).into()
    }
}

impl From<TargetError> for Error {
    fn from(error: TargetError) -> Self {
        match error {
            TargetError::Cache(error) => error.into(),
            TargetError::Lab(error) => error.into(),
            TargetError::Ssh(error) => error.into(),
            TargetError::Stage(error) => error.into(),
            TargetError::Suite(error) => error.into(),
        }
    }
}
