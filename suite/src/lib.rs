// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Checks of a kernel's KVM_GET_REG_LIST, which run on the target.
//!
//! Data flow: [`spec`] -> [`checks::plan`] -> fresh VM and vCPU ([`kvm`]) -> check
//! ([`checks`]) -> finding -> event ([`report::events`]) -> report.

mod access;
pub mod arch;
mod argument;
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
