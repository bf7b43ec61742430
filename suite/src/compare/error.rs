// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Errors that stop a comparison.

use crate::harness::worker::{WorkerError, chain};
use crate::kvm::SubjectError;
use crate::memory::MemoryError;

#[derive(Debug, thiserror::Error)]
pub(super) enum CompareError {
    #[error(transparent)]
    Subject(#[from] SubjectError),
    #[error("cannot allocate memory")]
    Memory(#[from] MemoryError),
    #[error("cannot generate calls: {0}")]
    Generator(String),
    #[error("cannot start the other process")]
    Process(#[from] std::io::Error),
}

impl From<CompareError> for WorkerError {
    fn from(error: CompareError) -> Self {
        Self::Compare(chain(&error))
    }
}
