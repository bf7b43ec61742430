// SPDX-License-Identifier: Apache-2.0 OR MIT
//! What the user sets for machine and suite.

use std::time::Duration;

use reglist_suite::fault::Faults;
use reglist_suite::report::format::Format;

/// More guest CPUs than this make no run quicker: each needs a processor of the host.
const MOST_CPUS: usize = 2;

/// Settings of the machine and its suite.
#[derive(Debug, Clone)]
pub(crate) struct Setup {
    /// Whether the kernel checks itself.
    pub(crate) debug: bool,
    /// The fault of the kernel, or every fault in turn.
    pub(crate) fault: Option<Faults>,
    /// Number of random calls that compare the kernel with the model.
    pub(crate) compare_model: Option<u64>,
    pub(crate) append: Vec<String>,
    /// Maximum restarts after a kernel crash.
    pub(crate) restarts: u32,
    /// Number of guest CPUs; none for as many as make the run quick.
    pub(crate) cpus: Option<u8>,
    /// Whether to load all guest CPUs.
    pub(crate) busy: bool,
    /// Whether to save kernel and image in the results.
    pub(crate) keep: bool,
    /// Format of additional results in the kernel log.
    pub(crate) guest_format: Option<Format>,
    /// Arguments of the suite that select and judge cases.
    pub(crate) words: Vec<String>,
    /// Time limit of a case.
    pub(crate) timeout: Option<Duration>,
}

impl Setup {
    /// Whether cases can run at once. A fault must give the same results in each run; a
    /// comparison is one long case; a console log for people needs one case at a time.
    pub(super) fn is_parallel(&self) -> bool {
        self.fault.is_none() && self.compare_model.is_none() && self.guest_format.is_none() && !self.busy
    }

    /// Number of guest CPUs on a host with this many processors.
    pub(super) fn cpus(&self, processors: usize) -> usize {
        let quick = if self.is_parallel() { processors.min(MOST_CPUS) } else { 1 };
        self.cpus.map_or(quick, usize::from)
    }
}
