// SPDX-License-Identifier: Apache-2.0 OR MIT
//! What keeps the two from being compared.

use crate::harness::worker::{WorkerError, chain};
use crate::kvm::SubjectError;
use crate::memory::MemoryError;

/// Why nothing can be said.
#[derive(Debug, thiserror::Error)]
pub(super) enum CompareError {
    #[error(transparent)]
    Subject(#[from] SubjectError),
    #[error(transparent)]
    Memory(#[from] MemoryError),
    #[error("no sequence of calls can be made: {0}")]
    Generator(String),
    #[error("no process for the calls of another process can be had")]
    Process(#[from] std::io::Error),
}

impl From<CompareError> for WorkerError {
    fn from(error: CompareError) -> Self {
        match error {
            CompareError::Subject(error) => error.into(),
            CompareError::Memory(error) => error.into(),
            other => Self::Compare(chain(&other)),
        }
    }
}
