// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The command `lab`.

use std::path::PathBuf;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use reglist_suite::arch::LoongArch64;
use reglist_suite::exit;
use reglist_suite::fault::Faults;
use reglist_suite::harness;
use reglist_suite::harness::options::{Given, Selection};
use reglist_suite::report::format::Format;
use reglist_suite::spec::Source as Specs;

use crate::command::conclude::{Ended, conclude_in};
use crate::command::error::Error;
use crate::command::{bisect, selected};
use crate::lab::{DebianKernel, Inputs, Request};
use crate::record::known::{Date, Known, KnownError};
use crate::report::matrix::{Output, Request as MatrixRequest};
use crate::system::cache::{Cache, CacheError};
use crate::system::interrupt::Interrupt;
use crate::system::output::show;
use crate::system::results::{Results, ResultsError};
use crate::system::session::Session;
use crate::system::verbosity::Verbosity;
use crate::target::lab::{Lab, Setup};
use crate::target::{self};

/// What the lab is to test, and how.
#[derive(Debug, Clone, Args)]
pub(crate) struct LabArgs {
    /// Linux from a Debian source package
    #[arg(long, default_value_t = DebianKernel::V7_2, value_name = "VERSION", value_parser = kernel_parser())]
    kernel: DebianKernel,
    /// Linux from a directory, which is never written to
    #[arg(long, value_name = "DIR", conflicts_with = "kernel")]
    kernel_src: Option<PathBuf>,
    /// Apply a patch (diff or mail); repeat for a series
    #[arg(long = "patch", value_name = "FILE")]
    patches: Vec<PathBuf>,
    /// Apply the reference implementation first
    #[arg(long)]
    reference: bool,
    /// Test several kernels and show them side by side: NAME=ITEM,ITEM..., an
    /// item being a patch, a kernel's version or directory, or `reference`
    #[arg(long = "set", value_name = "NAME=ITEM,...")]
    #[arg(conflicts_with_all = ["fault", "compare_model", "matrix", "bisect", "known"])]
    pub(super) sets: Vec<String>,
    /// Give the reference a fault on purpose, to see that it is noticed; `all`
    /// tries one after the other, each in the configuration in which it shows
    #[arg(long, value_name = "NAME", hide_possible_values = true, value_parser = Faults::parser())]
    #[arg(conflicts_with = "compare_model")]
    fault: Option<Faults>,
    /// Compare the kernel with the suite's model of it by random calls, in
    /// place of testing it; SETs what no list names, and so only the lab does it
    #[arg(long, value_name = "CALLS", num_args = 0..=1, default_missing_value = "100000")]
    #[arg(value_parser = clap::value_parser!(u64).range(1..))]
    compare_model: Option<u64>,
    /// Use this build of reglist-suite for loongarch64
    #[arg(long, value_name = "FILE")]
    suite: Option<PathBuf>,
    /// Specifications to use in place of the built-in ones
    #[arg(long, value_name = "DIR")]
    specs: Option<PathBuf>,
    /// Add to the kernel's command line; `module.parameter=value` goes to a lab module
    #[arg(long, value_name = "WORDS", allow_hyphen_values = true)]
    append: Vec<String>,
    /// How often the machine starts again after a case that brought it down
    #[arg(long, value_name = "N", default_value_t = 10)]
    restarts: u32,
    /// Number of CPUs of the machine
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=4))]
    smp: u8,
    /// Keep every CPU of the machine busy meanwhile
    #[arg(long)]
    busy: bool,
    /// Exit as `git bisect run` reads it: 125 where the kernel does not build or
    /// boot, or does not know the ioctl
    #[arg(long)]
    bisect: bool,
    /// Keep kernel and boot image beside the results, for others to boot
    #[arg(long)]
    keep: bool,
    /// Have the guest write results to its kernel log too, and so to the
    /// console, where others read them; with --keep, they need no more
    #[arg(long, value_enum, value_name = "FORMAT")]
    #[arg(conflicts_with = "compare_model")]
    guest_format: Option<Format>,
    /// Keep events, console and logs in this directory
    #[arg(long, value_name = "DIR")]
    pub(super) results: Option<PathBuf>,
    /// Failures that are known, which fail nothing, as YAML; a case that is
    /// known to fail and passes does
    #[arg(long, value_name = "FILE")]
    known: Option<PathBuf>,
    /// Write the results of `--fault all` to FILE.json; a copy is always among
    /// the results
    #[arg(long, value_name = "FILE")]
    matrix: Vec<PathBuf>,
    /// Use the directory of results even if it is not empty, and overwrite the
    /// files of `--matrix`
    #[arg(long)]
    pub(super) force: bool,
    /// Print the commands of each stage instead of running them
    #[arg(long)]
    pub(super) dry_run: bool,
    #[command(flatten)]
    selection: Given<Selection>,
}

impl LabArgs {
    /// The kernel and the suite that are asked for.
    pub(super) fn request(&self) -> Request {
        Request {
            kernel: self.kernel,
            kernel_src: self.kernel_src.clone(),
            patches: self.patches.clone(),
            reference: self.reference,
            is_faulty: self.fault.is_some(),
            suite: self.suite.clone(),
            specs: self.specs.clone(),
            compares: self.compare_model.is_some(),
        }
    }

    /// The machine that is asked for, and what its suite does.
    pub(super) fn setup(&self) -> Setup {
        Setup {
            fault: self.fault,
            compare_model: self.compare_model,
            append: self.append.clone(),
            restarts: self.restarts,
            cpus: self.smp,
            busy: self.busy,
            keep: self.keep,
            guest_format: self.guest_format,
            words: self.selection.words.clone(),
            timeout: self.selection.options.timeout,
        }
    }

    /// What the user gave, looked at before anything is fetched or built.
    pub(super) fn inputs(&self, request: &Request) -> Result<Inputs, Error> {
        let inputs = Inputs::read(request)?;
        self.check()?;
        Ok(inputs)
    }

    /// Makes sure that the suite will take its options and has a case to run.
    fn check(&self) -> Result<(), Error> {
        if self.guest_format.is_some() && self.fault == Some(Faults::All) {
            return Err(harness::UsageError::FormatOfAll { option: "guest-format" }.into());
        }
        // Another build of the suite, or a comparison, has cases of its own.
        if self.suite.is_some() || self.compare_model.is_some() {
            return Ok(());
        }
        let mut words = self.selection.words.clone();
        words.extend(self.fault.iter().flat_map(|fault| ["--fault".to_owned(), fault.name()]));
        selected(&words, self.specs.as_deref(), &LoongArch64)
    }
}

/// The kernels that Debian has as source packages, by version.
fn kernel_parser() -> impl TypedValueParser<Value = DebianKernel> {
    PossibleValuesParser::new(DebianKernel::ALL.map(DebianKernel::name))
        .map(|name| DebianKernel::named(&name).unwrap_or(DebianKernel::V7_2))
}

/// The command `lab`.
pub(crate) fn run(arguments: &LabArgs, verbosity: Verbosity) -> Result<u8, Error> {
    let result = test(arguments, verbosity);
    if !arguments.bisect {
        return result.map(|ended| ended.code);
    }
    let code = bisect::exit_code(&result);
    if let Err(error) = result {
        show(&error);
    }
    Ok(code)
}

fn test(arguments: &LabArgs, verbosity: Verbosity) -> Result<Ended, Error> {
    let known = arguments.known.as_deref().map(|file| Known::read(file, Date::today())).transpose()?;
    if known.is_some() && arguments.fault == Some(Faults::All) {
        return Err(KnownError::WithEveryFault.into());
    }
    let request = MatrixRequest { files: arguments.matrix.clone(), force: arguments.force };
    let specs = arguments.specs.clone().map_or(Specs::Embedded, Specs::Directory);
    let output = Output::check(&request, arguments.fault == Some(Faults::All), &specs)?;
    with_target(arguments, verbosity, |lab, session| {
        let run = target::carry_out(lab)?.know(known.as_ref());
        if session.planning() {
            return Ok(Ended { code: exit::PASSED, is_interrupted: false });
        }
        conclude_in(&run, session, verbosity, output)
    })
}

/// Does some work with a lab as the arguments describe it.
pub(crate) fn with_target<R>(
    arguments: &LabArgs,
    verbosity: Verbosity,
    work: impl FnOnce(&mut Lab<'_>, &Session) -> Result<R, Error>,
) -> Result<R, Error> {
    let request = arguments.request();
    let inputs = arguments.inputs(&request)?;
    let cache = open_cache(arguments)?;
    let results = open_results(arguments, &cache)?;
    let interrupt = Interrupt::listen()?;
    let session = Session::new(cache, results, interrupt, verbosity, arguments.dry_run)?;

    work(&mut Lab::new(&session, &request, &arguments.setup(), inputs), &session)
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
