// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The matrix of faults and clauses: what each clause noticed, which fault only
//! one clause notices, and which clauses are redundant. A function of the
//! events and of the clause catalogue alone.

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
