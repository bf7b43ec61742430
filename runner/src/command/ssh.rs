// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The command `ssh`.

use reglist_suite::exit;
use reglist_suite::spec::Source as Specs;

use crate::command::error::Error;
use crate::lab;
use crate::record::known::{Date, Known, KnownError};
use crate::report::matrix::{Output, Request};
use crate::system::cache::Cache;
use crate::system::interrupt::Interrupt;
use crate::system::results::Results;
use crate::system::session::Session;
use crate::system::verbosity::Verbosity;
use crate::target;
use crate::target::ssh::{Ssh, SshArgs, earlier, program, tries_all};

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
