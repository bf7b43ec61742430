// SPDX-License-Identifier: Apache-2.0 OR MIT
//! `reglist`: the host side of the suite.
//!
//! It finds or builds what the checks need, runs them on a target, and turns
//! the stream of events into a verdict. The checks themselves are in the
//! `reglist-suite` crate.

#![forbid(unsafe_code)]

mod cache;
mod cli;
mod digest;
mod doctor;
mod error;
mod interrupt;
mod lab;
mod progress;
mod report;
mod results;
mod room;
mod session;
mod stage;
mod stream;
mod supervise;
mod target;

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    let code = match cli::Cli::try_parse() {
        Ok(cli) => cli::run(cli).unwrap_or_else(|error| {
            error::print(&error);
            error.exit_code()
        }),
        Err(error) => cli::usage(&error),
    };
    ExitCode::from(code)
}
