// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The user's specifications, for the suite in the guest.

use std::path::Path;

use reglist_suite::spec::{Source, SpecError};

/// Their directory in the guest.
pub(crate) const PLACE: &str = "/lab/specs";

/// The files of a tree, read before the build.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct OwnSpecs {
    /// Relative paths with content.
    pub(crate) files: Vec<(String, String)>,
}

impl OwnSpecs {
    /// Reads every YAML file of a tree.
    pub(crate) fn read(directory: &Path) -> Result<Self, SpecError> {
        let source = Source::Directory(directory.to_owned());
        let names = source.files().into_iter().filter(|name| name.ends_with(".yaml"));
        let files = names.map(|name| Ok((name.clone(), source.read(&name)?.content)));
        Ok(Self { files: files.collect::<Result<_, SpecError>>()? })
    }

    /// The folders of the files, parents first.
    pub(crate) fn folders(&self) -> Vec<&str> {
        let above = |name| Path::new(name).ancestors().skip(1).filter_map(Path::to_str);
        let mut folders: Vec<&str> =
            self.files.iter().flat_map(|(name, _)| above(name)).filter(|folder| !folder.is_empty()).collect();
        folders.sort_unstable();
        folders.dedup();
        folders
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn every_file_of_a_tree_is_read() {
        let directory = tempfile::tempdir().unwrap();
        fs::create_dir_all(directory.path().join("loongarch64/v6")).unwrap();
        for name in ["clauses.yaml", "loongarch64/registers.yaml", "loongarch64/v6/base.yaml", "README.md"] {
            fs::write(directory.path().join(name), name).unwrap();
        }
        let specs = OwnSpecs::read(directory.path()).unwrap();
        let names: Vec<&str> = specs.files.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["clauses.yaml", "loongarch64/registers.yaml", "loongarch64/v6/base.yaml"]);
        assert_eq!(specs.folders(), ["loongarch64", "loongarch64/v6"]);
        assert!(OwnSpecs::default().folders().is_empty());
    }
}
