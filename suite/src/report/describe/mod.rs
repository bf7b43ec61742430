// SPDX-License-Identifier: Apache-2.0 OR MIT
//! What things are: registers, clauses, cases and whatever else has a name
//! here, in words for people, wherever they are shown. Nothing in it knows a
//! terminal or a page; the words come from the specifications and the checks.

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
