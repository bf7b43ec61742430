// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The kernel's source: a Debian package in the cache, or the user's tree. The lab
//! never writes to either.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::apt::Apt;
use super::error::LabError;
use super::toolchain::Toolchain;
use crate::system::digest::Key;
use crate::system::files::FileError;
use crate::system::sandbox::{Mount, Room};
use crate::system::session::Session;
use crate::system::stage::{Stage, Step};

const RECIPE: u32 = 1;
const LIMIT: Duration = Duration::from_secs(30 * 60);

#[derive(Debug, Clone)]
pub(crate) struct Source {
    pub(crate) path: PathBuf,
    /// Identifies the text for the cache; none for a tree that the user may edit.
    pub(crate) identity: Option<String>,
    pub(crate) version: (u32, u32),
    pub(crate) release: String,
}

/// A kernel with a Debian source package.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DebianKernel {
    V7_2,
    V6_12,
}

impl fmt::Display for DebianKernel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl DebianKernel {
    pub(crate) const ALL: [Self; 2] = [Self::V7_2, Self::V6_12];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::V7_2 => "7.2",
            Self::V6_12 => "6.12",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kernel| kernel.name() == name)
    }

    fn package(self) -> &'static str {
        match self {
            Self::V7_2 => "linux-source-7.2",
            Self::V6_12 => "linux-source-6.12",
        }
    }

    /// The Debian suite that has the package.
    pub(crate) fn suite(self) -> &'static str {
        match self {
            Self::V7_2 => "sid",
            Self::V6_12 => "trixie",
        }
    }

    fn version(self) -> (u32, u32) {
        match self {
            Self::V7_2 => (7, 2),
            Self::V6_12 => (6, 12),
        }
    }
}

impl Source {
    /// The source of a Debian package. `lists` are package lists of the suite `sid`.
    pub(crate) fn debian(
        session: &Session,
        toolchain: &Toolchain,
        kernel: DebianKernel,
        lists: Option<Apt>,
    ) -> Result<Self, LabError> {
        let key = key(kernel);
        let place = session.cache().entry("sources", &key);
        if let Some(found) = Self::at(&place) {
            if session.planning() {
                session.plan(&format!("\n# source: in the cache, {}", place.display()));
            }
            return Ok(found);
        }
        let mut stage = Stage::new(session, "source", LIMIT)?;
        if session.planning() {
            Self::fetch(session, &mut stage, toolchain, kernel, lists, &place)?;
            return Ok(Self {
                path: place.join("tree"),
                identity: Some(key),
                version: kernel.version(),
                release: kernel.package().to_owned(),
            });
        }
        let _claim = session.cache().claim(&format!("source-{key}"), session.interrupt())?;
        if let Some(found) = Self::at(&place) {
            return Ok(found);
        }
        let scratch = session.cache().scratch("source")?;
        let package = Self::fetch(session, &mut stage, toolchain, kernel, lists, scratch.path())?;
        let name = scratch.path().join("package");
        fs::write(&name, package).map_err(FileError::of("write", &name))?;
        let place = session.cache().publish(scratch, "sources", &key)?;
        stage.done(&format!("{} unpacked", kernel.package()));
        Self::at(&place).ok_or(LabError::Incomplete { what: "kernel source", path: place })
    }

    fn fetch(
        session: &Session,
        stage: &mut Stage<'_>,
        toolchain: &Toolchain,
        kernel: DebianKernel,
        lists: Option<Apt>,
        place: &Path,
    ) -> Result<String, LabError> {
        let apt = match lists {
            Some(lists) if kernel.suite() == "sid" => lists,
            _ => Apt::new(session, stage, kernel.suite())?,
        };
        apt.fetch_alone(stage, kernel.package())?;
        let deb = match session.planning() {
            true => apt.archives().join(format!("{}.deb", kernel.package())),
            false => apt.package(kernel.package())?,
        };
        stage.bar().message("unpacking");
        let open = Step::new(&Room::host(), ["dpkg-deb", "-x"]).argument(&deb).argument(place.join("package.d"));
        stage.run(&open)?;
        let room = toolchain.room(session).with(Mount::Writable { from: place.to_owned(), to: "/entry" });
        let command = "mkdir /entry/tree && tar -C /entry/tree -x --strip-components=1 --no-same-owner \
                       -I 'xz -T0' -f \"/entry/package.d/usr/src/$1.tar.xz\" && rm -r /entry/package.d";
        stage.run(&toolchain.step(&room, ["sh", "-c", command, "sh"]).argument(kernel.package()))?;
        Ok(deb.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default())
    }

    fn at(place: &Path) -> Option<Self> {
        let package = fs::read_to_string(place.join("package")).ok()?;
        let path = place.join("tree");
        let (version, release) = release(&path)?;
        path.join("Kconfig").exists().then_some(Self { path, identity: Some(package), version, release })
    }

    /// The user's tree, if it is clean.
    pub(crate) fn user(path: &Path) -> Result<Self, LabError> {
        let path = fs::canonicalize(path)
            .map_err(|source| LabError::NoSource { path: path.to_owned(), source: Some(source) })?;
        let Some((version, release)) = release(&path) else {
            return Err(LabError::NoSource { path, source: None });
        };
        if !path.join("arch/loongarch/kvm").is_dir() {
            return Err(LabError::NoKvm { path, release });
        }
        // With build products in the source, kbuild refuses O=.
        for product in [".config", "include/config", "arch/loongarch/include/generated"] {
            if path.join(product).exists() {
                return Err(LabError::BuiltInTree { path, product });
            }
        }
        Ok(Self { path, identity: None, version, release })
    }
}

/// The source's entry in the cache.
fn key(kernel: DebianKernel) -> String {
    Key::new("source", RECIPE).with(kernel.package()).finish()
}

/// Whether the cache has the source.
pub(crate) fn in_cache(root: &Path, kernel: DebianKernel) -> bool {
    Source::at(&root.join("sources").join(key(kernel))).is_some()
}

/// Version, patch level and release in a kernel's Makefile.
fn release(tree: &Path) -> Option<((u32, u32), String)> {
    let makefile = fs::read_to_string(tree.join("Makefile")).ok()?;
    let field = |name: &str| {
        makefile.lines().take(20).find_map(|line| {
            let (key, value) = line.split_once('=')?;
            (key.trim() == name).then(|| value.trim().to_owned())
        })
    };
    let (version, level) = (field("VERSION")?, field("PATCHLEVEL")?);
    let sublevel = field("SUBLEVEL").unwrap_or_else(|| "0".to_owned());
    let extra = field("EXTRAVERSION").unwrap_or_default();
    let numbers = (version.parse().ok()?, level.parse().ok()?);
    Some((numbers, format!("{version}.{level}.{sublevel}{extra}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(makefile: &str) -> tempfile::TempDir {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("Makefile"), makefile).unwrap();
        fs::create_dir_all(directory.path().join("arch/loongarch/kvm")).unwrap();
        directory
    }

    const MAKEFILE: &str = "VERSION = 7\nPATCHLEVEL = 2\nSUBLEVEL = 13\nEXTRAVERSION = -rc1\n";

    #[test]
    fn a_tree_tells_its_release() {
        let source = Source::user(tree(MAKEFILE).path()).unwrap();
        assert_eq!((source.version, source.release.as_str()), ((7, 2), "7.2.13-rc1"));
        assert_eq!(source.identity, None);
    }

    #[test]
    fn what_is_not_a_kernel_tree_is_refused() {
        let empty = tempfile::tempdir().unwrap();
        assert!(matches!(Source::user(empty.path()), Err(LabError::NoSource { source: None, .. })));
        let missing = empty.path().join("missing");
        assert!(matches!(Source::user(&missing), Err(LabError::NoSource { source: Some(_), .. })));
    }

    #[test]
    fn a_tree_that_was_built_in_is_refused() {
        let tree = tree(MAKEFILE);
        fs::write(tree.path().join(".config"), "").unwrap();
        assert!(matches!(Source::user(tree.path()), Err(LabError::BuiltInTree { .. })));
    }
}
