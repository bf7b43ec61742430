// SPDX-License-Identifier: Apache-2.0 OR MIT
//! What the process that works on a case answers.

use serde::{Deserialize, Serialize};

use crate::report::events::{Finding, NamedRegister};

/// A line of the answer; the last one is neither a finding nor a list.
#[derive(Debug, Serialize, Deserialize)]
pub enum Message {
    /// Something was found.
    Found(Finding),
    /// What the kernel lists.
    Listed(Vec<NamedRegister>),
    /// The kernel knows the ioctl.
    Implemented,
    /// The kernel answers ENOTTY.
    NotImplemented,
    /// The check came to its end.
    Done {
        /// Number of ioctls under test.
        ioctls: u64,
    },
    /// The host lacks a feature.
    Absent {
        /// Its name.
        feature: String,
        /// What the probe said.
        reason: String,
    },
    /// The kernel offers nothing that the check could judge.
    NothingToSay {
        /// What is missing.
        reason: String,
    },
    /// The harness or the host is in trouble.
    Trouble {
        /// What happened and what to do about it.
        reason: String,
    },
}
