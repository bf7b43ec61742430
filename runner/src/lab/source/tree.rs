// SPDX-License-Identifier: Apache-2.0 OR MIT
//! A tree of kernel source, and what its Makefile says of it.

use std::fs;
use std::path::{Path, PathBuf};

use super::stock::Stock;
use crate::lab::error::LabError;

#[derive(Debug, Clone)]
pub(crate) struct Source {
    pub(crate) path: PathBuf,
    /// Identifies the text for the cache; none for a tree whose text may change. Builds
    /// of texts with an identity share ccache, so it is for Debian's texts only.
    pub(crate) identity: Option<String>,
    /// The package or the commit, for the record.
    pub(crate) origin: Option<String>,
    pub(crate) version: (u32, u32),
    pub(crate) release: String,
    /// Debian's build of this source, if KVM alone is to be built; [`Self::path`] has
    /// then only the part with KVM.
    pub(crate) stock: Option<Stock>,
}

impl Source {
    /// The user's tree, if it is clean.
    pub(crate) fn user(path: &Path) -> Result<Self, LabError> {
        let path = fs::canonicalize(path)
            .map_err(|source| LabError::NoSource { path: path.to_owned(), source: Some(source) })?;
        let (version, release) = check(&path, &path)?;
        // With build products in the source, kbuild refuses O=.
        for product in [".config", "include/config", "arch/loongarch/include/generated"] {
            if path.join(product).exists() {
                return Err(LabError::BuiltInTree { path, product });
            }
        }
        Ok(Self { path, identity: None, origin: None, version, release, stock: None })
    }
}

/// Version, patch level and release of a tree that has KVM for LoongArch. `shown` is
/// its name for the user.
pub(super) fn check(tree: &Path, shown: &Path) -> Result<((u32, u32), String), LabError> {
    let Some((version, release)) = release(tree) else {
        return Err(LabError::NoSource { path: shown.to_owned(), source: None });
    };
    if !tree.join("arch/loongarch/kvm").is_dir() {
        return Err(LabError::NoKvm { path: shown.to_owned(), release });
    }
    Ok((version, release))
}

/// Version, patch level and release in a kernel's Makefile.
pub(super) fn release(tree: &Path) -> Option<((u32, u32), String)> {
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
