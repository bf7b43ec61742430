// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Builds a kernel: all of it, or KVM for Debian's own build.
//!
//! A build reuses a build directory, so that make compiles only changed files.

mod bench;
mod changed;
mod common;
mod on_stock;
mod whole;

pub(crate) use self::bench::Bench;
pub(crate) use self::common::Extras;
use self::common::{BUILD, Build};
use self::on_stock::OnStock;
use self::whole::Whole;
use super::apply::Changes;
use super::error::LabError;
use super::kernel::Kernel;
use super::recipe;
use super::source::Source;
use super::toolchain::Toolchain;
use super::workspace::Workspace;
use crate::system::cache;
use crate::system::digest::Key;
use crate::system::files::FileError;
use crate::system::product::Product;
use crate::system::session::Session;
use crate::system::stage::StageError;

/// Increment it to invalidate cached kernels.
const KERNEL_RECIPE: u32 = 3;
/// Increment it to invalidate build directories.
const RECIPE: u32 = 2;

/// Builds the kernel, or takes it from the cache. `is_patched`: the changes include
/// patches of the user.
pub(crate) fn build(
    session: &Session,
    toolchain: &Toolchain,
    source: &Source,
    changes: &Changes,
    is_patched: bool,
    extras: &Extras,
) -> Result<Kernel, LabError> {
    let key = kernel_key(toolchain, source, changes, extras)?;
    let place = session.cache().entry("kernels", &key);
    if source.identity.is_some()
        && !session.planning()
        && let Some(kernel) = Kernel::at(&place)
    {
        session.progress().detail(&format!("kernel from the cache, {}", place.display()));
        return Ok(kernel);
    }
    let build = Build { session, toolchain, source, extras };
    let workspace = if is_patched { build.patched(&key)? } else { build.own()? };
    let built = build.make(&workspace, changes);
    workspace.close(session, &built)?;
    let products = built.map_err(|error| build.blame(error, is_patched))?;
    if session.planning() {
        return Ok(Kernel::planned(place, source.stock.is_some()));
    }
    if source.identity.is_none() {
        let out = workspace.path.join("out");
        cache::remove(&out).map_err(FileError::of("remove", &out))?;
        return Kernel::collect(&products, &out);
    }
    let scratch = session.cache().scratch("kernel")?;
    Kernel::collect(&products, scratch.path())?;
    let place = session.cache().publish(scratch, "kernels", &key)?;
    Kernel::at(&place).ok_or(LabError::Incomplete { what: "kernel", path: place })
}

/// The digest of all inputs of the kernel.
fn kernel_key(toolchain: &Toolchain, source: &Source, changes: &Changes, extras: &Extras) -> Result<String, LabError> {
    let mut key = Key::new("kernel", KERNEL_RECIPE)
        .with(source.identity.as_deref().unwrap_or_default())
        .with(toolchain.identity())
        .with(recipe::config(extras.is_debugged)?)
        .with(source.stock.as_ref().map(|stock| &*stock.kernel).unwrap_or_default())
        .with(recipe::stock()?);
    for (name, content) in recipe::soft_lvz()? {
        key = key.with(name).with(content);
    }
    for (name, content) in changes {
        key = key.with(name);
        key = match content {
            Some(content) => key.with([u8::from(content.executable)]).with(&content.bytes),
            None => key.with("removed"),
        };
    }
    let traced = extras.traced.iter().map(|object| ("traced", object));
    let observed = traced.chain(extras.described.iter().map(|object| ("described", object)));
    Ok(observed.fold(key, |key, (how, object)| key.with(how).with(object)).whole())
}

/// Whether the cache has a build of a source without patches.
pub(crate) fn is_built(session: &Session, toolchain: &Toolchain, source: &Source, extras: &Extras) -> bool {
    Workspace::has(session, &Build { session, toolchain, source, extras }.key())
}

impl Build<'_> {
    /// The name of the source's build directories.
    fn key(&self) -> String {
        let key = Key::new("build", RECIPE)
            .with(self.source.path.as_os_str().as_encoded_bytes())
            .with(self.source.identity.as_deref().unwrap_or_default())
            .with(self.toolchain.identity());
        let key = if self.extras.is_debugged { key.with("debug") } else { key };
        match &self.source.stock {
            None => key.finish(),
            Some(stock) => key.with(&stock.kernel).finish(),
        }
    }

    /// The build directory of the source's own text. ccache is shared between texts
    /// of one author: Debian's, or those of one directory of the user.
    fn own(&self) -> Result<Workspace, LabError> {
        let path = self.source.path.as_os_str().as_encoded_bytes();
        let author = match self.source.identity.is_some() {
            true => "debian".to_owned(),
            false => Key::new("ccache", RECIPE).with(path).finish(),
        };
        let ccache = self.session.cache().directory("ccache").join(author);
        Workspace::own(self.session, &self.key(), ccache)
    }

    /// A build directory for patches, which starts as a copy of the own one.
    fn patched(&self, kernel: &str) -> Result<Workspace, LabError> {
        let (patched, is_known) = Workspace::patched(self.session, &self.key(), kernel)?;
        if is_known {
            return Ok(patched);
        }
        let own = self.own()?;
        // The user may have edited a tree since.
        let built = if self.is_current(&own)? { Ok(Vec::new()) } else { self.make(&own, &Changes::new()) };
        own.close(self.session, &built)?;
        match built {
            Err(LabError::Stage(StageError::Failed { stage: BUILD, .. })) if self.source.identity.is_none() => {
                self.session.progress().detail("the tree does not build without the patch");
            }
            Err(LabError::Stage(source @ StageError::Failed { .. })) => {
                return Err(LabError::NoBase { release: self.source.release.clone(), source: Box::new(source) });
            }
            built => drop(built?),
        }
        patched.copy(self.session, &own.path, kernel)?;
        Ok(patched)
    }

    /// A failed compilation is the patch's or the tree's; other failures are this
    /// machine's.
    fn blame(&self, error: LabError, is_patched: bool) -> LabError {
        match error {
            LabError::Stage(error @ StageError::Failed { stage: BUILD, .. })
                if is_patched || self.source.identity.is_none() =>
            {
                LabError::DoesNotBuild { release: self.source.release.clone(), is_patched, source: Box::new(error) }
            }
            error => error,
        }
    }

    /// Builds the source with changes; returns the image and the modules.
    fn make(&self, workspace: &Workspace, changes: &Changes) -> Result<Vec<Product>, LabError> {
        match &self.source.stock {
            None => Whole(self).make(workspace, changes),
            Some(stock) => OnStock { build: self, stock }.make(workspace, changes),
        }
    }

    /// Whether a build directory is of the source as it is now.
    fn is_current(&self, own: &Workspace) -> Result<bool, LabError> {
        let is_configured = self.source.stock.is_some() || Whole(self).is_configured(own)?;
        Ok(self.source.identity.is_some() && own.is_built() && is_configured)
    }
}
