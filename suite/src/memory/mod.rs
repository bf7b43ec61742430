// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Memory that bites: buffers for the kernel to read and write, laid out so
//! that a byte too many is noticed or refused.
//!
//! All of it is mapped here and poisoned; none of it is ever a Rust object, so
//! whatever a broken kernel writes, the harness stays sound.

#[expect(unsafe_code, reason = "copies the process, so that its memory can be ruined without harm")]
mod fork;
mod hostile;
mod list;
#[expect(unsafe_code, reason = "maps, protects and reads memory by address")]
mod region;

pub use fork::Child;
pub use hostile::{Hostile, hostile_addresses};
pub use list::{Beyond, ListAnswer, ListMemory, Placement, Slot, Stray};
pub use region::{MemoryError, Protection, Region, UserAddress, page_size};

/// What untouched memory holds, by address modulo 8. No register id looks so.
pub const POISON: [u8; 8] = 0xbadc_0ffe_e0dd_f00d_u64.to_le_bytes();
