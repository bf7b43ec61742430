// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The exit codes of both programs.
//!
//! Never 2, 3 and 101: kselftest reads 2 as "expected failure" and 3 as "unexpected
//! pass", and 101 is a Rust panic.

/// Every selected case passed.
pub const PASSED: u8 = 0;
/// A case failed or ended in error.
pub const FAILED: u8 = 1;
/// Nothing was tested: every case was skipped, or the ioctl is not implemented.
pub const NOTHING_TESTED: u8 = 4;
/// The infrastructure failed: the build or the boot failed, the connection was
/// lost, results could not be written, or the user interrupted the run.
pub const INFRASTRUCTURE: u8 = 5;
/// The kernel does not build: with the user's patch, or from the user's source.
pub const NO_BUILD: u8 = 6;
/// The command line, a specification or a patch cannot be used as given.
pub const USAGE: u8 = 64;
