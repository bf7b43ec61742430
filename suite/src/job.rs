// SPDX-License-Identifier: Apache-2.0 OR MIT
//! What the harness tells the process that works on a case, and what that
//! process answers.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::arch::Feature;
use crate::clause::Level;
use crate::events::Finding;
use crate::spec::Register;

/// Work for one process.
#[derive(Debug, Serialize, Deserialize)]
pub enum Job {
    /// See whether the kernel knows the ioctl at all.
    Probe,
    /// Run a check.
    Case(Box<CaseJob>),
}

/// A check to run, with all that it needs to know.
#[derive(Debug, Serialize, Deserialize)]
pub struct CaseJob {
    /// Name of the check.
    pub check: String,
    /// Features to switch on.
    pub features: Vec<Feature>,
    /// The expected list.
    pub expected: Vec<Register>,
    /// Names of ids.
    pub names: BTreeMap<u64, String>,
    /// Levels of clauses.
    pub levels: BTreeMap<String, Level>,
    /// Whether registers beyond the expected list are only reported.
    pub allow_new: bool,
}

/// A line of the answer; the last one is not a finding.
#[derive(Debug, Serialize, Deserialize)]
pub enum Message {
    /// Something was found.
    Found(Finding),
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
        /// The feature.
        feature: Feature,
        /// What the probe said.
        reason: String,
    },
    /// The harness or the host is in trouble.
    Trouble {
        /// The whole chain of causes.
        reason: String,
    },
}
