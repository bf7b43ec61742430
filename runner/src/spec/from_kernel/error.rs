// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Why no series can be made of a run.

use std::path::PathBuf;

use reglist_suite::exit;
use reglist_suite::spec::SpecError;

use crate::record::reader::ReadError;
use crate::system::files::FileError;

/// How a list gets into a run, for remedies.
pub(super) const RUN_AGAIN: &str =
    "run all configurations with this reglist, such as `reglist lab --results DIR`, and give DIR/events.jsonl";

#[derive(Debug, thiserror::Error)]
pub(crate) enum FromKernelError {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error("`{}` holds {number} runs\n[give the events of one run, without --fault all]", path.display())]
    SeveralRuns { path: PathBuf, number: usize },
    #[error("the run did not begin\n[{RUN_AGAIN}]")]
    NoRun,
    #[error(
        "this machine is {machine}: its kernel cannot be asked\n[{}; or copy reglist-suite to a LoongArch machine, and give what `--events` writes there]",
        RUN_AGAIN
    )]
    NoKernel { machine: &'static str },
    #[error(
        "the kernel of the run does not know the ioctl, and lists nothing\n[apply a patch that implements KVM_GET_REG_LIST: `reglist lab --patch FILE --results DIR`]"
    )]
    NotImplemented,
    #[error(
        "the run was made with series `{series}`, which the specifications do not have\n[known: {known}; name the specifications that the run was made with by --specs, or a series with the same configurations by --like]"
    )]
    NoLike { series: String, known: String },
    #[error(
        "series `{series}` says nothing of what is listed, and its configurations are not asked for it\n[lists of {architecture} cannot be written as a series]"
    )]
    NoLists { series: String, architecture: &'static str },
    #[error(
        "series `{series}` has no configuration {names}, which the run has\n[name the specifications that the run was made with by --specs and --like]"
    )]
    UnknownConfigurations { series: String, names: String },
    #[error("the run does not say what the kernel lists in {}\n[{}]", .missing.join("; in "), if *.skipped { "features cannot be told apart without them: use a host that has them, such as the lab's" } else { RUN_AGAIN })]
    Missing { missing: Vec<String>, skipped: bool },
    #[error("the run does not say what the kernel lists: an older reglist made it\n[{RUN_AGAIN}]")]
    Unrecorded,
    #[error(
        "the kernel lists registers in different orders: {what}\n[a series has one order for all configurations; list.order of the run tells more]"
    )]
    Order { what: String },
    #[error(
        "no features explain where the kernel lists {registers}: in {with}, but not in {without}\n[a group is listed by every vCPU, or by one with any of some features: correct the kernel, or add configurations that tell more]"
    )]
    When { registers: String, with: String, without: String },
    #[error(
        "series `{series}` is in the specifications already\n[choose another name, or add --force to replace it in the output]"
    )]
    SeriesExists { series: String },
    #[error("`{}` is not empty\n[name another directory, or add --force]", path.display())]
    Occupied { path: PathBuf },
    #[error("`{}` is not a directory\n[name another one]", path.display())]
    NoDirectory { path: PathBuf },
    #[error("`{}` stands in the folder of the new series, and would be a part of it\n[remove it, or choose another name or directory]", path.display())]
    InTheWay { path: PathBuf },
    #[error(
        "the lists cannot be written as a specification on top of the given one\n[`reglist spec check` says whether that is right; new families are added at the end of registers.yaml, under `groups`]"
    )]
    Unsound {
        #[source]
        source: Box<SpecError>,
    },
    #[error(
        "what would be written is not what the kernel lists in {configuration}\n[this is a mistake of reglist's: please report it with the events]"
    )]
    Unequal { configuration: String },
    #[error(transparent)]
    File(#[from] FileError),
}

impl FromKernelError {
    /// The exit code: a wrong argument, a wrong kernel, or a machine in trouble.
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
