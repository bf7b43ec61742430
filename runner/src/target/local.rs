// SPDX-License-Identifier: Apache-2.0 OR MIT
//! This machine: the suite runs inside this program, on /dev/kvm.

use std::ffi::OsString;

/// Runs the suite with these arguments and returns its exit code.
pub(crate) fn run(arguments: Vec<OsString>) -> u8 {
    reglist_suite::harness::main(std::iter::once("reglist run".into()).chain(arguments))
}
