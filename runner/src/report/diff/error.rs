// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Comparisons that fail.

use crate::record::known::KnownError;
use crate::report::stored::StoredError;

#[derive(Debug, thiserror::Error)]
pub(crate) enum DiffError {
    #[error(transparent)]
    Stored(#[from] StoredError),
    #[error(
        "{old} holds {old_runs} and {new} {new_runs} runs that do not correspond\n[compare a run with a run, and one of `--fault all` with another of the same configurations]"
    )]
    Apart { old: String, new: String, old_runs: usize, new_runs: usize },
    #[error(transparent)]
    Known(#[from] KnownError),
}
