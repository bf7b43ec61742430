// SPDX-License-Identifier: Apache-2.0 OR MIT
//! This machine: processes, sandbox, cache, files, progress.

pub(crate) mod cache;
pub(crate) mod date;
pub(crate) mod digest;
pub(crate) mod files;
pub(crate) mod interrupt;
pub(crate) mod output;
pub(crate) mod owner;
pub(crate) mod product;
pub(crate) mod progress;
pub(crate) mod results;
pub(crate) mod sandbox;
pub(crate) mod session;
pub(crate) mod stage;
mod stall;
pub(crate) mod supervise;
pub(crate) mod verbosity;
