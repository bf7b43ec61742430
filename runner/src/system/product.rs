// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Files that a confined command wrote. A patch decides what they are: links to
//! files of the user, pipes that block the reader, or endless zeros.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Component, Path, PathBuf};

use nix::fcntl::OFlag;

/// A debug kernel has some hundred megabytes.
const LARGEST: u64 = 1 << 30;

/// A file below a directory that a confined command could write to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Product {
    below: PathBuf,
    name: PathBuf,
}

impl Product {
    pub(crate) fn new(below: &Path, name: impl AsRef<Path>) -> Self {
        Self { below: below.to_owned(), name: name.as_ref().to_owned() }
    }

    /// The path below the directory.
    pub(crate) fn name(&self) -> &Path {
        &self.name
    }

    /// The last part of the name.
    pub(crate) fn file_name(&self) -> String {
        self.name.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// Reads the file, if it is a regular file of limited size and no link is on the
    /// way to it. The command must have ended.
    pub(crate) fn read(&self) -> io::Result<Vec<u8>> {
        let refused = |problem| Err(io::Error::new(io::ErrorKind::InvalidData, problem));
        if !self.name.components().all(|part| matches!(part, Component::Normal(_))) {
            return refused("its name leaves the build directory");
        }
        let path = self.below.join(&self.name);
        if fs::canonicalize(&path)? != fs::canonicalize(&self.below)?.join(&self.name) {
            return refused("it is a symbolic link");
        }
        let mut file = File::options().read(true).custom_flags(OFlag::O_NONBLOCK.bits()).open(&path)?;
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return refused("it is not a regular file");
        }
        if metadata.len() > LARGEST {
            return refused("it is larger than 1 GiB");
        }
        let mut content = Vec::new();
        file.read_to_end(&mut content)?;
        Ok(content)
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use nix::sys::stat::Mode;
    use nix::unistd::mkfifo;

    use super::*;

    #[test]
    fn a_file_of_the_build_is_read_and_nothing_else() {
        let directory = tempfile::tempdir().unwrap();
        let build = directory.path().join("build");
        fs::create_dir_all(build.join("kvm")).unwrap();
        fs::create_dir(directory.path().join("home")).unwrap();
        for name in ["secret", "home/kvm.ko", "build/kvm/kvm.ko"] {
            fs::write(directory.path().join(name), name).unwrap();
        }
        symlink("../secret", build.join("vmlinux")).unwrap();
        symlink("../home", build.join("lib")).unwrap();
        symlink("kvm/kvm.ko", build.join("inside.ko")).unwrap();
        mkfifo(&build.join("pipe.ko"), Mode::S_IRWXU).unwrap();
        fs::create_dir(build.join("directory.ko")).unwrap();
        let huge = File::create(build.join("huge.ko")).unwrap();
        huge.set_len(LARGEST + 1).unwrap();

        let read = |name: &str| Product::new(&build, name).read();
        assert_eq!(read("kvm/kvm.ko").unwrap(), b"build/kvm/kvm.ko");
        let absolute = directory.path().join("secret").display().to_string();
        for (name, problem) in [
            ("vmlinux", "it is a symbolic link"),
            ("lib/kvm.ko", "it is a symbolic link"),
            ("inside.ko", "it is a symbolic link"),
            ("../secret", "its name leaves the build directory"),
            ("kvm/../../secret", "its name leaves the build directory"),
            (&absolute, "its name leaves the build directory"),
            ("pipe.ko", "it is not a regular file"),
            ("directory.ko", "it is not a regular file"),
            ("huge.ko", "it is larger than 1 GiB"),
        ] {
            assert_eq!(read(name).unwrap_err().to_string(), problem, "{name}");
        }
        // The way to the directory itself may have links.
        symlink("build", directory.path().join("link")).unwrap();
        assert!(Product::new(&directory.path().join("link"), "kvm/kvm.ko").read().is_ok());
    }
}
