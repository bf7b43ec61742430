// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Builds KVM and soft LVZ as modules for Debian's own build of the kernel.
//!
//! KVM gets another name, because that kernel has KVM built in. The built-in KVM
//! fails at boot, before soft LVZ can be loaded, so that /dev/kvm is free.

use reglist_suite::harness::guest::KVM_ON_STOCK;

use super::common::{BUILD, Build, COMPILE};
use crate::lab::apply::{Changes, Content};
use crate::lab::error::LabError;
use crate::lab::kernel::SOFT_LVZ;
use crate::lab::source::{STOCK_MOUNT, Stock};
use crate::lab::workspace::Workspace;
use crate::lab::{layer, recipe};
use crate::system::product::Product;
use crate::system::sandbox::Mount;
use crate::system::stage::{Stage, Step};
use crate::system::supervise::Flow;

/// Estimated output lines of a build.
const LINES: u64 = 30;

/// A build of KVM alone.
pub(super) struct OnStock<'b> {
    pub(super) build: &'b Build<'b>,
    pub(super) stock: &'b Stock,
}

impl OnStock<'_> {
    /// Builds the modules of the source with changes; returns the image and the modules.
    pub(super) fn make(&self, workspace: &Workspace, changes: &Changes) -> Result<Vec<Product>, LabError> {
        let session = self.build.session;
        if !session.planning() {
            layer::update(&workspace.path.join("layer"), &self.build.source.path, &with_recipe(changes)?)?;
        }
        let mut stage = Stage::new(session, BUILD, COMPILE)?;
        stage.bar().length(LINES);
        let step = self
            .call(workspace, None)
            // Half of the time would go into debug information.
            .arguments(["KCFLAGS=-g0", "KAFLAGS=-g0", "modules"])
            .argument(format!("-j{}", session.jobs()));
        stage.watch(&step, &mut |bar, _, line| {
            if line.starts_with("  ") {
                bar.advance();
                bar.message(line);
            }
            Flow::Continue
        })?;
        stage.done("KVM built");
        let build = workspace.path.join("build");
        let modules = [SOFT_LVZ, KVM_ON_STOCK].map(|name| Product::new(&build, name));
        Ok(modules.into_iter().chain([Product::new(&self.stock.path, self.stock.image())]).collect())
    }

    /// The call of make, without flags and targets; `more` is one more mount.
    pub(super) fn call(&self, workspace: &Workspace, more: Option<Mount>) -> Step {
        let Build { session, toolchain, source, .. } = self.build;
        let mut room = toolchain
            .room(session)
            .with(Mount::Overlay { upper: workspace.path.join("layer"), lower: source.path.clone(), to: "/src" })
            .with(Mount::Writable { from: workspace.path.join("build"), to: "/build" })
            .with(Mount::ReadOnly { from: self.stock.path.clone(), to: STOCK_MOUNT });
        if let Some(more) = more {
            room = room.with(more);
        }
        let headers = format!("{STOCK_MOUNT}/{}", self.stock.headers().display());
        toolchain
            .step(&room, ["make", "-C", &headers, "M=/src", "MO=/build", "ARCH=loongarch"])
            // Debian's headers ask for the compiler by its version.
            .arguments(["CROSS_COMPILE=loongarch64-linux-gnu-", "CC=loongarch64-linux-gnu-gcc"])
    }
}

/// The changes, and the lab's files at the top of the source.
pub(super) fn with_recipe(changes: &Changes) -> Result<Changes, LabError> {
    let mut changes = changes.clone();
    let soft_lvz = recipe::soft_lvz()?.into_iter().filter(|(name, _)| name.ends_with(".c"));
    for (name, content) in soft_lvz.chain([("Kbuild", recipe::stock()?)]) {
        changes.insert(name.to_owned(), Some(Content { bytes: content.to_vec(), executable: false }));
    }
    Ok(changes)
}
