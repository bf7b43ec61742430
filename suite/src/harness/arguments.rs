// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The program's command line, and what can be wrong with it.

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileTypeExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::builder::PossibleValue;
use clap::{CommandFactory as _, FromArgMatches as _, ValueEnum};
use libtest_mimic::FormatSetting;

use crate::arch::{Arch as _, Feature, LoongArch64};
use crate::fault::{Faults, Place};
use crate::harness::subject::{ModelHost, Wanted};
use crate::model::Kernel;
use crate::report::describe;
use crate::report::events::{Label, SubjectKind};
use crate::report::format::{ChannelError, Format};
use crate::spec::SpecError;

/// Checks a kernel's KVM_GET_REG_LIST and what it lists.
///
/// Needs nothing but /dev/kvm; on a machine that is not LoongArch it shows itself
/// on a model of a kernel. Every case runs on a fresh VM and vCPU in a
/// process of its own; SET goes to listed registers only, with safe values.
#[derive(Debug, Clone, clap::Parser)]
#[command(
    name = "reglist-suite",
    version,
    max_term_width = 80,
    after_help = "Exit codes: 0 all passed, 1 a case failed or ended in error, 4 nothing was\n\
                  tested (skipped, or the kernel does not know the ioctl), 64 wrong usage or\n\
                  specification."
)]
#[group(id = "suite")]
pub(super) struct Arguments {
    #[command(flatten)]
    pub(super) libtest: libtest_mimic::Arguments,

    /// What is tested.
    #[arg(long, value_enum, default_value = "auto", value_name = "SUBJECT")]
    pub(super) subject: Wanted,

    /// The kernel that the model is like.
    #[arg(long, value_enum, default_value = "7.2", value_name = "VERSION")]
    pub(super) model_kernel: Kernel,

    /// The host that the model has.
    #[arg(long, value_enum, default_value = "full", value_name = "HOST")]
    pub(super) model_host: ModelHost,

    /// A fault for the model to have, to see that it is noticed; `all` tries one
    /// after the other, each in the configuration in which it shows.
    #[arg(long, value_name = "NAME", hide_possible_values = true, value_parser = Faults::parser())]
    pub(super) fault: Option<Faults>,

    /// Revision of the expected list [default: v5 on loongarch64].
    #[arg(long, value_name = "NAME")]
    pub(super) series: Option<String>,

    /// Only this configuration; can be given several times.
    #[arg(long = "config", value_name = "NAME")]
    pub(super) configurations: Vec<String>,

    /// Specifications to use in place of the built-in ones.
    #[arg(long, value_name = "DIR")]
    pub(super) specs: Option<PathBuf>,

    /// Write the run as JSON lines to a new file or a device.
    #[arg(long, value_name = "FILE")]
    pub(super) events: Option<PathBuf>,

    /// How results are shown: for people, as libtest does it (terse, json), or
    /// for those who read test results: KTAP, TAP 13, LAVA's signals.
    #[arg(id = "output", long = "format", value_enum, value_name = "FORMAT", conflicts_with = "quiet")]
    pub(super) format: Option<Shown>,

    /// Write a JUnit report to a new file, whole after every case.
    #[arg(long, value_name = "FILE")]
    pub(super) junit: Option<PathBuf>,

    /// Write results to the kernel's log too, as KTAP or in the format of
    /// `--format ktap|tap13|lava`.
    #[arg(long)]
    pub(super) kmsg: bool,

    /// Write results to a terminal of their own too, such as /dev/ttyS1, in the
    /// same format.
    #[arg(long, value_name = "DEVICE")]
    pub(super) tty: Option<PathBuf>,

    /// Write a fact about the kernel or the board down with the run, such as
    /// commit=1a2b3c; can be given several times.
    #[arg(long = "label", value_name = "NAME=VALUE", value_parser = label)]
    pub(super) labels: Vec<Label>,

    /// Leave out the case of this id; can be given several times.
    #[arg(long = "except", value_name = "ID")]
    pub(super) except: Vec<String>,

    /// Report registers beyond the expected list without failing.
    #[arg(long)]
    pub(super) allow_new: bool,

    /// Fail on broken "should" clauses too.
    #[arg(long)]
    pub(super) strict: bool,

    /// Time limit of a case.
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = seconds)]
    pub(super) timeout: Duration,

    /// Where random orders begin; the same seed gives the same run.
    #[arg(long, value_name = "NUMBER", default_value = "1")]
    pub(super) seed: u64,

    /// Random orders in which each configuration is restored, beside the list's
    /// own and its reverse; with all seven configurations 15 make more than 100.
    /// With `--fault all` it is 1 at most.
    #[arg(long, value_name = "NUMBER", default_value = "15")]
    pub(super) shuffles: usize,

    /// Compare the kernel with the model of it, which has the fault, by so many
    /// random calls, in place of testing it. SETs registers that no list names,
    /// and so refuses to run anywhere but in the lab's guest, or on a model.
    #[cfg(any(test, feature = "compare"))]
    #[arg(long, value_name = "CALLS", hide_short_help = true, value_parser = clap::value_parser!(u64).range(1..))]
    pub(super) compare_model: Option<u64>,

    /// Features that the host is known to have: their absence is an error, not
    /// a reason to skip.
    #[arg(long, value_name = "FEATURES", value_delimiter = ',')]
    pub(super) require: Vec<String>,
}

/// How results are shown on stdout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shown {
    /// As libtest shows them.
    Libtest(FormatSetting),
    /// In a format for those who read test results.
    Lines(Format),
}

impl ValueEnum for Shown {
    fn value_variants<'a>() -> &'a [Self] {
        &[
            Self::Libtest(FormatSetting::Pretty),
            Self::Libtest(FormatSetting::Terse),
            Self::Libtest(FormatSetting::Json),
            Self::Lines(Format::Ktap),
            Self::Lines(Format::Tap13),
            Self::Lines(Format::Lava),
        ]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        match self {
            Self::Libtest(format) => format.to_possible_value().map(|value| value.help(None::<&str>)),
            Self::Lines(format) => format.to_possible_value().map(|value| value.help(None::<&str>)),
        }
    }
}

fn label(text: &str) -> Result<Label, String> {
    Label::parse(text).ok_or_else(|| "not NAME=VALUE in one line".to_owned())
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "not a number of seconds".to_owned())?;
    match Duration::try_from_secs_f64(seconds) {
        Ok(limit) if !limit.is_zero() => Ok(limit),
        _ => Err("must be more than 0 and a time that a clock can hold".to_owned()),
    }
}

/// Wrong usage, found before anything is tested.
#[derive(Debug, thiserror::Error)]
pub(super) enum UsageError {
    #[error(transparent)]
    Spec(#[from] SpecError),
    #[error("series {series} has no configuration `{name}`\n[known: {known}]")]
    Configuration { series: String, name: String, known: String },
    #[error("`{name}` is no feature\n[known: {known}]")]
    Feature { name: String, known: String },
    #[error(
        "this kernel cannot be given a fault, only one of the lab or the model can\n[reglist lab --fault, or add --subject model]"
    )]
    FaultOfKernel,
    #[error("the model cannot have the fault {name}\n[reglist lab --fault {name}]")]
    FaultOfKernelAlone { name: String },
    #[error("no kernel can have the fault {name}: {reason}\n[add --subject model]")]
    FaultOfModelAlone { name: String, reason: &'static str },
    #[cfg(any(test, feature = "compare"))]
    #[error("--compare-model takes one fault at a time\n[name it]")]
    CompareAll,
    #[cfg(any(test, feature = "compare"))]
    #[error(
        "--compare-model SETs registers that no list names, and this is not the lab's guest\n[reglist lab --compare-model, or compare models: --subject model]"
    )]
    CompareOutsideLab,
    #[error("--fault all gives each fault a line, and has no results of cases for --{option}\n[name one fault]")]
    FormatOfAll { option: &'static str },
    #[error(transparent)]
    Channel(#[from] ChannelError),
    #[error("--test-threads 0 would run nothing\n[give at least 1]")]
    NoThreads,
    #[error("{file} exists and is kept as it is\n[remove it, or choose another file]")]
    Exists { file: String },
    #[error("{file} cannot be written: {error}\n[choose another file]")]
    Unwritable { file: String, error: io::Error },
}

/// The program's command line, for its manual.
///
/// libtest-mimic's arguments come with a help of their own, without
/// `--version` and with fewer formats; the program's are put in their place.
#[must_use]
pub fn command() -> clap::Command {
    Arguments::command()
        .disable_version_flag(false)
        .mut_arg("format", |format| format.long("libtest-format").hide(true))
        .help_template("{about-with-newline}\n{usage-heading} {usage}\n\n{all-args}{after-help}")
}

/// Reads a command line; `--help` ends with themes and clauses, unless the
/// program is `observed`.
pub(super) fn parse(arguments: Vec<OsString>, observed: bool) -> Result<Arguments, clap::Error> {
    let mut command = command();
    // An observer has a help of its own, at the end of which this stands.
    if !observed && arguments.iter().any(|argument| argument == "--help") {
        let after_help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        command = command.after_long_help(format!("{after_help}\n\n{}", describe::tables(describe::WIDTH)));
    }
    let mut arguments = Arguments::from_arg_matches(&command.try_get_matches_from(arguments)?)?;
    if let Some(Shown::Libtest(format)) = arguments.format {
        arguments.libtest.format = Some(format);
    }
    Ok(arguments)
}

/// The features of `--require`.
pub(super) fn required_features(names: &[String]) -> Result<Vec<Feature>, UsageError> {
    names
        .iter()
        .map(|name| {
            LoongArch64.features().iter().copied().find(|feature| feature.name() == name).ok_or_else(|| {
                let known = LoongArch64.features().iter().map(|feature| feature.name()).collect::<Vec<_>>().join(", ");
                UsageError::Feature { name: name.clone(), known }
            })
        })
        .collect()
}

/// A new file, or something that is no file: a device or a pipe.
pub(super) fn open_new(path: &Path) -> Result<File, UsageError> {
    let is_device = path.metadata().is_ok_and(|metadata| {
        let kind = metadata.file_type();
        kind.is_char_device() || kind.is_fifo()
    });
    open(path, !is_device)
}

/// A new file and nothing else.
pub(super) fn create_new(path: &Path) -> Result<File, UsageError> {
    open(path, true)
}

fn open(path: &Path, new: bool) -> Result<File, UsageError> {
    let file = path.display().to_string();
    let opened = OpenOptions::new().write(true).create_new(new).open(path);
    opened.map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => UsageError::Exists { file },
        _ => UsageError::Unwritable { file, error },
    })
}

/// Whether the subject can have a fault; `switchable` is a kernel that can be
/// exchanged.
pub(super) fn check_fault(faults: Faults, subject: SubjectKind, switchable: bool) -> Result<(), UsageError> {
    if subject == SubjectKind::Kvm && !switchable {
        return Err(UsageError::FaultOfKernel);
    }
    let Some(fault) = faults.one() else { return Ok(()) };
    match (fault.place(), subject) {
        (Place::Kernel, SubjectKind::Model) => Err(UsageError::FaultOfKernelAlone { name: fault.name() }),
        (Place::Model(reason), SubjectKind::Kvm) => Err(UsageError::FaultOfModelAlone { name: fault.name(), reason }),
        _ => Ok(()),
    }
}
