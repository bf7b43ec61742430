// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Runs a test in its own process, where no other thread maps memory.

use std::env;
use std::process::Command;

/// Set in the environment of a test in its own process.
const ALONE: &str = "REGLIST_TEST_ALONE";

/// Runs a test of this program in its own process. Returns the output.
pub(crate) fn start(module: &str, test: &str, variable: &str, value: &str) -> String {
    let name = format!("{}::{test}", module.split_once("::").unwrap().1);
    let output = Command::new(env::current_exe().unwrap())
        .args(["--exact", &name, "--include-ignored", "--nocapture", "--test-threads=1"])
        .env(variable, value)
        .output()
        .unwrap();
    let stdout = String::from_utf8(output.stdout).unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{name} with {value}: {}\n{stdout}\n{stderr}", output.status);
    assert!(stdout.contains("1 passed"), "{name} did not run\n{stdout}\n{stderr}");
    stdout
}

/// Whether this process is the test's own; if not, runs it in one.
pub(crate) fn alone(module: &str, test: &str) -> bool {
    let alone = env::var_os(ALONE).is_some();
    if !alone {
        start(module, test, ALONE, "1");
    }
    alone
}
