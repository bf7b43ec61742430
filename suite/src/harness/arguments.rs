// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The command line of `reglist-suite` and its usage errors.

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileTypeExt as _;
use std::path::Path;

use clap::{CommandFactory as _, FromArgMatches as _};
use libtest_mimic::ColorSetting;

use super::options::Options;
use crate::arch::{Arch as _, Feature, LoongArch64};
use crate::fault::{Faults, Place};
use crate::report::describe;
use crate::report::events::SubjectKind;
use crate::report::format::ChannelError;
use crate::spec::SpecError;

/// Check a kernel's KVM_GET_REG_LIST and every register that it lists
///
/// The program needs /dev/kvm and nothing else. On a machine that is not LoongArch it
/// tests a built-in model of a kernel. Each case runs on a fresh VM and vCPU in its own
/// process. SET goes to listed registers only, with safe values.
#[derive(Debug, Clone, clap::Parser)]
#[command(
    name = "reglist-suite",
    version,
    max_term_width = 80,
    after_help = "Exit codes: 0 all passed; 1 a case failed or ended in error; 4 nothing was\n\
                  tested (skipped, or the kernel does not know the ioctl); 64 wrong usage or\n\
                  specification."
)]
pub(super) struct Program {
    #[command(flatten)]
    pub(super) options: Options,
    /// Print one character a case; the same as --format terse
    #[arg(short, long, conflicts_with = "output")]
    pub(super) quiet: bool,
    /// Choose when to use colours [default: on a terminal]
    #[arg(long, value_enum, value_name = "WHEN")]
    pub(super) color: Option<ColorSetting>,
}

/// Wrong usage, reported before any test runs.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages describe the variants")]
pub enum UsageError {
    #[error(transparent)]
    Spec(#[from] SpecError),
    #[error("series {series} has no configuration `{name}`\n[known: {known}]")]
    Configuration { series: String, name: String, known: String },
    #[error("unknown feature `{name}`\n[known: {known}]")]
    Feature { name: String, known: String },
    #[error(
        "--fault needs the model or a lab kernel, not this kernel\n[run `reglist lab --fault NAME`, or add --subject model]"
    )]
    FaultOfKernel,
    #[error("the model does not have fault {name}, only a lab kernel\n[run `reglist lab --fault {name}`]")]
    FaultOfKernelAlone { name: String },
    #[error("only the model has fault {name}: {reason}\n[add --subject model]")]
    FaultOfModelAlone { name: String, reason: &'static str },
    #[cfg(any(test, feature = "compare"))]
    #[error("--compare-model takes one fault, not all\n[name one fault]")]
    CompareAll,
    #[cfg(any(test, feature = "compare"))]
    #[error(
        "--compare-model SETs unlisted registers, which is allowed only in the lab's guest\n[run `reglist lab --compare-model`, or add --subject model]"
    )]
    CompareOutsideLab,
    #[error("--fault all prints a line for each fault, not the case results that --{option} needs\n[name one fault]")]
    FormatOfAll { option: &'static str },
    #[error(
        "--kmsg writes to this machine's kernel log, and the model is not a kernel\n[use --tty or --format, or add --subject kvm]"
    )]
    LogOfModel,
    #[error(transparent)]
    Channel(#[from] ChannelError),
    #[error("--test-threads 0 runs no case\n[use at least 1]")]
    NoThreads,
    #[error("{file} exists and is not overwritten\n[remove it, or choose another file]")]
    Exists { file: String },
    #[error("cannot write {file}: {error}\n[choose another file]")]
    Unwritable { file: String, error: io::Error },
    #[error("no case matches: {selection}\n[{remedy}]")]
    NothingSelected { selection: String, remedy: String },
}

/// The program's command line, for its manual.
pub fn command() -> clap::Command {
    Program::command()
}

/// Parses a command line. `--help` ends with themes and clauses.
pub(super) fn parse(arguments: Vec<OsString>) -> Result<Program, clap::Error> {
    let mut command = command();
    if arguments.iter().any(|argument| argument == "--help") {
        let after_help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        command = command.after_long_help(format!("{after_help}\n\n{}", describe::tables(describe::WIDTH)));
    }
    Program::from_arg_matches(&command.try_get_matches_from(arguments)?)
}

/// Parses options for a suite on another machine.
pub fn options(words: impl IntoIterator<Item = OsString>) -> Result<Options, clap::Error> {
    let words = std::iter::once("reglist-suite".into()).chain(words);
    Ok(Program::from_arg_matches(&command().try_get_matches_from(words)?)?.options)
}

pub(super) fn required_features(names: &[String]) -> Result<Vec<Feature>, UsageError> {
    let feature =
        |name: &String| LoongArch64.feature(name).map_err(|known| UsageError::Feature { name: name.clone(), known });
    names.iter().map(feature).collect()
}

/// Opens a new file, or with `devices` an existing device or pipe.
pub(super) fn open(path: &Path, devices: bool) -> Result<File, UsageError> {
    let is_device = path.metadata().is_ok_and(|metadata| {
        let kind = metadata.file_type();
        kind.is_char_device() || kind.is_fifo()
    });
    let file = path.display().to_string();
    let opened = OpenOptions::new().write(true).create_new(!(devices && is_device)).open(path);
    opened.map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => UsageError::Exists { file },
        _ => UsageError::Unwritable { file, error },
    })
}

/// Refuses a fault that the subject cannot have. A `switchable` kernel is one of the lab's.
pub(super) fn check_fault(faults: Faults, subject: SubjectKind, switchable: bool) -> Result<(), UsageError> {
    if subject == SubjectKind::Kvm && !switchable {
        return Err(UsageError::FaultOfKernel);
    }
    let Some(fault) = faults.one() else { return Ok(()) };
    match (fault.place(), subject) {
        (Place::Kernel | Place::KernelLog | Place::KernelCheck, SubjectKind::Model) => {
            Err(UsageError::FaultOfKernelAlone { name: fault.name() })
        }
        (Place::Model(reason), SubjectKind::Kvm) => Err(UsageError::FaultOfModelAlone { name: fault.name(), reason }),
        _ => Ok(()),
    }
}
