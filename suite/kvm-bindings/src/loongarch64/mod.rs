// SPDX-License-Identifier: Apache-2.0 OR MIT

//! KVM's user interface on LoongArch, generated from the kernel's uapi headers by `regenerate.sh`.
//!
//! Names are the kernel's. The register ids and their parts (`KVM_REG_*`) are `u64`, except `KVM_REG_SIZE_SHIFT`.

#[expect(
    missing_docs,
    non_camel_case_types,
    non_upper_case_globals,
    unsafe_code,
    clippy::all,
    clippy::allow_attributes,
    clippy::allow_attributes_without_reason,
    clippy::indexing_slicing,
    clippy::multiple_unsafe_ops_per_block,
    clippy::undocumented_unsafe_blocks,
    reason = "generated; the names are the kernel's, the unsafe code is bindgen's"
)]
#[rustfmt::skip] // regenerate.sh formats it, whatever the workspace's style
mod bindings;
#[cfg(test)]
mod tests;

pub use bindings::*;
