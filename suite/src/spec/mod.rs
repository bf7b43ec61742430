// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Specifications: parses YAML into checked types.
//!
//! No other module sees YAML, unknown names, duplicate registers or wrong counts.

pub mod clause;
mod consumer;
mod error;
mod features;
mod groups;
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
pub use register::{Conditional, Exception, Gate, Refusal, Register, Rule, State, Unique};
pub use registers::RegisterTable;
pub use series::Configuration;
pub use source::Source;
pub use specification::{Spec, problems};
pub use text::Text;
pub use unlisted::{Unlisted, UnlistedException};
