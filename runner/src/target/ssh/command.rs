// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The command `ssh`.

use reglist_suite::exit;
use reglist_suite::spec::Source as Specs;

use super::board::{may_ask, need};
use super::connection::Connection;
use super::{Ssh, SshArgs, earlier, program, script, tries_all};
use crate::cache::Cache;
use crate::diff::known::{Date, Known, KnownError};
use crate::error::Error;
use crate::interrupt::Interrupt;
use crate::lab;
use crate::matrix::{Output, Request};
use crate::results::Results;
use crate::session::Session;
use crate::target;
use crate::verbosity::Verbosity;

/// The command `ssh`.
pub(crate) fn run(arguments: &SshArgs, verbosity: Verbosity) -> Result<u8, Error> {
    let known = arguments.known.as_deref().map(|file| Known::read(file, Date::today())).transpose()?;
    let all = tries_all(&arguments.arguments);
    if known.is_some() && all {
        return Err(KnownError::WithEveryFault.into());
    }
    let output = Output::check(&Request { files: Vec::new(), force: false }, all, &Specs::Embedded)?;
    with_target(arguments, verbosity, |ssh, session| {
        let run = target::carry_out(ssh)?.know(known.as_ref());
        if session.planning() {
            return Ok(exit::PASSED);
        }
        run.conclude_in(session, verbosity, output)
    })
}

/// Does some work with a board as the arguments describe it.
pub(crate) fn with_target<R>(
    arguments: &SshArgs,
    verbosity: Verbosity,
    work: impl FnOnce(&mut Ssh<'_>, &Session) -> Result<R, Error>,
) -> Result<R, Error> {
    match &arguments.suite {
        Some(suite) => program::check_elf(suite)?,
        // The suite inside this program is the one that the board gets.
        None if arguments.arguments.is_empty() => lab::check_suite_arguments(&arguments.suite_args, None)?,
        None => {}
    }
    if let Some(results) = &arguments.resume {
        earlier(results, arguments)?;
    }
    let place = Cache::place()?;
    let cache = if arguments.dry_run { Cache::planned(place) } else { Cache::open(place)? };
    let results = match (&arguments.resume, &arguments.results) {
        _ if arguments.dry_run => Results::planned(&cache),
        (Some(earlier), _) => Results::earlier(earlier)?,
        (None, Some(path)) => Results::named(path, arguments.force)?,
        (None, None) => Results::in_cache(&cache)?,
    };
    let interrupt = Interrupt::listen()?;
    let session = Session::new(cache, results, interrupt, verbosity, arguments.dry_run)?;
    work(&mut Ssh::new(&session, arguments), &session)
}

/// Prints what would be done.
pub(super) fn plan(session: &Session, arguments: &SshArgs) -> Result<(), Error> {
    const NAME: &str = "reglist-NAME";
    const DIRECTORY: &str = "/tmp/reglist-NAME";
    let connection = Connection::new(session, &arguments.client, &arguments.host)?;
    connection.plan("connect: this alone may ask for a password", &script::identify(), Some(may_ask()));
    let suite = match &arguments.suite {
        Some(suite) => suite.clone(),
        None => {
            session.plan("\n# suite: where the board is a LoongArch one");
            program::obtain(session, "loongarch64")?
        }
    };
    let bytes = std::fs::metadata(&suite).map_or(0, |metadata| metadata.len());
    let quoted = shlex::try_quote(&suite.to_string_lossy()).map_or_else(|_| String::new(), Into::into);
    let wish = arguments.directory.as_deref();
    connection.plan("copy: a directory", &script::make_directory(NAME, wish, need(bytes))?, None);
    connection.plan_file("copy: the program", &script::take_program(DIRECTORY), &quoted);
    connection.plan("copy: is it whole?", &script::check_program(DIRECTORY, bytes)?, None);
    connection.plan("run: the kernel's log before", &script::kernel_log(DIRECTORY, Some(script::MARKER))?, None);
    connection.plan("run: start", &script::start(DIRECTORY, 1, &arguments.suite_arguments())?, None);
    connection.plan("run: the events", &script::follow(DIRECTORY, 1, 0, false)?, None);
    connection.plan("run: the suite's own errors", &script::output(DIRECTORY, 1, "errors")?, None);
    connection.plan("run: the kernel's log", &script::kernel_log(DIRECTORY, None)?, None);
    connection.plan("clean up", &script::remove(NAME, Some(DIRECTORY))?, None);
    Ok(())
}
