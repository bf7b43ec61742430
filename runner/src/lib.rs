// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The host side of the suite, as a library: the program `reglist` is no more
//! than a call of [`main`], and the targets' contract is a test beside it.
//!
//! It finds or builds what the checks need, runs them on a target, and turns
//! the stream of events into a verdict. The checks themselves are in the
//! `reglist-suite` crate.

#![forbid(unsafe_code)]

mod command;
mod lab;
mod record;
mod report;
mod spec;
mod system;
mod target;

pub use command::contract;
#[cfg(feature = "fuzz")]
#[doc(hidden)]
pub use command::fuzz;
#[doc(hidden)]
pub use report::likeness::signatures;

use std::process::ExitCode;

use clap::Parser as _;

/// The whole program.
#[must_use]
pub fn main() -> ExitCode {
    let code = match command::cli::Cli::try_parse() {
        Ok(cli) => command::error::exit_code(command::cli::run(cli)),
        Err(error) => command::cli::usage(&error, std::env::args_os().skip(1).collect()),
    };
    ExitCode::from(code)
}
