// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The command line of `reglist-suite`, and what can be wrong with it.

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

/// Wrong usage, found before anything is tested.
#[derive(Debug, thiserror::Error)]
pub enum UsageError {
    /// The specifications.
    #[error(transparent)]
    Spec(#[from] SpecError),
    /// A configuration that the series does not have.
    #[error("series {series} has no configuration `{name}`\n[known: {known}]")]
    Configuration {
        /// The series.
        series: String,
        /// The name that was given.
        name: String,
        /// The names that the series has.
        known: String,
    },
    /// A feature that the architecture does not have.
    #[error("`{name}` is no feature\n[known: {known}]")]
    Feature {
        /// The name that was given.
        name: String,
        /// The names that there are.
        known: String,
    },
    /// A fault for a kernel that has none.
    #[error(
        "this kernel cannot be given a fault, only one of the lab or the model can\n[reglist lab --fault, or add --subject model]"
    )]
    FaultOfKernel,
    /// A fault that only a kernel can have.
    #[error("the model cannot have the fault {name}\n[reglist lab --fault {name}]")]
    FaultOfKernelAlone {
        /// The fault.
        name: String,
    },
    /// A fault that only the model can have.
    #[error("no kernel can have the fault {name}: {reason}\n[add --subject model]")]
    FaultOfModelAlone {
        /// The fault.
        name: String,
        /// Why no kernel can have it.
        reason: &'static str,
    },
    /// Every fault at once.
    #[cfg(any(test, feature = "compare"))]
    #[error("--compare-model takes one fault at a time\n[name it]")]
    CompareAll,
    /// A kernel outside the lab.
    #[cfg(any(test, feature = "compare"))]
    #[error(
        "--compare-model SETs registers that no list names, and this is not the lab's guest\n[reglist lab --compare-model, or compare models: --subject model]"
    )]
    CompareOutsideLab,
    /// Results of cases where each fault has a line.
    #[error("--fault all gives each fault a line, and has no results of cases for --{option}\n[name one fault]")]
    FormatOfAll {
        /// The option that asks for results of cases.
        option: &'static str,
    },
    /// An output.
    #[error(transparent)]
    Channel(#[from] ChannelError),
    /// No threads.
    #[error("--test-threads 0 would run nothing\n[give at least 1]")]
    NoThreads,
    /// Somebody's file.
    #[error("{file} exists and is kept as it is\n[remove it, or choose another file]")]
    Exists {
        /// The file.
        file: String,
    },
    /// A file that cannot be written.
    #[error("{file} cannot be written: {error}\n[choose another file]")]
    Unwritable {
        /// The file.
        file: String,
        /// What the system says.
        error: io::Error,
    },
    /// A selection without a case.
    #[error("no case is selected: {selection}\n[{remedy}]")]
    NothingSelected {
        /// The words that select.
        selection: String,
        /// The nearest names, and where all are.
        remedy: String,
    },
}

/// The program's command line, for its manual.
pub fn command() -> clap::Command {
    Program::command()
}

/// Reads a command line; `--help` ends with themes and clauses.
pub(super) fn parse(arguments: Vec<OsString>) -> Result<Program, clap::Error> {
    let mut command = command();
    if arguments.iter().any(|argument| argument == "--help") {
        let after_help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        command = command.after_long_help(format!("{after_help}\n\n{}", describe::tables(describe::WIDTH)));
    }
    Program::from_arg_matches(&command.try_get_matches_from(arguments)?)
}

/// Reads the options of a suite that runs elsewhere.
///
/// # Errors
/// Words that are no options of the suite.
pub fn options(words: impl IntoIterator<Item = OsString>) -> Result<Options, clap::Error> {
    let words = std::iter::once("reglist-suite".into()).chain(words);
    Ok(Program::from_arg_matches(&command().try_get_matches_from(words)?)?.options)
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
