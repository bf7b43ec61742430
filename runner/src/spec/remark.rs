// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Remarks on a file.

use std::fmt;

/// A remark: its place, and the remedy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Remark {
    pub(super) file: String,
    /// Line from 1.
    pub(super) line: usize,
    pub(super) what: String,
    pub(super) remedy: String,
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}\n[{}]", self.file, self.line, self.what, self.remedy)
    }
}

impl Remark {
    pub(super) fn new(file: &str, line: usize, what: String, remedy: impl Into<String>) -> Self {
        Self { file: file.to_owned(), line, what, remedy: remedy.into() }
    }
}
