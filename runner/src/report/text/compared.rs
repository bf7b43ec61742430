// SPDX-License-Identifier: Apache-2.0 OR MIT
//! A named run, for a table with one column per run.

use crate::record::Record;
use crate::record::runs::Runs;

#[derive(Debug)]
pub(crate) struct Compared {
    pub(crate) name: String,
    /// The runs; empty if it failed to start.
    pub(crate) runs: Runs,
    pub(crate) code: u8,
}

impl Compared {
    pub(super) fn record(&self) -> &Record {
        self.runs.current()
    }
}
