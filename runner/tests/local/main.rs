// SPDX-License-Identifier: Apache-2.0 OR MIT
//! A run on this machine, with the model as its subject: what is shown, and
//! what an interruption leaves.

#![expect(clippy::unwrap_used, reason = "tests")]

mod call;
mod diff;
mod interrupt;
mod matrix;
mod report;
mod spec;
