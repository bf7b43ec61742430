// SPDX-License-Identifier: Apache-2.0 OR MIT
//! What every target promises, as tests that a program of one thread can run:
//! the suite copies its process, which a test among others cannot allow.

use std::ffi::OsString;
use std::path::Path;
use std::sync::Arc;

use reglist_suite::exit;
use reglist_suite::harness;
use reglist_suite::report::events::Outcome;

use crate::command::error::Error;
use crate::command::{lab, parse, ssh};
use crate::record::run::Run;
use crate::record::{End, Record};
use crate::system::output;
use crate::system::progress::Progress;
use crate::system::verbosity::Verbosity;
use crate::target::{self, Target, TargetError, local::Local};

/// Something that every target promises.
#[derive(Debug)]
pub struct Promise {
    /// What is promised.
    pub name: &'static str,
    /// Arguments of the suite.
    arguments: &'static [&'static str],
    /// Whether the subject is a wrong one.
    wrong: bool,
    /// The exit code.
    code: u8,
    /// What else is to be seen in the events.
    holds: fn(&Record) -> bool,
}

/// A promise that was not kept.
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
pub struct Broken {
    what: String,
}

/// Every promise.
pub const PROMISES: [Promise; 3] = [
    Promise {
        name: "a_right_subject_passes",
        arguments: &["--config", "base"],
        wrong: false,
        code: exit::PASSED,
        holds: |record| record.ended().all(|case| case.outcome == Outcome::Pass && case.ioctls > 0),
    },
    Promise {
        name: "a_wrong_subject_fails_with_findings",
        arguments: &["--config", "base", "contents"],
        wrong: true,
        code: exit::FAILED,
        holds: |record| {
            let mut failed = record.ended().filter(|case| case.outcome == Outcome::Fail);
            failed.clone().next().is_some() && failed.all(|case| !case.findings.is_empty())
        },
    },
    Promise {
        name: "the_plan_is_what_was_asked_for",
        arguments: &["--exact", "base.count.expected"],
        wrong: false,
        code: exit::PASSED,
        holds: |record| record.ended().map(|case| case.case.as_str()).eq(["base.count.expected"]),
    },
];

/// Whether the local target keeps a promise, with the model as its subject.
///
/// # Errors
/// What is not as promised.
pub fn local(promise: &Promise) -> Result<(), Broken> {
    let mut arguments = vec!["--subject", "model"];
    if promise.wrong {
        arguments.extend(["--fault", "register-missing"]);
    }
    arguments.extend(promise.arguments);
    let options = harness::read_options(arguments.into_iter().map(OsString::from)).map_err(Error::usage)?;
    let last_words = Arc::new(|_: Run| exit::INFRASTRUCTURE);
    keeps(promise, &mut Local::new(options, None, Progress::none(), last_words))
}

/// Whether the lab keeps a promise, with the reference as its subject and with
/// `wrong` applied to it where the promise is about a wrong one.
///
/// # Errors
/// What is not as promised.
pub fn lab(promise: &Promise, wrong: &Path, results: &Path) -> Result<(), Broken> {
    let mut words: Vec<OsString> = ["lab", "--reference", "--force", "--results"].map(OsString::from).into();
    words.push(results.into());
    if promise.wrong {
        words.extend(["--patch".into(), wrong.into()]);
    }
    words.extend(promise.arguments.iter().map(OsString::from));
    lab::with_target(&parse(words)?, Verbosity::Normal, |lab, _| Ok(keeps(promise, lab)))?
}

/// Whether a board over ssh keeps a promise, with the model as its subject.
/// `config` is the client's configuration, which knows the host `board`, and
/// `suite` the program for it.
///
/// # Errors
/// What is not as promised.
pub fn ssh(promise: &Promise, config: &Path, suite: &Path, results: &Path) -> Result<(), Broken> {
    let mut words: Vec<OsString> = vec!["ssh".into(), "-F".into(), config.into(), "board".into()];
    words.extend(["--suite".into(), suite.into(), "--force".into(), "--results".into(), results.into()]);
    words.extend(promise.arguments.iter().map(OsString::from));
    words.extend(["--", "--subject", "model"].map(OsString::from));
    if promise.wrong {
        words.extend(["--fault", "register-missing"].map(OsString::from));
    }
    ssh::with_target(&parse(words)?, Verbosity::Normal, |board, _| Ok(keeps(promise, board)))?
}

fn keeps<T: Target>(promise: &Promise, target: &mut T) -> Result<(), Broken> {
    let first = whole_run(promise, target)?;
    let again = whole_run(promise, target)?;
    check(first == again, "a second run ends as the first did")
}

/// One run from beginning to end; the result is the cases' outcomes.
fn whole_run<T: Target>(promise: &Promise, target: &mut T) -> Result<Vec<(String, Outcome)>, Broken> {
    let run = target::carry_out(target)?;
    target.clean_up();
    let record = run.runs.current();
    let Some(started) = &record.started else {
        return check(false, "the events begin with the plan").map(|()| Vec::new());
    };
    check(run.runs.stray.is_empty() && run.runs.unreadable.is_none(), "every event can be read and has its place")?;
    check(matches!(record.end, Some(End::Finished(_))) && record.running.is_empty(), "the run comes to its end")?;
    check(record.ended().map(|case| &case.case).eq(&started.plan), "every case ends")?;
    let counted = matches!(&record.end, Some(End::Finished(finished)) if finished.totals == record.totals());
    check(counted, "the last event counts the outcomes")?;
    check((promise.holds)(record), promise.name)?;
    let outcomes = record.ended().map(|case| (case.case.clone(), case.outcome)).collect();
    let code = run.exit_code();
    check(code == promise.code, &format!("the exit code is {}, not {code}", promise.code))?;
    Ok(outcomes)
}

fn check(holds: bool, promise: &str) -> Result<(), Broken> {
    if holds { Ok(()) } else { Err(Broken { what: format!("not so: {promise}") }) }
}

impl From<Error> for Broken {
    fn from(error: Error) -> Self {
        Self { what: output::chain(&error) }
    }
}

impl From<TargetError> for Broken {
    fn from(error: TargetError) -> Self {
        Error::from(error).into()
    }
}
