// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Comparisons that fail.

use std::path::PathBuf;

use crate::record::known::KnownError;
use crate::report::read::ReadError;

/// Files that cannot be compared.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DiffError {
    /// One of them is no record of a run.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// They hold runs that do not correspond.
    #[error("`{}` holds {old_runs} and `{}` {new_runs} runs that do not correspond\n[compare a run with a run, and one of `--fault all` with another of the same configurations]", old.display(), new.display())]
    Apart {
        /// The file that is compared with.
        old: PathBuf,
        /// The file that is judged.
        new: PathBuf,
        /// Number of runs in the one.
        old_runs: usize,
        /// Number of runs in the other.
        new_runs: usize,
    },
    /// The file of known failures.
    #[error(transparent)]
    Known(#[from] KnownError),
}
