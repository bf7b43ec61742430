// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Compilers in tests: the exports are programs.

use std::io;
use std::path::Path;
use std::process::Command;

/// Runs a compiler in `directory`; false if this machine does not have it. Warnings are
/// errors, by the arguments.
pub(super) fn compiles(compiler: &str, arguments: &[&str], directory: &Path) -> bool {
    let output = match Command::new(compiler).args(arguments).current_dir(directory).output() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            eprintln!("skipped: {compiler} is not installed");
            return false;
        }
        output => output.unwrap(),
    };
    assert!(output.status.success(), "{compiler} {arguments:?}\n{}", String::from_utf8_lossy(&output.stderr));
    true
}

/// The words that a compiled program prints.
pub(super) fn printed(program: &Path) -> Vec<String> {
    let output = Command::new(program).output().unwrap();
    assert!(output.status.success(), "{}", program.display());
    String::from_utf8(output.stdout).unwrap().split_whitespace().map(str::to_owned).collect()
}
