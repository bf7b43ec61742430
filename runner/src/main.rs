// SPDX-License-Identifier: Apache-2.0 OR MIT
//! `reglist`: tells whether a kernel's KVM_GET_REG_LIST on LoongArch is right.

#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    reglist::main()
}
