// SPDX-License-Identifier: Apache-2.0 OR MIT
//! What can go wrong on the way to a booted kernel.

use std::io;
use std::path::PathBuf;

use reglist_suite::exit;
use reglist_suite::spec::SpecError;

use super::patch_file::PatchError;
use crate::system::cache::CacheError;
use crate::system::stage::StageError;

/// A set that cannot be understood.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SetError {
    /// It has no name or no items.
    #[error(
        "`--set {text}` is no set\n[a set is NAME=ITEM,ITEM...; an item is a patch, a kernel's version or directory, or `reference`]"
    )]
    Malformed {
        /// What was given.
        text: String,
    },
    /// Two sets have one name.
    #[error("two sets are called `{name}`\n[give each a name of its own]")]
    Twice {
        /// The name.
        name: String,
    },
    /// It names several kernels.
    #[error("the set `{name}` names a second kernel, `{item}`\n[a set has one kernel]")]
    SecondKernel {
        /// The set.
        name: String,
        /// The second kernel.
        item: String,
    },
}

/// What can go wrong on the way to a booted kernel.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LabError {
    /// The cache.
    #[error(transparent)]
    Cache(#[from] CacheError),
    /// A command of a stage.
    #[error(transparent)]
    Stage(#[from] StageError),
    /// A patch.
    #[error(transparent)]
    Patch(#[from] PatchError),
    /// The files laid over the source.
    #[error(transparent)]
    Layer(#[from] LayerError),
    /// The host has neither the tools nor a Debian archive to get them from.
    #[error(
        "no compilers for LoongArch on this machine, and no Debian archive in apt's sources to get them from\n[install what `reglist doctor` lists, or set {variable} to a Debian mirror's address]"
    )]
    NoMirror {
        /// Environment variable that names a mirror.
        variable: &'static str,
    },
    /// apt said that it fetched a package, but it is not there.
    #[error("apt did not deliver the package {name}")]
    NoPackage {
        /// The package.
        name: String,
    },
    /// What was just made is not whole.
    #[error("the {what} in `{}` lacks files\n[`reglist cache --clear` makes room for a new one]", path.display())]
    Incomplete {
        /// What it is.
        what: &'static str,
        /// Where it is.
        path: PathBuf,
    },
    /// The program was built without its lab files.
    #[error("this build of reglist lacks ci/lab/{name}")]
    NoRecipe {
        /// The missing file or directory.
        name: &'static str,
    },
    /// Not a kernel's source.
    #[error("`{}` is not a Linux source tree\n[--kernel-src takes the directory that has the top Makefile]", path.display())]
    NoSource {
        /// The directory.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: Option<io::Error>,
    },
    /// A kernel without KVM for LoongArch.
    #[error("Linux {release} in `{}` has no arch/loongarch/kvm\n[the lab needs Linux 6.7 or newer]", path.display())]
    NoKvm {
        /// The directory.
        path: PathBuf,
        /// Its release.
        release: String,
    },
    /// The source was built in place, which kbuild does not allow beside O=.
    #[error("`{}` was built in place: it has {product}\n[run `make ARCH=loongarch mrproper` there (it removes .config, so save it), or give a clean tree: `git worktree add ../clean`]", path.display())]
    BuiltInTree {
        /// The directory.
        path: PathBuf,
        /// What shows it.
        product: &'static str,
    },
    /// The patch program was stopped.
    #[error("stage patches: interrupted\n[log: {}]", log.display())]
    PatchStopped {
        /// The log.
        log: PathBuf,
    },
    /// Kconfig dropped what the lab cannot do without.
    #[error("stage configure: this kernel's configuration lost {options}\n[a dependency is new or renamed in this kernel; the whole log: {}]", log.display())]
    OptionsLost {
        /// The options.
        options: String,
        /// The log.
        log: PathBuf,
    },
    /// The user's specifications.
    #[error(transparent)]
    Specs(#[from] SpecError),
    /// The machine was to run before it was made ready.
    #[error("the lab is not ready")]
    NotReady,
    /// What the machine says.
    #[error("failed to write `{}`", path.display())]
    Events {
        /// The file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// A set of `--set`.
    #[error(transparent)]
    Set(#[from] SetError),
    /// The build's own files.
    #[error("failed to prepare or keep the kernel in `{}`", path.display())]
    Kernel {
        /// The file or directory.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// No source to build the suite from.
    #[error("no source of reglist in `{}` to build the guest's program from\n[give a built reglist-suite with --suite FILE, or set {variable} to the source directory]", path.display())]
    NoSuiteSource {
        /// Where it was looked for.
        path: PathBuf,
        /// Environment variable that names it.
        variable: &'static str,
    },
    /// The suite's source or program cannot be read.
    #[error("failed to read `{}`", path.display())]
    SuiteSource {
        /// The file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// The host's Rust cannot build for the guest.
    #[error(
        "the host's Rust has no standard library for LoongArch\n[rustup target add loongarch64-unknown-linux-musl, or give a built reglist-suite with --suite FILE]"
    )]
    NoRustTarget,
    /// Not a program that the guest can run.
    #[error("`{}` cannot be the guest's program: {problem}\n[build it with `cargo build --profile small -p reglist-suite --target loongarch64-unknown-linux-musl`]", path.display())]
    NotASuite {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: &'static str,
    },
}

impl LabError {
    /// Whether the user, or another part of the program, asked to stop.
    pub(crate) fn is_interruption(&self) -> bool {
        matches!(
            self,
            Self::Stage(StageError::Interrupted { .. })
                | Self::Cache(CacheError::Interrupted)
                | Self::PatchStopped { .. }
        )
    }

    /// Whose turn it is: the user's (64) or the machine's (5).
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::Patch(_)
            | Self::Set(_)
            | Self::NoSource { .. }
            | Self::NoKvm { .. }
            | Self::BuiltInTree { .. }
            | Self::NotASuite { .. }
            | Self::Specs(_)
            | Self::SuiteSource { .. }
            | Self::NoSuiteSource { .. } => exit::USAGE,
            _ => exit::INFRASTRUCTURE,
        }
    }
}

/// A file operation on the layer failed.
#[derive(Debug, thiserror::Error)]
#[error("failed to update `{}`", path.display())]
pub(crate) struct LayerError {
    /// The file.
    pub(super) path: PathBuf,
    #[source]
    pub(super) source: io::Error,
}
