// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Specifications: their content, their problems, the differences of two
//! series, and a series from the lists of a kernel.

pub(crate) mod check;
mod compare;
pub(crate) mod diff;
mod error;
pub(crate) mod from_kernel;
mod hints;
pub(crate) mod list;
pub(crate) mod lookup;
mod remark;
pub(crate) mod show;
#[cfg(test)]
mod tests;
mod text;
mod tree;

pub(crate) use error::Error;
