// SPDX-License-Identifier: Apache-2.0 OR MIT
//! What a conforming KVM_GET_REG_LIST does, as checks that run on the target.
//!
//! One way through: [`spec`] -> [`checks::plan`] -> fresh VM and vCPU ([`kvm`]) ->
//! check ([`checks`] on a [`checks::case`]) -> finding -> event ([`report::events`]) -> report.

mod access;
pub mod arch;
pub mod checks;
#[cfg(any(test, feature = "compare"))]
mod compare;
pub mod exit;
pub mod fault;
pub mod harness;
pub mod kvm;
pub mod list;
pub mod memory;
pub mod model;
pub mod report;
pub mod spec;
mod value;

pub use spec::clause;
