// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Memory that bites: buffers for the kernel to read and write, laid out so
//! that a byte too many is noticed or refused.
//!
//! All of it is mapped here and poisoned; none of it is ever a Rust object, so
//! whatever a broken kernel writes, the harness stays sound.

#[expect(unsafe_code, reason = "copies the process, so that its memory can be ruined without harm")]
mod fork;
mod hostile;
#[expect(unsafe_code, reason = "maps, protects and reads memory by address")]
mod region;

pub use fork::Child;
pub use hostile::{Hostile, hostile_addresses};
pub(crate) use region::poison_from;
pub use region::{MemoryError, POISON, Protection, Region, UserAddress, page_size};
