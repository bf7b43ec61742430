// SPDX-License-Identifier: Apache-2.0 OR MIT
//! A call of the program in a directory of its own.

use std::process::{Command, Output};

use tempfile::TempDir;

/// What came of a call.
pub(crate) fn reglist(directory: &TempDir, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_reglist")).args(arguments).current_dir(directory.path()).output().unwrap()
}

/// The standard output of a call that ends with `code`.
pub(crate) fn shown(directory: &TempDir, arguments: &[&str], code: i32) -> String {
    let output = reglist(directory, arguments);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{arguments:?}\n{text}{error}");
    text
}

/// The standard error of a call that cannot do what it is asked, which ends with
/// what to do.
pub(crate) fn complaint(directory: &TempDir, arguments: &[&str]) -> String {
    let output = reglist(directory, arguments);
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(64), "{arguments:?}\n{error}");
    assert!(error.starts_with("reglist: ") && error.trim_end().ends_with(']') && output.stdout.is_empty(), "{error}");
    error
}
