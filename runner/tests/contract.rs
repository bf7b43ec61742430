// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The contract of all targets. The lab builds kernels, so it is asked only
//! where REGLIST_TEST_LAB is set.

use std::path::Path;
use std::process::ExitCode;

use libtest_mimic::{Arguments, Completion, Failed, Trial};
use reglist::contract::{self, PROMISES, Promise};

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    // In the main thread, beside which there is none: the suite copies its process.
    arguments.test_threads = Some(1);
    let local = PROMISES.iter().map(|promise| {
        let name = format!("local::{}", promise.name);
        Trial::test(name, || Ok(contract::local(promise)?))
    });
    // Last, for a lab leaves a thread that listens to signals.
    let lab = PROMISES.iter().map(|promise| Trial::ignorable_test(format!("lab::{}", promise.name), || lab(promise)));
    libtest_mimic::run(&arguments, local.chain(lab).collect()).exit_code()
}

fn lab(promise: &Promise) -> Result<Completion, Failed> {
    if std::env::var_os("REGLIST_TEST_LAB").is_none() {
        return Ok(Completion::ignored_with("it builds kernels; set REGLIST_TEST_LAB=1 to run it"));
    }
    let results = tempfile::tempdir()?;
    let wrong = Path::new(env!("CARGO_MANIFEST_DIR")).join("../ci/lab/variants/wrong-id.patch");
    contract::lab(promise, &wrong, results.path())?;
    Ok(Completion::Completed)
}
