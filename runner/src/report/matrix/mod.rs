// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The matrix of faults and clauses: which clause noticed which fault, and which
//! clauses are redundant. It depends only on the events and the clause catalogue.

mod clause;
mod data;
mod fault;
mod json;
mod mark;
mod output;
mod rounds;
mod table;
mod verdict;
mod words;

pub(crate) use data::Matrix;
pub(crate) use output::{Output, OutputError, Request};
pub(crate) use table::text;

#[cfg(test)]
mod tests;
