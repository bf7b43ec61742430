// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Why a target cannot run the suite.

use reglist_suite::harness::UsageError;

use super::ssh::error::SshError;
use crate::lab::LabError;
use crate::system::cache::CacheError;
use crate::system::stage::StageError;

/// Why a target cannot run the suite.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TargetError {
    /// The cache.
    #[error(transparent)]
    Cache(#[from] CacheError),
    /// The lab's pipeline, outside its stages' commands.
    #[error(transparent)]
    Lab(#[from] LabError),
    /// A board over ssh.
    #[error(transparent)]
    Ssh(#[from] SshError),
    /// A command of a stage.
    #[error(transparent)]
    Stage(#[from] StageError),
    /// Wrong usage of the suite.
    #[error(transparent)]
    Suite(#[from] UsageError),
}
