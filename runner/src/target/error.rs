// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Errors of all targets.

use reglist_suite::harness::UsageError;

use super::ssh::error::SshError;
use crate::lab::LabError;
use crate::system::files::FileError;

#[derive(Debug, thiserror::Error)]
pub(crate) enum TargetError {
    #[error(transparent)]
    File(#[from] FileError),
    #[error(transparent)]
    Lab(#[from] LabError),
    #[error(transparent)]
    Ssh(#[from] SshError),
    #[error(transparent)]
    Suite(#[from] UsageError),
}
