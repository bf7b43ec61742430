// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The harness program, `reglist-suite`: one static file for boards, and PID 1
//! of the lab's guest.

use std::process::ExitCode;

use reglist_suite::{exit, guest, harness};

fn main() -> ExitCode {
    if guest::is_init() {
        guest::init();
        return ExitCode::from(exit::FAILED);
    }
    ExitCode::from(harness::main(std::env::args_os()))
}
