// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The bound on the memory of a stored run, and estimates of what its parts need.

use reglist_suite::report::events::Event;

/// Maximum memory in bytes (estimate) for one run, or for a file that is kept as
/// a whole: ten times a run of every fault.
pub(crate) const MOST_MEMORY: usize = 128 << 20;
/// Maximum cases of a plan.
pub(crate) const MOST_CASES: usize = 1 << 16;
/// Estimated memory in bytes of a finding, a planned case, and the start of a run.
pub(crate) const OF_FINDING: usize = 512;
pub(crate) const OF_CASE: usize = 192;
const OF_RUN: usize = 1024;

/// Estimated memory in bytes of an event of `length` bytes.
pub(crate) fn needed(event: &Event, length: usize) -> usize {
    let parts = match event {
        Event::RunStarted(started) => OF_RUN + started.plan.len() * OF_CASE,
        Event::KernelReviewed(review) => (review.notes.len() + review.stack.len()) * OF_FINDING,
        Event::CaseFinished(case) => case.findings.len() * OF_FINDING,
        _ => 0,
    };
    parts + 2 * length
}
