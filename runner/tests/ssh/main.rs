// SPDX-License-Identifier: Apache-2.0 OR MIT
//! `reglist ssh` on a real sshd of the loopback. The subject is the model, and
//! the board's program is this one, called by its other name.

mod events;
mod refused;
mod runs;
mod sshd;
mod trouble;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Completion, Trial};
use sshd::Sshd;

/// A test: its name, how its board is made, what is done with it.
type Test = (&'static str, fn() -> Result<Sshd, String>, fn(Sshd));

fn main() -> ExitCode {
    if let Some(code) = sshd::suite_itself() {
        return code;
    }
    let arguments = Arguments::from_args();
    let tests = runs::TESTS.iter().chain(trouble::TESTS).chain(refused::TESTS);
    let trials = tests.map(|&(name, board, test): &Test| {
        Trial::ignorable_test(name, move || match board() {
            Ok(board) => {
                test(board);
                Ok(Completion::Completed)
            }
            Err(reason) => {
                eprintln!("{name} skipped: {reason}");
                Ok(Completion::ignored_with(reason))
            }
        })
    });
    libtest_mimic::run(&arguments, trials.collect()).exit_code()
}
