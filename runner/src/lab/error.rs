// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Errors of the lab.

use std::io;
use std::path::PathBuf;

use reglist_suite::exit;
use reglist_suite::spec::SpecError;

use super::patch::PatchError;
use crate::system::cache::CacheError;
use crate::system::files::FileError;
use crate::system::product::Product;
use crate::system::stage::StageError;

#[derive(Debug, thiserror::Error)]
pub(crate) enum LabError {
    #[error(transparent)]
    Cache(#[from] CacheError),
    #[error(transparent)]
    Stage(#[from] StageError),
    #[error(transparent)]
    Patch(#[from] PatchError),
    #[error(transparent)]
    File(#[from] FileError),
    #[error(
        "no LoongArch compilers on this machine, and no Debian archive in apt's sources\n[install the tools that `reglist doctor` lists, or set {variable} to the address of a Debian mirror]"
    )]
    NoMirror { variable: &'static str },
    #[error("apt succeeded but did not download the package {name}")]
    NoPackage { name: String },
    #[error("the {what} in `{}` is incomplete\n[run `reglist cache --clear`]", path.display())]
    Incomplete { what: &'static str, path: PathBuf },
    #[error("this build of reglist lacks ci/lab/{name}\n[build reglist from a complete checkout]")]
    NoRecipe { name: &'static str },
    #[error("`{}` is not a Linux source tree\n[pass the directory of the top Makefile to --kernel-src]", path.display())]
    NoSource { path: PathBuf, source: Option<io::Error> },
    #[error("Linux {release} in `{}` has no arch/loongarch/kvm\n[use Linux 6.7 or newer]", path.display())]
    NoKvm { path: PathBuf, release: String },
    #[error("no Linux {name} on the mirror{}\n[{}pass a source directory to --kernel-src]", offered(offers), if offers.is_empty() { "" } else { "pass one of these to --kernel, or " })]
    NoKernel { name: String, offers: String },
    #[error(
        "Debian {suite} has no LoongArch build of {package}\n[use --full, which builds the whole kernel, instead of `--kernel stock`]"
    )]
    NoStock { package: String, suite: String },
    #[error("`--kernel stock` builds only KVM, but {reason}\n[leave out `--kernel stock`]")]
    NotForStock { reason: String },
    #[error(
        "the mirror has no suite `{suite}`\n[pass a version such as 7.2, or a suite such as sid, experimental or trixie]"
    )]
    NoSuite { suite: String },
    #[error("the mirror has no suite {suite} of Debian\n[set {variable} to another mirror; `reglist doctor` tests it]")]
    MirrorLacks { suite: String, variable: &'static str },
    #[error("`{}`: {said}\n[pass DIR@REVISION with a directory of a git repository and one of its commits]", text.display())]
    NoRevision { text: PathBuf, said: String },
    #[error("`{}` contains build products: {product}\n[save .config and run `make ARCH=loongarch mrproper` there, or use a clean tree: `git worktree add ../clean`]", path.display())]
    BuiltInTree { path: PathBuf, product: &'static str },
    #[error("Linux {release} does not build{}", if *is_patched { " with the patch" } else { "" })]
    DoesNotBuild { release: String, is_patched: bool, source: Box<StageError> },
    #[error("Linux {release} does not build without the patch")]
    NoBase { release: String, source: Box<StageError> },
    #[error("the build made no usable `{}`", name.display())]
    Product { name: PathBuf, source: io::Error },
    #[error("stage configure: Kconfig dropped {options}\n[check the dependencies of these options in this kernel; log: {}]", log.display())]
    OptionsLost { options: String, log: PathBuf },
    #[error(transparent)]
    Specs(#[from] SpecError),
    #[error("the lab is not prepared")]
    NotReady,
    #[error("no source of reglist in `{}` to build reglist-suite\n[pass a built reglist-suite with --suite FILE, or set {variable} to the source directory]", path.display())]
    NoSuiteSource { path: PathBuf, variable: &'static str },
    #[error("failed to read `{}`", path.display())]
    SuiteSource { path: PathBuf, source: io::Error },
    #[error(
        "the host's Rust has no standard library for LoongArch\n[run `rustup target add loongarch64-unknown-linux-musl`, or pass a built reglist-suite with --suite FILE]"
    )]
    NoRustTarget,
    #[error("`{}` cannot run in the guest: {problem}\n[build it with `cargo build --profile small -p reglist-suite --target loongarch64-unknown-linux-musl`]", path.display())]
    NotASuite { path: PathBuf, problem: &'static str },
}

impl LabError {
    /// The error of a file that the build did not make as it should.
    pub(crate) fn product(product: &Product) -> impl Fn(io::Error) -> Self + use<> {
        let name = product.name().to_owned();
        move |source| Self::Product { name: name.clone(), source }
    }

    /// Whether the user, or a failure elsewhere, interrupted the work.
    pub(crate) fn is_interruption(&self) -> bool {
        matches!(self, Self::Stage(StageError::Interrupted { .. }) | Self::Cache(CacheError::Interrupted))
    }

    /// The exit code: wrong input from the user, a kernel that does not build, or
    /// infrastructure trouble.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::Patch(_)
            | Self::NoSource { .. }
            | Self::NoKvm { .. }
            | Self::NoKernel { .. }
            | Self::NoStock { .. }
            | Self::NotForStock { .. }
            | Self::NoSuite { .. }
            | Self::NoRevision { .. }
            | Self::BuiltInTree { .. }
            | Self::NotASuite { .. }
            | Self::Specs(_)
            | Self::SuiteSource { .. }
            | Self::NoSuiteSource { .. } => exit::USAGE,
            Self::DoesNotBuild { .. } | Self::Product { .. } => exit::NO_BUILD,
            _ => exit::INFRASTRUCTURE,
        }
    }
}

fn offered(offers: &str) -> String {
    if offers.is_empty() { String::new() } else { format!("; it has {offers}") }
}
