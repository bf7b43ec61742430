// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The model's own behaviour. What the checks say of it, and of its faults, is
//! tried with the program itself.
//!
//! Some tests need a process of their own, as a case has it: memory without
//! mapping is then nobody else's.

mod deaf;
mod kernel;
mod kernels;
mod late;
mod load;

use clap::ValueEnum as _;

use super::{Host, Kernel, Model};
use crate::fault::Fault;
use crate::harness::alone::alone;
use crate::kvm::Subject as _;
