// SPDX-License-Identifier: Apache-2.0 OR MIT
//! What the words for the suite on the board mean for the run.

use std::time::Duration;

use reglist_suite::fault::Faults;
use reglist_suite::harness;
use reglist_suite::harness::options::Options;

/// The suite's options, if this program knows all of them.
fn options(words: &[String]) -> Option<Options> {
    harness::read_options(words.iter().map(Into::into)).ok()
}

/// Whether these words for the suite try every fault.
pub(crate) fn tries_all(words: &[String]) -> bool {
    options(words).is_some_and(|options| options.fault == Some(Faults::All))
}

/// Whether several cases run at once.
pub(super) fn is_parallel(words: &[String]) -> bool {
    options(words).and_then(|options| options.libtest.test_threads).is_some_and(|threads| threads > 1)
}

/// Time without an event that counts as a hang.
pub(super) fn silence(words: &[String]) -> Duration {
    crate::target::silence(options(words).and_then(|options| options.selection.timeout))
}
