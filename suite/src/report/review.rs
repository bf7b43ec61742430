// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The review of a kernel's patches, which the lab makes before the boot: data of the
//! run, like the cases. It says only what the patches bring.

use serde::{Deserialize, Serialize};

/// A review of patches.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Review {
    /// Every check, also those that could not run.
    pub checks: Vec<Check>,
    /// What the checks found. With `--strict`, each of them fails the run.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<Note>,
    /// Number of notes beyond those kept.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub left_out: usize,
    /// Stack use of each function that is new or has changed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stack: Vec<StackUse>,
    /// Facts about the review itself, such as files that no build reads.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remarks: Vec<String>,
}

fn is_zero(number: &usize) -> bool {
    *number == 0
}

impl Review {
    /// Number of notes, also of those that were not kept.
    pub fn count(&self) -> usize {
        self.notes.len().saturating_add(self.left_out)
    }
}

/// A check of a review.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// Its name: `warnings`, `sparse`, `stack`, `checkpatch`, `built-in`.
    pub name: String,
    /// The tool with its options.
    pub tool: String,
    /// Why it did not run, or not on all files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing: Option<String>,
}

/// One fact that a check found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// The name of its check.
    pub check: String,
    /// The file, or the patch.
    pub file: String,
    /// The line, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// The function.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub function: Option<String>,
    /// The tool's message.
    pub message: String,
}

/// The stack that a function needs, without the functions that it calls.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StackUse {
    /// The file.
    pub file: String,
    /// The function.
    pub function: String,
    /// Bytes with the patches.
    pub bytes: u64,
    /// Bytes without the patches; none for a function that the compiler made no code for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<u64>,
}
