// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Errors of `spec from-kernel`.

use std::path::PathBuf;

use reglist_suite::exit;
use reglist_suite::spec::SpecError;

use crate::record::reader::ReadError;
use crate::system::files::FileError;

/// Remedy: how to record the lists.
pub(super) const RUN_AGAIN: &str =
    "run all configurations with this reglist, for example `reglist lab --results DIR`, and pass DIR/events.jsonl";

#[derive(Debug, thiserror::Error)]
pub(crate) enum FromKernelError {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error("`{}` contains {number} runs\n[pass the events of one run, without --fault all]", path.display())]
    SeveralRuns { path: PathBuf, number: usize },
    #[error("the run did not start\n[{RUN_AGAIN}]")]
    NoRun,
    #[error(
        "this machine is {machine}, not LoongArch\n[{}; or copy reglist-suite to a LoongArch machine, and pass its file of `--events`]",
        RUN_AGAIN
    )]
    NoKernel { machine: &'static str },
    #[error(
        "the kernel of the run lacks the ioctl\n[apply a patch that implements KVM_GET_REG_LIST: `reglist lab --patch FILE --results DIR`]"
    )]
    NotImplemented,
    #[error(
        "the specifications lack series `{series}` of the run\n[known: {known}; pass the run's specifications with --specs, or a series with the same configurations with --like]"
    )]
    NoLike { series: String, known: String },
    #[error(
        "series `{series}` does not specify lists, so its runs do not record any\n[use another architecture than {architecture}]"
    )]
    NoLists { series: String, architecture: &'static str },
    #[error(
        "series `{series}` lacks configuration {names} of the run\n[pass the run's specifications with --specs and --like]"
    )]
    UnknownConfigurations { series: String, names: String },
    #[error("the run does not record the list of {}\n[{}]", .missing.join("; of "), if *.skipped { "use a host with these features, such as the lab" } else { RUN_AGAIN })]
    Missing { missing: Vec<String>, skipped: bool },
    #[error("the run does not record lists: it is from an older reglist, or from KTAP\n[{RUN_AGAIN}]")]
    Unrecorded,
    #[error(
        "the kernel lists registers in different orders: {what}\n[correct the kernel: a series has one order for all configurations; see list.order in the run]"
    )]
    Order { what: String },
    #[error(
        "no features explain the lists of {registers}: listed in {with}, but not in {without}\n[correct the kernel, or add configurations. A group is listed on every vCPU, or on each vCPU that has any of its `when` features]"
    )]
    When { registers: String, with: String, without: String },
    #[error(
        "series `{series}` exists in the specifications\n[choose another name, or add --force to replace it in the output]"
    )]
    SeriesExists { series: String },
    #[error("`{}` is not empty\n[name another directory, or add --force]", path.display())]
    Occupied { path: PathBuf },
    #[error("`{}` is not a directory\n[name another one]", path.display())]
    NoDirectory { path: PathBuf },
    #[error("`{}` is in the folder of the new series and would become a part of it\n[remove it, or choose another name or directory]", path.display())]
    InTheWay { path: PathBuf },
    #[error(
        "failed to add the lists to the given specifications\n[run `reglist spec check`; new families go to the end of registers.yaml, under `groups`]"
    )]
    Unsound { source: Box<SpecError> },
    #[error(
        "the new series differs from the kernel's list in {configuration}\n[report this bug of reglist with the events]"
    )]
    Unequal { configuration: String },
    #[error(transparent)]
    File(#[from] FileError),
}

impl FromKernelError {
    /// The exit code: a wrong argument, a wrong kernel, or infrastructure trouble.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::Order { .. } | Self::When { .. } => exit::FAILED,
            Self::NotImplemented => exit::NOTHING_TESTED,
            Self::Unequal { .. } => exit::INFRASTRUCTURE,
            Self::File(error) => error.exit_code(),
            _ => exit::USAGE,
        }
    }
}
