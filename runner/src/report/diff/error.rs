// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Errors of `reglist diff`.

use crate::record::known::KnownError;
use crate::report::stored::StoredError;

#[derive(Debug, thiserror::Error)]
pub(crate) enum DiffError {
    #[error(transparent)]
    Stored(#[from] StoredError),
    #[error(
        "{old} has {old_runs} runs, {new} has {new_runs}, and they do not correspond\n[compare two single runs, or two runs of `--fault all` with the same configurations]"
    )]
    Apart { old: String, new: String, old_runs: usize, new_runs: usize },
    #[error(transparent)]
    Known(#[from] KnownError),
}
