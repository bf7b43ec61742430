// SPDX-License-Identifier: Apache-2.0 OR MIT
//! What differs between architectures: how an id is formed and named, and how
//! a VMM switches guest features on. Checks know architectures only by this.

mod architecture;
mod id;
mod loongarch64;
#[cfg(test)]
mod schema;
mod x86_64;

pub use architecture::{Arch, Feature, RegisterType, SetUpError, Setting};
pub use id::{IdField, common_fields};
pub use loongarch64::LoongArch64;
pub use x86_64::X86_64;

/// Every architecture, the one that the suite is about first.
pub const ALL: [&dyn Arch; 2] = [&LoongArch64, &X86_64];

/// The architecture of a name, as `uname -m` spells it.
pub fn by_name(name: &str) -> Option<&'static dyn Arch> {
    ALL.into_iter().find(|arch| arch.name() == name)
}
