// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Specifications: list, check, compare, and create from a kernel's lists.

pub(crate) mod check;
mod compare;
pub(crate) mod diff;
mod error;
pub(crate) mod export;
pub(crate) mod from_kernel;
mod hints;
pub(crate) mod list;
pub(crate) mod lookup;
pub(crate) mod order;
pub(crate) mod show;
#[cfg(test)]
mod tests;
mod text;
mod tree;

pub(crate) use error::Error;
