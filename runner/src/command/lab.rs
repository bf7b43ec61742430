// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The command `lab`.

use reglist_suite::exit;
use reglist_suite::fault::Faults;
use reglist_suite::spec::Source as Specs;

use crate::command::cli::LabArgs;
use crate::command::error::Error;
use crate::command::{bisect, sets};
use crate::lab::Inputs;
use crate::record::known::{Date, Known, KnownError};
use crate::report::matrix::{Output, Request};
use crate::system::cache::{Cache, CacheError};
use crate::system::interrupt::Interrupt;
use crate::system::output::show;
use crate::system::results::{Results, ResultsError};
use crate::system::session::Session;
use crate::system::verbosity::Verbosity;
use crate::target::{self, lab::Lab};

/// The command `lab`.
pub(crate) fn run(arguments: &LabArgs, verbosity: Verbosity) -> Result<u8, Error> {
    if !arguments.sets.is_empty() {
        return sets::run(arguments, verbosity);
    }
    let result = test(arguments, verbosity);
    if !arguments.bisect {
        return result;
    }
    let code = bisect::exit_code(&result);
    if let Err(error) = result {
        show(&error);
    }
    Ok(code)
}

fn test(arguments: &LabArgs, verbosity: Verbosity) -> Result<u8, Error> {
    let known = arguments.known.as_deref().map(|file| Known::read(file, Date::today())).transpose()?;
    if known.is_some() && arguments.fault == Some(Faults::All) {
        return Err(KnownError::WithEveryFault.into());
    }
    let request = Request { files: arguments.matrix.clone(), force: arguments.force };
    let specs = arguments.specs.clone().map_or(Specs::Embedded, Specs::Directory);
    let output = Output::check(&request, arguments.fault == Some(Faults::All), &specs)?;
    with_target(arguments, verbosity, |lab, session| {
        let run = target::carry_out(lab)?.know(known.as_ref());
        if session.planning() {
            return Ok(exit::PASSED);
        }
        run.conclude_in(session, verbosity, output)
    })
}

/// Does some work with a lab as the arguments describe it.
pub(crate) fn with_target<R>(
    arguments: &LabArgs,
    verbosity: Verbosity,
    work: impl FnOnce(&mut Lab<'_>, &Session) -> Result<R, Error>,
) -> Result<R, Error> {
    let inputs = Inputs::read(arguments)?;
    let cache = open_cache(arguments)?;
    let results = open_results(arguments, &cache)?;
    let interrupt = Interrupt::listen()?;
    let session = Session::new(cache, results, interrupt, verbosity, arguments.dry_run)?;

    work(&mut Lab::new(&session, arguments, inputs), &session)
}

pub(crate) fn open_cache(arguments: &LabArgs) -> Result<Cache, CacheError> {
    let place = Cache::place()?;
    if arguments.dry_run { Ok(Cache::planned(place)) } else { Cache::open(place) }
}

pub(crate) fn open_results(arguments: &LabArgs, cache: &Cache) -> Result<Results, ResultsError> {
    match &arguments.results {
        _ if arguments.dry_run => Ok(Results::planned(cache)),
        Some(path) => Results::named(path, arguments.force),
        None => Results::in_cache(cache),
    }
}
