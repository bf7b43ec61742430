// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Errors that stop a comparison.

use crate::kvm::SubjectError;
use crate::memory::MemoryError;

#[derive(Debug, thiserror::Error)]
pub(crate) enum CompareError {
    #[error(transparent)]
    Subject(#[from] SubjectError),
    #[error("cannot allocate memory")]
    Memory(#[from] MemoryError),
    #[error("cannot generate calls: {0}")]
    Generator(String),
    #[error("cannot start the other process")]
    Process(#[from] std::io::Error),
}
