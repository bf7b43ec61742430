// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Debian's own build of a kernel for LoongArch: its image, and the headers for modules.

use std::fs;
use std::path::{Path, PathBuf};

use crate::lab::error::LabError;
use crate::system::files::FileError;

/// Directory of the packages' files in a source's entry.
pub(super) const PLACE: &str = "stock";
/// Where a build sees that directory.
pub(crate) const MOUNT: &str = "/stock";

/// The files of Debian's build.
#[derive(Debug, Clone)]
pub(crate) struct Stock {
    pub(crate) path: PathBuf,
    /// The kernel's name in package names, such as `7.2.13+deb14`.
    pub(crate) kernel: String,
}

impl Stock {
    /// The build in a directory, if its image and headers are there.
    pub(super) fn at(path: &Path, kernel: &str) -> Option<Self> {
        let stock = Self { path: path.to_owned(), kernel: kernel.to_owned() };
        let is_whole = path.join(stock.image()).exists() && path.join(stock.headers()).join("Module.symvers").exists();
        is_whole.then_some(stock)
    }

    /// The path of the image below [`Self::path`].
    pub(crate) fn image(&self) -> PathBuf {
        format!("usr/lib/modules/{}-loong64/vmlinuz", self.kernel).into()
    }

    /// The path of the headers below [`Self::path`].
    pub(crate) fn headers(&self) -> PathBuf {
        headers(&self.kernel).into()
    }
}

fn headers(kernel: &str) -> String {
    format!("usr/src/linux-headers-{kernel}-loong64")
}

/// The packages of a build, as apt takes their names.
pub(super) fn packages(kernel: &str) -> Vec<String> {
    vec![
        format!("linux-binary-{kernel}-loong64:loong64"),
        format!("linux-headers-{kernel}-common"),
        format!("linux-headers-{kernel}-loong64:loong64"),
        format!("linux-kbuild-{kernel}"),
    ]
}

/// Makes the headers usable at [`MOUNT`]. Their links are relative, but their Makefile
/// has absolute paths.
pub(super) fn adapt(path: &Path, kernel: &str) -> Result<(), LabError> {
    let makefile = path.join(headers(kernel)).join("Makefile");
    let text = fs::read_to_string(&makefile).map_err(FileError::of("read", &makefile))?;
    let text = text.replace("/usr/src/", &format!("{MOUNT}/usr/src/"));
    Ok(fs::write(&makefile, text).map_err(FileError::of("write", &makefile))?)
}
