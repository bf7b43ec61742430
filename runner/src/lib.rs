// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The host side of the suite, as a library: the program `reglist` is no more
//! than a call of [`main`], and the targets' contract is a test beside it.
//!
//! It finds or builds what the checks need, runs them on a target, and turns
//! the stream of events into a verdict. The checks themselves are in the
//! `reglist-suite` crate.

#![forbid(unsafe_code)]

mod cache;
mod cli;
pub mod contract;
mod diff;
mod digest;
mod doctor;
mod error;
mod interrupt;
mod lab;
mod manual;
mod matrix;
mod own_options;
mod page;
mod progress;
mod report;
mod results;
mod room;
mod run;
mod session;
mod show;
mod spec;
mod stage;
mod stored;
mod stream;
mod supervise;
mod target;
mod verbosity;

use std::process::ExitCode;

use clap::Parser as _;

/// The whole program.
#[must_use]
pub fn main() -> ExitCode {
    let code = match cli::Cli::try_parse() {
        Ok(cli) => error::exit_code(cli::run(cli)),
        Err(error) => cli::usage(&error, std::env::args_os().skip(1).collect()),
    };
    ExitCode::from(code)
}
