// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Compiles single files of a source, with and without changes, in a directory that is
//! deleted afterwards: no other build sees what a review leaves behind.

use std::fs;

use super::common::{Build, Extras};
use super::on_stock::{self, OnStock};
use super::whole::{Whole, write_recipe};
use crate::lab::apply::Changes;
use crate::lab::error::LabError;
use crate::lab::layer;
use crate::lab::source::Source;
use crate::lab::toolchain::Toolchain;
use crate::lab::workspace::Workspace;
use crate::system::cache::{self, Scratch};
use crate::system::files::FileError;
use crate::system::product::Product;
use crate::system::sandbox::Mount;
use crate::system::session::Session;
use crate::system::stage::Step;

/// A build directory for single files.
pub(crate) struct Bench<'b> {
    build: Build<'b>,
    workspace: Workspace,
    _scratch: Scratch,
}

impl<'b> Bench<'b> {
    /// A configured build directory of the source without changes.
    pub(crate) fn new(session: &'b Session, toolchain: &'b Toolchain, source: &'b Source) -> Result<Self, LabError> {
        let scratch = session.cache().scratch("review")?;
        let workspace = Workspace::alone(session, scratch.path())?;
        let bench =
            Self { build: Build { session, toolchain, source, extras: Extras::NONE }, workspace, _scratch: scratch };
        if source.stock.is_none() {
            bench.workspace.take_own(session, &bench.build.key())?;
            let whole = Whole(&bench.build);
            if !session.planning() {
                write_recipe(&bench.workspace, bench.build.config()?)?;
            }
            whole.configure(&bench.workspace, whole.call(&bench.workspace, None))?;
        }
        Ok(bench)
    }

    /// Shows the source with changes to the next commands.
    pub(crate) fn show(&self, changes: &Changes) -> Result<(), LabError> {
        if self.build.session.planning() {
            return Ok(());
        }
        let changes = if self.build.source.stock.is_some() { &on_stock::with_recipe(changes)? } else { changes };
        Ok(layer::update(&self.workspace.path.join("layer"), &self.build.source.path, changes)?)
    }

    /// Deletes objects, so that make compiles them again whatever their time stamps say.
    /// Only before a command that a patch can change.
    pub(crate) fn forget(&self, objects: &[String]) -> Result<(), LabError> {
        for object in objects {
            let path = self.workspace.path.join("build").join(object);
            cache::remove(&path).map_err(FileError::of("remove", &path))?;
        }
        Ok(())
    }

    /// make, without flags and targets; `more` is one more mount.
    pub(crate) fn make(&self, more: Option<Mount>) -> Step {
        match &self.build.source.stock {
            None => Whole(&self.build).call(&self.workspace, more),
            Some(stock) => OnStock { build: &self.build, stock }.call(&self.workspace, more),
        }
    }

    /// The commands that build KVM as a part of the kernel, and whether they link it.
    ///
    /// Debian's own build has no objects of the kernel to link with.
    pub(crate) fn built_in(&self, objects: &[String]) -> Result<(Vec<Step>, bool), LabError> {
        let make = self.make(None);
        if self.build.source.stock.is_some() {
            // What makes an object one of a module.
            return Ok((vec![make.arguments(["KBUILD_CFLAGS_MODULE=", "KCFLAGS=-g0"]).arguments(objects)], false));
        }
        if !self.build.session.planning() {
            let path = self.workspace.path.join("lab/kernel.config");
            let config = String::from_utf8_lossy(&self.build.config()?).replace("CONFIG_KVM=m", "CONFIG_KVM=y");
            fs::write(&path, config).map_err(FileError::write(&path))?;
        }
        let configure = make.clone().arguments(["allnoconfig"]).variable("KCONFIG_ALLCONFIG", "/lab/kernel.config");
        let jobs = format!("-j{}", self.build.session.jobs());
        Ok((vec![configure, make.arguments(["vmlinux", &jobs])], true))
    }

    /// A file that a command wrote.
    pub(crate) fn product(&self, name: &str) -> Product {
        Product::new(&self.workspace.path.join("build"), name)
    }

    /// Whether the last builds of this source made an object. True if nothing is known.
    pub(crate) fn is_built(&self, object: &str) -> bool {
        let key = self.build.key();
        let builds =
            [key.clone(), format!("{key}-patched")].map(|key| self.build.session.cache().entry("builds", &key));
        let has = |name: &str| builds.iter().any(|build| build.join("build").join(name).symlink_metadata().is_ok());
        has(object) || !has("arch/loongarch/kvm/vcpu.o")
    }
}
