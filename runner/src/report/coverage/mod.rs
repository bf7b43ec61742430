// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Which lines of the patch ran, and which may be wrong.

mod covered;
mod suspects;
#[cfg(test)]
mod tests;

pub(crate) use covered::{Cases, Covered};
pub(crate) use suspects::{Suspect, suspects};
