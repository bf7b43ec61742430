// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Architectures: the form and names of ids, and the switching of guest features.
//! Checks know architectures only through this module.

mod architecture;
mod id;
mod loongarch64;
mod neighbour;
#[cfg(test)]
mod schema;
mod x86_64;

pub use architecture::{Arch, Feature, RegisterType, SetUpError, Setting, Switch, feature_names};
pub use id::{IdField, NamedRegister, common_fields};
pub use loongarch64::LoongArch64;
pub use neighbour::{Argument, Call, Exchange, Writes};
pub use x86_64::X86_64;

/// Every architecture, the one that the suite is about first.
pub const ALL: [&dyn Arch; 2] = [&LoongArch64, &X86_64];

/// The architecture of a name, as `uname -m` spells it.
pub fn by_name(name: &str) -> Option<&'static dyn Arch> {
    ALL.into_iter().find(|arch| arch.name() == name)
}
