// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The differences of two stored runs. They depend only on the events and the
//! expected failures.

pub(crate) mod compare;
pub(crate) mod error;
pub(crate) mod facts;
pub(crate) mod json;
mod lines;
pub(crate) mod markdown;
pub(crate) mod registers;
pub(crate) mod sections;
pub(crate) mod side;
pub(crate) mod text;

#[cfg(test)]
mod tests;
