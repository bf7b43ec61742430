// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The contract of all targets. The lab builds kernels, so it is asked only
//! where REGLIST_TEST_LAB is set; ssh, where there is an sshd.

#[expect(dead_code, reason = "a board is asked for more elsewhere")]
#[path = "ssh/sshd.rs"]
mod sshd;

use std::path::Path;
use std::process::ExitCode;

use libtest_mimic::{Arguments, Completion, Failed, Trial};
use reglist::contract::{self, PROMISES, Promise};
use sshd::Sshd;

fn main() -> ExitCode {
    if let Some(code) = sshd::suite_itself() {
        return code;
    }
    let mut arguments = Arguments::from_args();
    // In the main thread, beside which there is none: the suite copies its process.
    arguments.test_threads = Some(1);
    let local = PROMISES.iter().map(|promise| {
        let name = format!("local::{}", promise.name);
        Trial::test(name, || Ok(contract::local(promise)?))
    });
    // Behind it, for these leave a thread that listens to signals.
    let ssh = PROMISES.iter().map(|promise| Trial::ignorable_test(format!("ssh::{}", promise.name), || ssh(promise)));
    let lab = PROMISES.iter().map(|promise| Trial::ignorable_test(format!("lab::{}", promise.name), || lab(promise)));
    libtest_mimic::run(&arguments, local.chain(ssh).chain(lab).collect()).exit_code()
}

fn ssh(promise: &Promise) -> Result<Completion, Failed> {
    let board = match Sshd::start() {
        Ok(board) => board,
        Err(reason) => return Ok(Completion::ignored_with(reason)),
    };
    contract::ssh(promise, &board.config(), &std::env::current_exe()?, &board.path("results"))?;
    board.assert_clean();
    Ok(Completion::Completed)
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
