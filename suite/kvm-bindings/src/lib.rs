// SPDX-License-Identifier: Apache-2.0 OR MIT

//! A drop-in for the crate kvm-bindings that adds loongarch64.
//!
//! Upstream has no loongarch64, so kvm-ioctls does not compile there. With this crate under `[patch.crates-io]` it does,
//! unchanged. At the top level there are the bindings of the architecture compiled for: [`loongarch64`]'s, or upstream's
//! own on every other one. The module [`loongarch64`] itself is there on every 64-bit host, for tools and tests that
//! name LoongArch's registers without running on it.

#[cfg(target_pointer_width = "64")]
pub mod loongarch64;

#[cfg(target_arch = "loongarch64")]
pub use loongarch64::*;
#[cfg(not(target_arch = "loongarch64"))]
pub use upstream::*;
