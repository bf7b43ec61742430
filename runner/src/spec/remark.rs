// SPDX-License-Identifier: Apache-2.0 OR MIT
//! A problem or a hint in a file, with the remedy.

use std::fmt;

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
