// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The commands: what each takes, what it asks of the rooms below, and the exit
//! code it ends with. Nothing below knows the command line or the program's
//! whole error.

pub(crate) mod bisect;
pub(crate) mod cli;
pub(crate) mod diff;
pub(crate) mod doctor;
pub(crate) mod error;
mod format;
pub(crate) mod lab;
pub(crate) mod manual;
pub(crate) mod own_options;
pub(crate) mod report;
pub(crate) mod run;
pub(crate) mod sets;
pub(crate) mod show;
pub(crate) mod spec;
pub(crate) mod ssh;
