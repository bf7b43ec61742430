// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The checks on the model: nothing is said against it where it is right, and
//! each fault is noticed where it is not.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails; clippy knows only functions marked as tests")]
#![expect(clippy::panic, reason = "as above")]

mod faults;
mod needed;
mod program;
mod right;
