// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The program `reglist-suite`: one static file for boards, and PID 1 of the lab's guest.

use std::process::ExitCode;

use reglist_suite::{exit, harness};

fn main() -> ExitCode {
    if harness::host::is_lab_guest() {
        harness::guest::init();
        return ExitCode::from(exit::FAILED);
    }
    ExitCode::from(harness::main(std::env::args_os(), None))
}
