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
mod own_specs;
mod patch_file;
mod patches;
mod recipe;
mod source;
pub(crate) mod suite_program;
pub(crate) mod toolchain;

use std::io;
use std::path::PathBuf;
use std::thread;

use reglist_suite::exit;
use reglist_suite::report::events::Label;
use reglist_suite::spec::SpecError;

pub(crate) use append::Append;
pub(crate) use image::{Job, write as write_image};
pub(crate) use kernel::{Kernel, SOFT_LVZ};
pub(crate) use own_specs::{OwnSpecs, PLACE as SPECS_PLACE};
pub(crate) use source::DebianKernel;
pub(crate) use toolchain::Toolchain;

use crate::system::cache::CacheError;
use crate::system::interrupt::Interrupt;
use crate::system::session::Session;
use crate::system::stage::StageError;
use apt::Apt;
use layer::LayerError;
use patch_file::{PatchError, PatchFile};
use source::Source;
use suite_program::Kind as ProgramKind;

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

/// Everything that a boot needs.
#[derive(Debug)]
pub(crate) struct Prepared {
    /// Compilers and emulator.
    pub(crate) toolchain: Toolchain,
    /// The kernel.
    pub(crate) kernel: Kernel,
    /// Version and patch level of the kernel.
    pub(crate) version: (u32, u32),
    /// The suite for the guest.
    pub(crate) suite: PathBuf,
    /// What is to be written down of the kernel.
    pub(crate) labels: Vec<Label>,
}

/// A kernel that was built, and what is known of it.
struct Built {
    kernel: Kernel,
    version: (u32, u32),
    labels: Vec<Label>,
}

/// Which kernel is built, and which suite tests it.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    /// The kernel's source, unless `kernel_src` names another.
    pub(crate) kernel: DebianKernel,
    /// A directory with a kernel's source.
    pub(crate) kernel_src: Option<PathBuf>,
    /// Patches, in the order in which they are applied.
    pub(crate) patches: Vec<PathBuf>,
    /// Whether the reference implementation comes first.
    pub(crate) reference: bool,
    /// Whether the reference can have faults.
    pub(crate) is_faulty: bool,
    /// A built suite to use.
    pub(crate) suite: Option<PathBuf>,
    /// Specifications in place of those inside the suite.
    pub(crate) specs: Option<PathBuf>,
    /// Whether the suite compares the kernel with the model.
    pub(crate) compares: bool,
}

/// What the user gave, looked at before anything is fetched or built.
#[derive(Debug)]
pub(crate) struct Inputs {
    patches: Vec<PatchFile>,
    source: Option<Source>,
    /// Specifications in place of those inside the suite.
    pub(crate) specs: Option<OwnSpecs>,
}

impl Inputs {
    /// Reads the files that a request names.
    pub(crate) fn read(request: &Request) -> Result<Self, LabError> {
        let patches = request.patches.iter().map(|path| Ok(PatchFile::read(path)?)).collect::<Result<_, LabError>>()?;
        let source = request.kernel_src.as_deref().map(Source::user).transpose()?;
        let specs = request.specs.as_deref().map(OwnSpecs::read).transpose()?;
        request.suite.as_deref().map(suite_program::check).transpose()?;
        Ok(Self { patches, source, specs })
    }
}

/// Everything up to the boot.
pub(crate) fn prepare(session: &Session, request: &Request, inputs: &Inputs) -> Result<Prepared, LabError> {
    let (toolchain, lists) = Toolchain::obtain(session)?;
    let kernel = || kernel(session, &toolchain, request, inputs, lists);
    let kind = if request.compares { ProgramKind::Comparing } else { ProgramKind::Board };
    let suite = || suite_program::obtain(session, &toolchain, request.suite.as_deref(), kind);
    let (Built { kernel, version, labels }, suite) = match session.planning() {
        true => (kernel()?, suite()?),
        false => both(session.interrupt(), kernel, suite)?,
    };
    Ok(Prepared { toolchain, kernel, version, suite, labels })
}

fn kernel(
    session: &Session,
    toolchain: &Toolchain,
    request: &Request,
    inputs: &Inputs,
    lists: Option<Apt>,
) -> Result<Built, LabError> {
    let source = match &inputs.source {
        Some(source) => source.clone(),
        None => Source::debian(session, toolchain, request.kernel, lists)?,
    };
    let mut series = Vec::new();
    if request.reference || request.is_faulty {
        series.push(recipe::reference(source.version)?);
    }
    if request.is_faulty {
        series.push(recipe::faults()?);
    }
    series.extend_from_slice(&inputs.patches);
    let changes = patches::apply(session, toolchain, &source, &series)?;
    let kernel = build::build(session, toolchain, &source, &changes)?;
    let labels = series.iter().map(PatchFile::label).chain(kernel.labels()).collect();
    Ok(Built { kernel, version: source.version, labels })
}

/// Does two things at the same time: the kernel's compilation keeps all
/// processors busy but for its ends, and so does the suite's. If one fails the
/// other is stopped, and what it says of that is not what the user wants to
/// know.
fn both<A, B: Send>(
    interrupt: &Interrupt,
    one: impl FnOnce() -> Result<A, LabError>,
    other: impl FnOnce() -> Result<B, LabError> + Send,
) -> Result<(A, B), LabError> {
    let (one, other) = thread::scope(|scope| {
        let other = scope.spawn(|| other().inspect_err(|_| interrupt.stop()));
        let one = one().inspect_err(|_| interrupt.stop());
        let other = other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        (one, other)
    });
    match (one, other) {
        (Ok(one), Ok(other)) => Ok((one, other)),
        (Err(error), Ok(_)) | (Ok(_), Err(error)) => Err(error),
        (Err(error), Err(other)) => Err(if error.is_interruption() { other } else { error }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interrupted() -> LabError {
        LabError::Cache(CacheError::Interrupted)
    }

    #[test]
    fn the_failure_is_told_and_not_what_it_stopped() {
        let interrupt = Interrupt::default();
        let fail = || Err::<(), _>(LabError::NotReady);
        let stopped = || {
            while !interrupt.requested() {
                thread::yield_now();
            }
            Err::<(), _>(interrupted())
        };
        assert!(matches!(both(&interrupt, fail, stopped), Err(LabError::NotReady)));
        let interrupt = Interrupt::default();
        let stopped = || {
            while !interrupt.requested() {
                thread::yield_now();
            }
            Err::<(), _>(interrupted())
        };
        assert!(matches!(both(&interrupt, stopped, fail), Err(LabError::NotReady)));
        assert!(matches!(both(&interrupt, || Ok(1), || Ok(2)), Ok((1, 2))));
    }
}
