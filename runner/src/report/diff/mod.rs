// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The differences of two stored runs, for people and for programs: a function
//! of the events of both, and of the expected failures.

pub(crate) mod compare;
pub(crate) mod error;
pub(crate) mod facts;
pub(crate) mod json;
mod lines;
pub(crate) mod markdown;
mod place;
pub(crate) mod registers;
pub(crate) mod sections;
pub(crate) mod side;
pub(crate) mod text;

#[cfg(test)]
mod tests;
