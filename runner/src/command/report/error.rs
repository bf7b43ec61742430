// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Stored runs that cannot be reported.

use reglist_suite::exit;

use crate::record::reader::ReadError;

/// Stored runs that cannot be reported.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReportError {
    /// A file.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// KCIDB is about kernels.
    #[error("{file} is about the model, and KCIDB takes results of kernels only\n[leave --kcidb out]")]
    Model {
        /// The file.
        file: String,
    },
}

impl ReportError {
    /// The exit code: a wrong argument, or a machine in trouble.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::Read(error) => error.exit_code(),
            Self::Model { .. } => exit::USAGE,
        }
    }
}
