// SPDX-License-Identifier: Apache-2.0 OR MIT
//! What both ways of building share.

use std::time::Duration;

use crate::lab::error::LabError;
use crate::lab::recipe;
use crate::lab::source::Source;
use crate::lab::toolchain::Toolchain;
use crate::system::product::Product;
use crate::system::session::Session;

/// The stage that compiles the kernel.
pub(super) const BUILD: &str = "build";
pub(super) const CONFIGURE: Duration = Duration::from_secs(5 * 60);
pub(super) const COMPILE: Duration = Duration::from_secs(60 * 60);

/// What a build needs to know.
pub(super) struct Build<'b> {
    pub(super) session: &'b Session,
    pub(super) toolchain: &'b Toolchain,
    pub(super) source: &'b Source,
    pub(super) extras: &'b Extras,
}

/// What a kernel has for an observer.
#[derive(Debug, Default)]
pub(crate) struct Extras {
    /// Objects that are instrumented for KCOV.
    pub(crate) traced: Vec<String>,
    /// Objects with debug information.
    pub(crate) described: Vec<String>,
    /// Whether it checks itself (`--debug`).
    pub(crate) is_debugged: bool,
}

impl Extras {
    /// Of a kernel that nobody observes.
    pub(super) const NONE: &Self = &Self { traced: Vec::new(), described: Vec::new(), is_debugged: false };
}

impl Build<'_> {
    /// The kernel's configuration.
    pub(super) fn config(&self) -> Result<Vec<u8>, LabError> {
        recipe::config(self.extras.is_debugged)
    }
}

/// The text of a file that the build wrote.
pub(super) fn text(product: &Product) -> Result<String, LabError> {
    let content = product.read().map_err(LabError::product(product))?;
    Ok(String::from_utf8_lossy(&content).into_owned())
}
