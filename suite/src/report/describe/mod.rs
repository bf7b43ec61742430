// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Descriptions of registers, clauses, cases and everything else with a name.
//!
//! The text comes from the specifications and the checks. This module knows
//! neither terminal nor page.

mod catalogue;
mod clause;
mod fault;
mod id;
mod nearest;
mod place;
mod register;
mod table;
mod tested;
mod words;

#[cfg(test)]
mod tests;

pub use catalogue::{Catalogue, Content, Description, Entry, Kind, Part};
pub use nearest::nearest;
pub use table::{WIDTH, tables};
#[cfg(test)]
use table::{clauses as clause_table, themes as theme_table};
