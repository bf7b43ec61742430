// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Runs with names.

use crate::record::stream::{Record, Runs};

/// A run with its name.
#[derive(Debug)]
pub(crate) struct Compared {
    /// The name.
    pub(crate) name: String,
    /// What is known of it; nothing, if it did not come to pass.
    pub(crate) runs: Runs,
    /// Its exit code.
    pub(crate) code: u8,
}

impl Compared {
    pub(super) fn record(&self) -> &Record {
        self.runs.current()
    }
}
