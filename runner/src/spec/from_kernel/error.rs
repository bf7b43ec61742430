// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Why no series can be made of a run.

use std::path::PathBuf;

use reglist_suite::exit;
use reglist_suite::spec::SpecError;

use crate::report::read::ReadError;
use crate::system::files::FileError;

/// How a list gets into a run, for remedies.
pub(super) const RUN_AGAIN: &str =
    "run all configurations with this reglist, such as `reglist lab --results DIR`, and give DIR/events.jsonl";

/// A series that cannot be made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FromKernelError {
    /// The file is no record of a run.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// It is the record of several.
    #[error("`{}` holds {number} runs\n[give the events of one run, without --fault all]", path.display())]
    SeveralRuns {
        /// The file.
        path: PathBuf,
        /// Number of runs.
        number: usize,
    },
    /// The run never began.
    #[error("the run did not begin\n[{RUN_AGAIN}]")]
    NoRun,
    /// There is no kernel to ask.
    #[error(
        "this machine is {machine}: its kernel cannot be asked\n[{}; or copy reglist-suite to a LoongArch machine, and give what `--events` writes there]",
        RUN_AGAIN
    )]
    NoKernel {
        /// The machine's architecture.
        machine: &'static str,
    },
    /// The kernel has no lists.
    #[error(
        "the kernel of the run does not know the ioctl, and lists nothing\n[apply a patch that implements KVM_GET_REG_LIST: `reglist lab --patch FILE --results DIR`]"
    )]
    NotImplemented,
    /// Nobody knows what the run's configurations are.
    #[error(
        "the run was made with series `{series}`, which the specifications do not have\n[known: {known}; name the specifications that the run was made with by --specs, or a series with the same configurations by --like]"
    )]
    NoLike {
        /// The series.
        series: String,
        /// The series that there are.
        known: String,
    },
    /// The series says nothing of lists.
    #[error(
        "series `{series}` says nothing of what is listed, and its configurations are not asked for it\n[lists of {architecture} cannot be written as a series]"
    )]
    NoLists {
        /// The series.
        series: String,
        /// Its architecture.
        architecture: &'static str,
    },
    /// The run knows configurations that the series does not.
    #[error(
        "series `{series}` has no configuration {names}, which the run has\n[name the specifications that the run was made with by --specs and --like]"
    )]
    UnknownConfigurations {
        /// The series.
        series: String,
        /// The configurations.
        names: String,
    },
    /// Lists are missing.
    #[error("the run does not say what the kernel lists in {}\n[{}]", .missing.join("; in "), if *.skipped { "features cannot be told apart without them: use a host that has them, such as the lab's" } else { RUN_AGAIN })]
    Missing {
        /// Configurations, each with the reason.
        missing: Vec<String>,
        /// Whether all of it is for want of a host with the features.
        skipped: bool,
    },
    /// Not one list was written down.
    #[error("the run does not say what the kernel lists: an older reglist made it\n[{RUN_AGAIN}]")]
    Unrecorded,
    /// Lists that have no common order.
    #[error(
        "the kernel lists registers in different orders: {what}\n[a series has one order for all configurations; list.order of the run tells more]"
    )]
    Order {
        /// Registers and configurations.
        what: String,
    },
    /// Registers that no group can bring.
    #[error(
        "no features explain where the kernel lists {registers}: in {with}, but not in {without}\n[a group is listed by every vCPU, or by one with any of some features: correct the kernel, or add configurations that tell more]"
    )]
    When {
        /// The registers.
        registers: String,
        /// Configurations that list them.
        with: String,
        /// Configurations that do not.
        without: String,
    },
    /// The series is there already.
    #[error(
        "series `{series}` is in the specifications already\n[choose another name, or add --force to replace it in the output]"
    )]
    SeriesExists {
        /// The series.
        series: String,
    },
    /// Somebody's files are in the way.
    #[error("`{}` is not empty\n[name another directory, or add --force]", path.display())]
    Occupied {
        /// The directory.
        path: PathBuf,
    },
    /// The place is a file's.
    #[error("`{}` is not a directory\n[name another one]", path.display())]
    NoDirectory {
        /// The file.
        path: PathBuf,
    },
    /// A file would be a part of the series.
    #[error("`{}` stands in the folder of the new series, and would be a part of it\n[remove it, or choose another name or directory]", path.display())]
    InTheWay {
        /// The file.
        path: PathBuf,
    },
    /// What was made is wrong.
    #[error(
        "the lists cannot be written as a specification on top of the given one\n[`reglist spec check` says whether that is right; new families are added at the end of registers.yaml, under `groups`]"
    )]
    Unsound {
        /// What is wrong with it.
        #[source]
        source: Box<SpecError>,
    },
    /// What was made is not what the kernel lists.
    #[error(
        "what would be written is not what the kernel lists in {configuration}\n[this is a mistake of reglist's: please report it with the events]"
    )]
    Unequal {
        /// The configuration.
        configuration: String,
    },
    /// A file that cannot be written.
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
