// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Memory for the kernel to read and write, which detects or refuses stray accesses.
//!
//! This module maps and poisons all of it. None of it is a Rust object, so the
//! harness stays sound whatever a broken kernel writes.

#[expect(unsafe_code, reason = "copies the process, so that its memory can be ruined without harm")]
mod fork;
mod hostile;
#[expect(unsafe_code, reason = "maps, protects and reads memory by address")]
mod region;

pub use fork::Child;
pub use hostile::{Hostile, hostile_addresses};
pub(crate) use region::poison_from;
pub use region::{MemoryError, POISON, Protection, Region, UserAddress, page_size};
