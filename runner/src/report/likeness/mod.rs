// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Guesses at the mistake in a kernel: what its findings look like.
//!
//! A guess comes from the findings of the suite's own faults, or from the form of a
//! list that differs from the expected one. It is not a finding, and changes no verdict.

mod faults;
mod guess;
mod lists;
mod signatures;
mod traits;

pub(crate) use guess::Guess;
pub use signatures::signatures;

use crate::record::Record;
use crate::report::series::Expected;

/// The guesses at a run; none at a run with a fault, whose mistake is known.
pub(crate) fn guesses(record: &Record) -> Vec<Guess> {
    let Some(started) = record.started.as_ref().filter(|started| started.fault.is_none()) else {
        return Vec::new();
    };
    let mut guesses: Vec<Guess> =
        Expected::of(started).map(|expected| lists::guesses(record, &expected)).unwrap_or_default();
    guesses.extend(faults::guesses(record));
    guesses
}

#[cfg(test)]
mod tests;
