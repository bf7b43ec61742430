// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Runs with names.

use crate::record::Record;
use crate::record::runs::Runs;

#[derive(Debug)]
pub(crate) struct Compared {
    pub(crate) name: String,
    /// What is known of it; nothing, if it did not come to pass.
    pub(crate) runs: Runs,
    pub(crate) code: u8,
}

impl Compared {
    pub(super) fn record(&self) -> &Record {
        self.runs.current()
    }
}
