// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The lab: from a kernel's source and some patches to a verdict, without a
//! board.
//!
//! tool chain -> source -> patches -> configuration -> build -> modules ->
//! suite -> image -> boot -> events -> verdict.

mod append;
pub(crate) mod apt;
mod build;
mod image;
mod kernel;
mod layer;
mod patch_file;
mod patches;
mod recipe;
mod source;
mod suite_program;
pub(crate) mod toolchain;

use std::io;
use std::path::PathBuf;

use reglist_suite::exit;

pub(crate) use append::Append;
pub(crate) use image::{Job, write as write_image};
pub(crate) use kernel::Kernel;
pub(crate) use toolchain::Toolchain;

use crate::cache::{Cache, CacheError};
use crate::cli::LabArgs;
use crate::error::Error;
use crate::interrupt::Interrupt;
use crate::report;
use crate::results::Results;
use crate::session::Session;
use crate::stage::StageError;
use crate::target::{Target as _, lab::Lab};
use layer::LayerError;
use patch_file::{PatchError, PatchFile};
use source::Source;

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
    /// The machine was to run before it was made ready.
    #[error("the lab is not ready")]
    NotReady,
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
    /// Whose turn it is: the user's (64) or the machine's (5).
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::Patch(_)
            | Self::NoSource { .. }
            | Self::NoKvm { .. }
            | Self::BuiltInTree { .. }
            | Self::NotASuite { .. }
            | Self::SuiteSource { .. }
            | Self::NoSuiteSource { .. } => exit::USAGE,
            _ => exit::INFRASTRUCTURE,
        }
    }
}

/// Everything that a boot needs.
#[derive(Debug)]
pub(crate) struct Prepared {
    /// Compilers and emulator.
    pub(crate) toolchain: Toolchain,
    /// The kernel.
    pub(crate) kernel: Kernel,
    /// The suite for the guest.
    pub(crate) suite: PathBuf,
}

/// The command `lab`.
pub(crate) fn run(arguments: &LabArgs, verbose: u8) -> Result<u8, Error> {
    // What the user gave is looked at before anything is fetched or built.
    let patches = arguments
        .patches
        .iter()
        .map(|path| PatchFile::read(path).map_err(LabError::from))
        .collect::<Result<Vec<_>, _>>()?;
    let user_source = arguments.kernel_src.as_deref().map(Source::user).transpose()?;
    if let Some(suite) = &arguments.suite {
        suite_program::check(suite)?;
    }

    let place = Cache::place()?;
    let cache = if arguments.dry_run { Cache::planned(place) } else { Cache::open(place)? };
    let results = match &arguments.results {
        _ if arguments.dry_run => Results::planned(&cache),
        Some(path) => Results::named(path, arguments.force)?,
        None => Results::in_cache(&cache)?,
    };
    let interrupt = Interrupt::listen()?;
    let session = Session::new(cache, results, interrupt, verbose, arguments.dry_run)?;
    session.progress().detail(&format!("results in {}", session.results().display()));

    let mut lab = Lab::new(&session, arguments, patches, user_source);
    lab.prepare()?;
    let outcome = lab.run();
    lab.clean_up()?;
    let run = outcome?;
    if session.planning() {
        return Ok(exit::PASSED);
    }
    report::print(&report::text(&run.record))?;
    let code = run.judge()?;
    Ok(code)
}

/// Everything up to the boot.
pub(crate) fn prepare(
    session: &Session,
    arguments: &LabArgs,
    patches: &[PatchFile],
    user_source: Option<&Source>,
) -> Result<Prepared, LabError> {
    let (toolchain, lists) = Toolchain::obtain(session)?;
    let source = match user_source {
        Some(source) => source.clone(),
        None => Source::debian(session, &toolchain, arguments.kernel, lists)?,
    };
    let mut series = Vec::new();
    if arguments.reference {
        series.push(recipe::reference(source.version)?);
    }
    series.extend_from_slice(patches);
    let changes = patches::apply(session, &toolchain, &source, &series)?;
    let kernel = build::build(session, &toolchain, &source, &changes)?;
    let suite = suite_program::obtain(session, &toolchain, arguments.suite.as_deref())?;
    Ok(Prepared { toolchain, kernel, suite })
}

/// What a user handed to the lab, read and checked.
pub(crate) type UserPatches = Vec<PatchFile>;
/// A user's kernel tree, checked.
pub(crate) type UserSource = Option<Source>;
