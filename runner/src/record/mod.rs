// SPDX-License-Identifier: Apache-2.0 OR MIT
//! A run as data.

pub(crate) mod collect;
pub(crate) mod known;
pub(crate) mod ktap;
pub(crate) mod lines;
mod prefix;
pub(crate) mod run;
pub(crate) mod stream;
