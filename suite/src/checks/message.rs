// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Messages from a case's process to the harness.

use serde::{Deserialize, Serialize};

use crate::report::coverage::Blocks;
use crate::report::events::{Finding, NamedRegister};
use crate::spec::clause::Level;

/// One line. Findings, lists, blocks and log lines come first; any other message is the last one.
#[derive(Debug, Serialize, Deserialize)]
pub enum Message {
    /// A finding.
    Found(Finding),
    /// The kernel's list.
    Listed(Vec<NamedRegister>),
    /// What the kernel has logged about the case's process. A kernel may log it only once, so
    /// the case does not run again for it.
    Logged(String),
    /// The blocks of the patch that ran.
    Ran(Blocks),
    /// Whether the kernel knows the ioctl.
    Probed(bool),
    /// The check is complete, with this number of ioctls under test.
    Done(u64),
    /// The host lacks a feature.
    Absent {
        /// The feature.
        feature: String,
        /// The result of the probe.
        reason: String,
    },
    /// Why the check does not apply to this kernel.
    NothingToSay(String),
    /// The case ends in error: the harness or the host failed. The error and its remedy.
    Trouble(String),
}

impl Message {
    /// Whether it is the last one of its job.
    #[must_use]
    pub fn is_last(&self) -> bool {
        !matches!(self, Self::Found(_) | Self::Listed(_) | Self::Ran(_) | Self::Logged(_))
    }

    /// Whether a case that says nothing else passes or is skipped.
    #[must_use]
    pub fn is_harmless(&self) -> bool {
        match self {
            Self::Found(finding) => finding.level == Level::Note,
            Self::Trouble(_) => false,
            _ => true,
        }
    }
}
