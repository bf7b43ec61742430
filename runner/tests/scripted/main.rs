// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The lab's pipeline on a lab of shell scripts: everything but the compiling
//! and the emulating is real.

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod fake;
#[path = "../hostile/mod.rs"]
mod hostile;
mod interrupt;
mod kernels;
mod mirror;
mod pipeline;
mod stranger;
mod trouble;
