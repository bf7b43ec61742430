// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Prepares a boot: builds the kernel and the suite in parallel.

use super::apply::apply;
use super::apt::Apt;
use super::build::Extras;
use super::error::LabError;
use super::kernel::Kernel;
use super::own_specs::OwnSpecs;
use super::patch::PatchFile;
use super::review::review;
use super::source::{Debian, KernelName, Revision, Source};
use super::suite_program::Kind as ProgramKind;
use super::toolchain::Toolchain;
use super::way::Way;
use super::{build, coverage, recipe, suite_program};
use crate::system::interrupt::Interrupt;
use crate::system::session::Session;
use reglist_suite::report::coverage::Coverage;
use reglist_suite::report::events::Label;
use reglist_suite::report::review::Review;
use std::path::{Path, PathBuf};
use std::thread;

#[derive(Debug)]
pub(crate) struct Prepared {
    pub(crate) toolchain: Toolchain,
    pub(crate) kernel: Kernel,
    /// Version and patch level of the kernel.
    pub(crate) version: (u32, u32),
    pub(crate) suite: PathBuf,
    /// Labels of the kernel, for the record.
    pub(crate) labels: Vec<Label>,
    /// The patch's lines and their code, if the run notes which run.
    pub(crate) coverage: Option<Coverage>,
    /// The review of the patches, if there was one.
    pub(crate) review: Option<Review>,
}

struct Built {
    kernel: Kernel,
    version: (u32, u32),
    labels: Vec<Label>,
    coverage: Option<Coverage>,
    review: Option<Review>,
}

/// The kernel to build, and the suite.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    /// The kernel, unless `kernel_src` names a source.
    pub(crate) kernel: KernelName,
    /// Whether to ask the mirror for the kernel, also if the cache has one.
    pub(crate) refresh: bool,
    /// Whether to build the whole kernel, also where KVM alone would do.
    pub(crate) whole: bool,
    /// A directory with a kernel's source, or `DIR@REVISION`.
    pub(crate) kernel_src: Option<PathBuf>,
    /// Patches in order.
    pub(crate) patches: Vec<PathBuf>,
    /// Whether to apply the reference implementation first.
    pub(crate) reference: bool,
    /// Whether to add faults to the reference.
    pub(crate) is_faulty: bool,
    pub(crate) suite: Option<PathBuf>,
    /// Specifications to use instead of the built-in ones.
    pub(crate) specs: Option<PathBuf>,
    /// Whether to review the patches before the boot, if there are any.
    pub(crate) reviews: bool,
    /// Whether to compare the kernel with the model.
    pub(crate) compares: bool,
    /// Whether to note which lines of the patch run.
    pub(crate) covers: bool,
    /// Whether the kernel checks itself.
    pub(crate) debug: bool,
}

impl Request {
    /// What the kernel has without regard to its patches.
    fn extras(&self) -> Extras {
        Extras { is_debugged: self.debug, ..Extras::default() }
    }
}

/// The user's files, checked before downloads and builds.
#[derive(Debug)]
pub(crate) struct Inputs {
    patches: Vec<PatchFile>,
    source: Option<Given>,
    /// Specifications to use instead of the built-in ones.
    pub(crate) specs: Option<OwnSpecs>,
}

/// The user's own source.
#[derive(Debug)]
enum Given {
    Tree(Source),
    Revision(Revision),
}

impl Given {
    fn read(text: &Path) -> Result<Self, LabError> {
        Ok(match Revision::read(text)? {
            Some(revision) => Self::Revision(revision),
            None => Self::Tree(Source::user(text)?),
        })
    }
}

impl Inputs {
    /// Reads the files that a request names.
    pub(crate) fn read(request: &Request) -> Result<Self, LabError> {
        let patches = request.patches.iter().map(|path| PatchFile::read(path)).collect::<Result<Vec<_>, _>>()?.concat();
        let source = request.kernel_src.as_deref().map(Given::read).transpose()?;
        let specs = request.specs.as_deref().map(OwnSpecs::read).transpose()?;
        request.suite.as_deref().map(suite_program::check).transpose()?;
        Ok(Self { patches, source, specs })
    }
}

pub(crate) fn prepare(session: &Session, request: &Request, inputs: &Inputs) -> Result<Prepared, LabError> {
    let (toolchain, lists) = Toolchain::obtain(session)?;
    let kernel = || kernel(session, &toolchain, request, inputs, lists);
    let kind = if request.compares { ProgramKind::Comparing } else { ProgramKind::Guest };
    let suite = || suite_program::obtain(session, &toolchain, request.suite.as_deref(), kind);
    let (Built { kernel, version, labels, coverage, review }, suite) = match session.planning() {
        true => (kernel()?, suite()?),
        false => both(session.interrupt(), kernel, suite)?,
    };
    Ok(Prepared { toolchain, kernel, version, suite, labels, coverage, review })
}

fn kernel(
    session: &Session,
    toolchain: &Toolchain,
    request: &Request,
    inputs: &Inputs,
    lists: Option<Apt>,
) -> Result<Built, LabError> {
    let (source, _claim) = match &inputs.source {
        Some(Given::Tree(source)) => (source.clone(), None),
        Some(Given::Revision(revision)) => revision.obtain(session).map(|(source, claim)| (source, Some(claim)))?,
        None => (debian(session, toolchain, request, &inputs.patches, lists)?, None),
    };
    let mut series = Vec::new();
    if request.reference || request.is_faulty {
        series.push(recipe::reference(source.version)?);
    }
    if request.is_faulty {
        series.push(recipe::faults()?);
    }
    series.extend_from_slice(&inputs.patches);
    let changes = apply(session, toolchain, &source, &series)?;
    let mut extras = request.extras();
    if request.covers || request.debug {
        extras.described = coverage::objects(&changes);
    }
    if request.covers {
        extras.traced.clone_from(&extras.described);
    }
    let kernel = build::build(session, toolchain, &source, &changes, !inputs.patches.is_empty(), &extras)?;
    let covered = (request.covers && !session.planning()).then(|| coverage::of(&kernel, &source, &changes));
    let coverage = covered.and_then(|coverage| {
        coverage.inspect_err(|why| session.progress().remark(&format!("coverage: none, because {why}"))).ok()
    });
    let review = match request.reviews && !series.is_empty() {
        true => Some(review(session, toolchain, &source, &series, &changes)?),
        false => None,
    };
    let origin = source.origin.map(|value| Label { name: Label::SOURCE.to_owned(), value });
    let labels = origin.into_iter().chain(series.iter().map(PatchFile::label)).chain(kernel.labels()).collect();
    Ok(Built { kernel, version: source.version, labels, coverage, review })
}

/// Debian's source of the kernel, and for KVM alone also Debian's build.
fn debian(
    session: &Session,
    toolchain: &Toolchain,
    request: &Request,
    patches: &[PatchFile],
    lists: Option<Apt>,
) -> Result<Source, LabError> {
    let needs = [("--coverage needs KCOV", request.covers), ("--debug needs KASAN and lockdep", request.debug)];
    let need = needs.into_iter().find_map(|(need, is_set)| is_set.then_some(need));
    let Way { wish, reason } = Way::of(&request.kernel, request.whole, need, toolchain, patches)?;
    let debian = Debian::new(session, toolchain, &request.kernel, wish, lists);
    let source =
        debian.obtain(request.refresh, &|source| build::is_built(session, toolchain, source, &request.extras()))?;
    let progress = session.progress();
    match (&source.stock, reason) {
        (Some(stock), _) => {
            progress.remark(&format!(
                "kernel: Debian's {}-loong64, with only KVM built; --full builds the whole kernel",
                stock.kernel
            ));
        }
        (None, Some(reason)) => progress.remark(&format!("kernel: built as a whole, because {reason}")),
        (None, None) => {}
    }
    Ok(source)
}

/// Runs both in parallel, to keep all processors busy. If one fails, it interrupts
/// the other, and the result is the first failure.
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
    use crate::system::cache::CacheError;

    /// Works until something else fails.
    fn stopped(interrupt: &Interrupt) -> Result<(), LabError> {
        while !interrupt.requested() {
            thread::yield_now();
        }
        Err(CacheError::Interrupted.into())
    }

    #[test]
    fn the_failure_is_told_and_not_what_it_stopped() {
        let fail = || Err::<(), _>(LabError::NotReady);
        let interrupt = Interrupt::default();
        assert!(matches!(both(&interrupt, fail, || stopped(&interrupt)), Err(LabError::NotReady)));
        let interrupt = Interrupt::default();
        assert!(matches!(both(&interrupt, || stopped(&interrupt), fail), Err(LabError::NotReady)));
        assert!(matches!(both(&interrupt, || Ok(1), || Ok(2)), Ok((1, 2))));
    }
}
