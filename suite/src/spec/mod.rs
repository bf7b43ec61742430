// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Specifications: YAML in, checked types out.
//!
//! Nothing past this room meets YAML, an unknown
//! name, a register that stands twice or a count that does not add up.

pub mod clause;
mod consumer;
mod error;
mod features;
mod groups;
mod problems;
mod register;
mod registers;
mod series;
mod source;
mod specification;
mod text;
mod unlisted;

#[cfg(test)]
mod tests;

pub use consumer::Consumer;
pub use error::SpecError;
pub use groups::{Group, GroupsFile, ListedGroup};
pub use problems::problems;
pub use register::{Conditional, Exception, Gate, Register, Rule, State};
pub use registers::RegisterTable;
pub use series::Configuration;
pub use source::Source;
pub use specification::Spec;
pub use text::Text;
pub use unlisted::{Unlisted, UnlistedException};
