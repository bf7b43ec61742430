// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Exit codes for `git bisect run` (git-bisect(1), "Bisect run"): 0 is good,
//! 125 skips the commit, other codes up to 127 are bad, and a higher code ends
//! the bisection.

use reglist_suite::exit;

use crate::command::conclude::Ended;
use crate::command::error::Error;
use crate::lab::LabError;

const SKIP: u8 = 125;
const ABORT: u8 = 128;

/// The exit code for `git bisect run`.
pub(crate) fn exit_code(result: &Result<Ended, Error>) -> u8 {
    match result {
        Ok(Ended { is_interrupted: true, .. }) => ABORT,
        Ok(Ended { code: code @ (exit::PASSED | exit::FAILED), .. }) => *code,
        Ok(Ended { code: exit::USAGE, .. }) => ABORT,
        Ok(_) => SKIP,
        Err(error) if error.is_interruption() => ABORT,
        // A patch may fit some commits and not others.
        Err(Error::Lab(LabError::Patch(_))) => SKIP,
        Err(error) if error.exit_code() == exit::USAGE => ABORT,
        Err(_) => SKIP,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commit_is_good_bad_or_passed_over() {
        let ended = |code, is_interrupted| Ok(Ended { code, is_interrupted });
        for (result, code) in [
            (ended(exit::PASSED, false), 0),
            (ended(exit::FAILED, false), 1),
            (ended(exit::NOTHING_TESTED, false), SKIP),
            (ended(exit::INFRASTRUCTURE, false), SKIP),
            (ended(exit::INFRASTRUCTURE, true), ABORT),
            (ended(exit::USAGE, false), ABORT),
            (Err(LabError::NotReady.into()), SKIP),
            (Err(LabError::NoSource { path: "/x".into(), source: None }.into()), ABORT),
        ] {
            assert_eq!(exit_code(&result), code, "{result:?}");
        }
    }
}
