// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The command `lab`: builds a kernel and tests it in an emulated machine.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use reglist_suite::arch::LoongArch64;
use reglist_suite::exit;
use reglist_suite::fault::{Faults, Place};
use reglist_suite::harness;
use reglist_suite::harness::options::{Given, Selection};
use reglist_suite::report::format::Format;
use reglist_suite::spec::Source as Specs;

use crate::command::conclude::{Ended, conclude_in};
use crate::command::error::Error;
use crate::command::kept::KeptArgs;
use crate::command::{bisect, selected};
use crate::lab::{Inputs, KernelName, Request, is_patch};
use crate::report::matrix::{Output, Request as MatrixRequest};
use crate::system::output::show;
use crate::system::session::Session;
use crate::system::verbosity::Verbosity;
use crate::target;
use crate::target::lab::{Lab, Setup};

/// The time limit of a case on a kernel that checks itself, and is ten times slower.
const DEBUG_LIMIT: Duration = Duration::from_secs(120);

#[derive(Debug, Clone, Args)]
pub(crate) struct LabArgs {
    /// Build Linux from Debian's source package: a version (7.2), a Debian suite
    /// (sid, experimental, trixie), `latest`, or `stock`: Debian's own kernel with only
    /// KVM built [default: 7.2]
    #[arg(long, value_name = "NAME")]
    kernel: Option<KernelName>,
    /// Build the whole kernel, not only KVM. The first run takes longer, later runs are
    /// faster
    #[arg(long)]
    full: bool,
    /// Ask the mirror for a newer package of the kernel
    #[arg(long)]
    refresh: bool,
    /// Build Linux from this directory, or from a revision of its git repository;
    /// reglist never writes to it
    #[arg(long, value_name = "DIR[@REVISION]", conflicts_with_all = ["kernel", "refresh"])]
    kernel_src: Option<PathBuf>,
    /// Apply a patch: a diff, a mail, a mailbox with a series, a directory of
    /// these, or `-`; repeatable, in order
    #[arg(long = "patch", value_name = "FILE")]
    patches: Vec<PathBuf>,
    /// Apply the reference implementation before other patches
    #[arg(long)]
    reference: bool,
    /// Test several kernels and compare them; repeatable. ITEM: a patch, a
    /// kernel version, a source directory, or `reference`
    #[arg(long = "set", value_name = "NAME=ITEM,...")]
    #[arg(conflicts_with_all = ["fault", "compare_model", "matrix", "bisect", "known"])]
    pub(super) sets: Vec<String>,
    /// Add a fault to the reference, to check that the suite reports it. `all`
    /// tries every fault in turn, each in a configuration that shows it
    #[arg(long, value_name = "NAME", hide_possible_values = true, value_parser = Faults::parser())]
    #[arg(conflicts_with = "compare_model")]
    fault: Option<Faults>,
    /// Before the boot, report what the patches add: compiler and sparse warnings,
    /// checkpatch, stack use, errors with KVM built in. --strict: each fails the run
    #[arg(long, conflicts_with_all = ["fault", "compare_model"])]
    review: bool,
    /// Make random calls to the kernel and to the suite's model, and report
    /// differences. Runs no checks. Writes unlisted registers; lab only
    #[arg(long, value_name = "CALLS", num_args = 0..=1, default_missing_value = "100000")]
    #[arg(value_parser = clap::value_parser!(u64).range(1..))]
    compare_model: Option<u64>,
    /// Report which lines of the patches the cases run. Builds the whole kernel
    #[arg(long, conflicts_with_all = ["compare_model", "suite"])]
    coverage: bool,
    /// Build a kernel that checks itself: KASAN, UBSAN, lockdep, slab and list checks.
    /// Builds the whole kernel
    #[arg(long, conflicts_with = "compare_model")]
    debug: bool,
    /// Use this loongarch64 build of reglist-suite
    #[arg(long, value_name = "FILE")]
    suite: Option<PathBuf>,
    /// Use the specifications in this directory instead of the built-in ones
    #[arg(long, value_name = "DIR")]
    specs: Option<PathBuf>,
    /// Add words to the kernel's command line. `module.parameter=value` sets a
    /// parameter of a lab module
    #[arg(long, value_name = "WORDS", allow_hyphen_values = true)]
    append: Vec<String>,
    /// Maximum restarts after a kernel crash
    #[arg(long, value_name = "N", default_value_t = 10)]
    restarts: u32,
    /// Number of guest CPUs, and of cases that run at once. With --fault, --busy,
    /// --guest-format and --compare-model, cases run one at a time [default: 2, or 1]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=4))]
    smp: Option<u8>,
    /// Load all guest CPUs during the run
    #[arg(long)]
    busy: bool,
    /// Use the exit codes of `git bisect run`: 125 if the kernel does not build,
    /// does not boot or lacks the ioctl, and for trouble of this machine
    #[arg(long)]
    bisect: bool,
    /// Save the kernel and the boot image in the directory of results
    #[arg(long)]
    keep: bool,
    /// Also print results on the guest's console, for a CI that boots the image
    /// saved by --keep
    #[arg(long, value_enum, value_name = "FORMAT")]
    #[arg(conflicts_with = "compare_model")]
    guest_format: Option<Format>,
    /// Write the matrix of `--fault all` to FILE.json; repeatable
    #[arg(long, value_name = "FILE")]
    matrix: Vec<PathBuf>,
    #[command(flatten)]
    pub(super) kept: KeptArgs,
    #[command(flatten)]
    selection: Given<Selection>,
}

impl LabArgs {
    pub(super) fn request(&self) -> Request {
        Request {
            kernel: self.kernel.clone().unwrap_or_default(),
            refresh: self.refresh,
            whole: self.full,
            kernel_src: self.kernel_src.clone(),
            patches: self.patches.clone(),
            reference: self.reference,
            is_faulty: self.fault.is_some(),
            reviews: self.review,
            suite: self.suite.clone(),
            specs: self.specs.clone(),
            compares: self.compare_model.is_some(),
            covers: self.coverage,
            debug: self.debug,
        }
    }

    pub(super) fn setup(&self) -> Setup {
        let mut words = self.selection.words.clone();
        let mut timeout = self.selection.options.timeout;
        if self.debug && timeout.is_none() {
            words.extend(["--timeout".to_owned(), DEBUG_LIMIT.as_secs().to_string()]);
            timeout = Some(DEBUG_LIMIT);
        }
        Setup {
            debug: self.debug,
            fault: self.fault,
            compare_model: self.compare_model,
            append: self.append.clone(),
            restarts: self.restarts,
            cpus: self.smp,
            busy: self.busy,
            keep: self.keep,
            guest_format: self.guest_format,
            words,
            timeout,
        }
    }

    /// Reads and checks the user's files before the lab fetches or builds anything.
    pub(super) fn inputs(&self, request: &Request) -> Result<Inputs, Error> {
        let has_patch = request.is_faulty || request.reference || !request.patches.is_empty();
        let wanting =
            [("--review", request.reviews), ("--coverage", request.covers)].into_iter().find(|(_, is_set)| *is_set);
        if let Some((option, _)) = wanting.filter(|_| self.sets.is_empty() && !has_patch) {
            return Err(Error::Usage { text: format!("{option} needs a patch\n[add --patch FILE or --reference]") });
        }
        if self.coverage && self.fault == Some(Faults::All) {
            let text = "--coverage takes one fault, not all\n[name one fault]".to_owned();
            return Err(Error::Usage { text });
        }
        if let Some(fault) = self.fault.and_then(Faults::one).filter(|fault| fault.place() == Place::KernelCheck)
            && !self.debug
        {
            let name = fault.name();
            let text = format!("only a kernel that checks itself notices `{name}`\n[add --debug]");
            return Err(Error::Usage { text });
        }
        let inputs = Inputs::read(request)?;
        self.check()?;
        Ok(inputs)
    }

    /// Validates the suite's arguments on the host, where the user sees the error.
    fn check(&self) -> Result<(), Error> {
        let filters = &self.selection.options.filters;
        if let Some(file) = filters.iter().find(|word| is_patch(Path::new(word))) {
            let text = format!("`{file}` is a patch, not a case\n[did you mean `--patch {file}`?]");
            return Err(Error::Usage { text });
        }
        if self.guest_format.is_some() && self.fault == Some(Faults::All) {
            return Err(harness::UsageError::FormatOfAll { option: "guest-format" }.into());
        }
        // Another build of the suite, and a comparison, have other cases.
        if self.suite.is_some() || self.compare_model.is_some() {
            return Ok(());
        }
        let mut words = self.selection.words.clone();
        words.extend(self.fault.iter().flat_map(|fault| ["--fault".to_owned(), fault.name()]));
        selected(&words, self.specs.as_deref(), &LoongArch64)
    }
}

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
    let tries_all = arguments.fault == Some(Faults::All);
    let known = arguments.kept.known(tries_all)?;
    let request = MatrixRequest { files: arguments.matrix.clone(), force: arguments.kept.force };
    let specs = arguments.specs.clone().map_or(Specs::Embedded, Specs::Directory);
    let output = Output::check(&request, tries_all, &specs)?;
    with_target(arguments, verbosity, |lab, session| {
        let run = target::carry_out(lab)?.know(known.as_ref());
        if session.planning() {
            return Ok(Ended { code: exit::PASSED, is_interrupted: false });
        }
        conclude_in(&run, session, verbosity, output)
    })
}

/// Sets up a lab and passes it to `work`.
pub(crate) fn with_target<R>(
    arguments: &LabArgs,
    verbosity: Verbosity,
    work: impl FnOnce(&mut Lab<'_>, &Session) -> Result<R, Error>,
) -> Result<R, Error> {
    let request = arguments.request();
    let inputs = arguments.inputs(&request)?;
    let session = arguments.kept.session(None, verbosity)?;
    work(&mut Lab::new(&session, &request, &arguments.setup(), inputs), &session)
}
