// SPDX-License-Identifier: Apache-2.0 OR MIT
//! What a conforming KVM_GET_REG_LIST does, as checks that run on the target.
//!
//! One way through: [`spec`] -> [`plan`] -> fresh VM and vCPU ([`kvm`]) ->
//! check ([`checks`] on a [`case`]) -> finding -> event ([`events`]) -> report.

pub mod access;
#[cfg(test)]
mod alone;
pub mod arch;
pub mod case;
pub mod checks;
#[cfg(any(test, feature = "compare"))]
pub mod compare;
pub mod describe;
pub mod events;
pub mod exit;
pub mod fault;
pub mod format;
pub mod guest;
pub mod harness;
pub mod host;
pub mod job;
pub mod kvm;
pub mod memory;
pub mod model;
pub mod new_registers;
pub mod plan;
pub mod process;
pub mod snapshot;
pub mod spec;
pub mod subject;
pub mod worker;

pub use spec::clause;
