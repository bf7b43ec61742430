// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Tests several kernels in one call: `--set v5=reference --set
//! mine=7.2,v6-1.patch,v6-2.patch`.

use std::path::Path;

use reglist_suite::exit;

use crate::command::error::{Error, SetError};
use crate::command::lab::LabArgs;
use crate::lab::{Inputs, KernelName, Request, is_revision};
use crate::record::runs::Runs;
use crate::record::verdict::worst;
use crate::report::page;
use crate::report::text::{self as report, Compared};
use crate::system::cache::Cache;
use crate::system::interrupt::Interrupt;
use crate::system::output::{self, print};
use crate::system::results;
use crate::system::session::Session;
use crate::system::verbosity::Verbosity;
use crate::target::{self, lab::Lab};

const REFERENCE: &str = "reference";

/// A named kernel with its patches.
#[derive(Debug)]
struct Set {
    name: String,
    request: Request,
}

impl Set {
    /// Parses `NAME=ITEM,ITEM...`; `common` has the defaults.
    fn parse(text: &str, common: &Request) -> Result<Self, SetError> {
        let malformed = || SetError::Malformed { text: text.to_owned() };
        let (name, items) = text.split_once('=').ok_or_else(malformed)?;
        let is_plain = |name: &str| name.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c));
        if name.is_empty() || name.starts_with('.') || !is_plain(name) || items.is_empty() {
            return Err(malformed());
        }
        let mut request = common.clone();
        let mut has_kernel = false;
        for item in items.split(',') {
            let is_directory = Path::new(item).is_dir() || is_revision(Path::new(item));
            let is_other = item == REFERENCE || is_directory || Path::new(item).exists();
            let kernel = if is_other { None } else { item.parse::<KernelName>().ok() };
            if (kernel.is_some() || is_directory) && std::mem::replace(&mut has_kernel, true) {
                return Err(SetError::SecondKernel { name: name.to_owned(), item: item.to_owned() });
            }
            match kernel {
                Some(kernel) => (request.kernel, request.kernel_src) = (kernel, None),
                None if is_directory => request.kernel_src = Some(item.into()),
                None if item == REFERENCE => request.reference = true,
                None if item.is_empty() => return Err(malformed()),
                None => request.patches.push(item.into()),
            }
        }
        Ok(Self { name: name.to_owned(), request })
    }
}

/// Tests every set and prints a table with one column per set.
pub(crate) fn run(common: &LabArgs, verbosity: Verbosity) -> Result<u8, Error> {
    let sets = common.sets.iter().map(|text| Set::parse(text, &common.request())).collect::<Result<Vec<_>, _>>()?;
    for (position, set) in sets.iter().enumerate() {
        if sets.iter().take(position).any(|other| other.name == set.name) {
            return Err(SetError::Twice { name: set.name.clone() }.into());
        }
    }
    let inputs = sets.iter().map(|set| common.inputs(&set.request)).collect::<Result<Vec<_>, _>>()?;
    let cache = common.kept.open_cache()?;
    let (results, _lock) = common.kept.open_results(&cache)?;
    let interrupt = Interrupt::listen()?;
    let mut compared = Vec::new();
    let mut codes = Vec::new();
    drop(cache);
    for (set, inputs) in sets.iter().zip(inputs) {
        let tested = test(set, common, inputs, &results, &interrupt, verbosity);
        let stop = tested.as_ref().is_err_and(Error::is_interruption) || interrupt.requested();
        let (runs, code) = match tested {
            Ok(tested) => tested,
            Err(error) => {
                output::show(&error);
                (Runs::default(), error.exit_code())
            }
        };
        compared.push(Compared { name: set.name.clone(), runs, code });
        codes.push(code);
        if stop {
            break;
        }
    }
    if !common.kept.dry_run {
        if !verbosity.is_quiet() {
            output::say(&format!("reglist: results: {}, one directory per set", results.display()));
        }
        print(&report::side_by_side(&compared))?;
    }
    Ok(worst(codes))
}

/// Tests one set and returns the exit code that it has on its own.
fn test(
    set: &Set,
    common: &LabArgs,
    inputs: Inputs,
    results: &Path,
    interrupt: &Interrupt,
    verbosity: Verbosity,
) -> Result<(Runs, u8), Error> {
    let cache = Cache::open(Cache::place()?)?;
    // Replaces the results of an earlier run.
    let results = results::named(&results.join(&set.name), true)?;
    let session = Session::new(cache, results, interrupt.afresh(), verbosity, common.kept.dry_run)?;
    session.progress().tell(&format!("set {}", set.name));
    let run = target::carry_out(&mut Lab::new(&session, &set.request, &common.setup(), inputs))?;
    if session.planning() {
        return Ok((Runs::default(), exit::PASSED));
    }
    page::leave(&session, run.runs.current())?;
    if verbosity.is_verbose() {
        print(&report::text(run.runs.current(), verbosity, None))?;
    } else {
        print(&report::reviewed(run.runs.current(), verbosity))?;
    }
    run.trouble().iter().for_each(|trouble| output::show(trouble));
    let code = run.exit_code();
    Ok((run.runs, code))
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::command::cli::{Cli, Command};

    fn common(more: &[&str]) -> Request {
        let cli = Cli::try_parse_from([&["reglist", "lab"], more].concat()).unwrap();
        let Some(Command::Lab(lab)) = cli.command else { panic!("not lab") };
        lab.request()
    }

    #[test]
    fn a_set_is_a_kernel_with_patches() {
        let set = Set::parse("mine=6.12,a.patch,b.patch", &common(&["--strict"])).unwrap();
        assert_eq!(set.name, "mine");
        assert_eq!(set.request.kernel, KernelName::Version(6, 12));
        assert_eq!(set.request.patches, [Path::new("a.patch"), Path::new("b.patch")]);
        assert!(!set.request.reference);
        let set = Set::parse("right=reference,/", &common(&[])).unwrap();
        assert!(set.request.reference && set.request.kernel_src.is_some());
    }

    #[test]
    fn what_is_no_set_is_told() {
        for text in ["", "x", "x=", "=a", "a b=c", "../x=a", "x=a,,b"] {
            assert!(matches!(Set::parse(text, &common(&[])), Err(SetError::Malformed { .. })), "{text}");
        }
        assert!(matches!(Set::parse("x=7.2,6.12", &common(&[])), Err(SetError::SecondKernel { .. })));
    }
}
