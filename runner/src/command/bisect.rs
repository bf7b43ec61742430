// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The lab as the judge of `git bisect run`, which reads exit codes in a way of
//! its own (git-bisect(1), "Bisect run"): 0 is good, 1 to 127 is bad but for 125,
//! which passes the commit over, and anything above ends the bisection.

use reglist_suite::exit;

use crate::command::error::Error;
use crate::lab::LabError;
use crate::record::run::RunError;

/// The commit cannot be judged.
const SKIP: u8 = 125;
/// Nothing can be judged any more.
const ABORT: u8 = 128;

/// What `git bisect run` is told.
pub(super) fn exit_code(result: &Result<u8, Error>) -> u8 {
    match result {
        Ok(code @ (exit::PASSED | exit::FAILED)) => *code,
        Ok(exit::USAGE) | Err(Error::Run(RunError::Interrupted { .. })) => ABORT,
        Ok(_) => SKIP,
        Err(error) if error.is_interruption() => ABORT,
        // A patch may fit some commits and not others.
        Err(Error::Lab(LabError::Patch(_))) => SKIP,
        Err(error) => match error.exit_code() {
            exit::FAILED => exit::FAILED,
            exit::USAGE => ABORT,
            _ => SKIP,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unfinished(failed: bool) -> Result<u8, Error> {
        let error = RunError::Incomplete {
            what: "the kernel died".to_owned(),
            suspect: None,
            missing: 1,
            planned: 2,
            failed,
            console: String::new(),
            kept: String::new(),
        };
        Err(error.into())
    }

    #[test]
    fn a_commit_is_good_bad_or_passed_over() {
        for (result, code) in [
            (Ok(exit::PASSED), 0),
            (Ok(exit::FAILED), 1),
            (Ok(exit::NOTHING_TESTED), SKIP),
            (Ok(exit::INFRASTRUCTURE), SKIP),
            (Ok(exit::USAGE), ABORT),
            (unfinished(true), 1),
            (unfinished(false), SKIP),
            (Err(LabError::NotReady.into()), SKIP),
            (Err(LabError::NoSource { path: "/x".into(), source: None }.into()), ABORT),
            (Err(RunError::Interrupted { suspect: None, missing: 1, planned: 1 }.into()), ABORT),
        ] {
            assert_eq!(exit_code(&result), code, "{result:?}");
        }
    }
}
