// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Files that are written as a whole or not at all. A file that exists is only
//! replaced by force; a link itself is replaced, and not the file behind it.

use std::fs::Permissions;
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use reglist_suite::exit;

/// A file that cannot be written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FileError {
    /// A file of that name is not to be overwritten.
    #[error("`{}` exists\n[name another file, or add --force]", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// A device, a pipe or a directory has that name.
    #[error("`{}` exists and is no regular file\n[name another file]", path.display())]
    Special {
        /// The name.
        path: PathBuf,
    },
    /// The file's directory does not exist.
    #[error("there is no directory for `{}`\n[make it, or name another file]", path.display())]
    NoDirectory {
        /// The file.
        path: PathBuf,
    },
    /// The system refuses.
    #[error("failed to write `{}`", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        #[source]
        source: io::Error,
    },
}

impl FileError {
    /// The error of a file that the system refuses to write.
    pub(crate) fn write(path: &Path) -> impl Fn(io::Error) -> Self {
        move |source| Self::Write { path: path.to_owned(), source }
    }

    /// The exit code: a wrong argument, or a machine in trouble.
    pub(crate) fn exit_code(&self) -> u8 {
        if let Self::Write { .. } = self { exit::INFRASTRUCTURE } else { exit::USAGE }
    }
}

/// Checks before a run that [`write()`] can write a file after it.
pub(crate) fn check(path: &Path, force: bool) -> Result<(), FileError> {
    if !directory(path).is_dir() {
        return Err(FileError::NoDirectory { path: path.to_owned() });
    }
    match path.symlink_metadata() {
        Ok(_) if !force => Err(FileError::Exists { path: path.to_owned() }),
        Ok(there) if !there.is_file() && !there.is_symlink() => Err(FileError::Special { path: path.to_owned() }),
        _ => Ok(()),
    }
}

/// Writes a file.
pub(crate) fn write(path: &Path, content: &str, force: bool) -> Result<(), FileError> {
    check(path, force)?;
    let failed = FileError::write(path);
    // The user's mask takes away from these.
    let everybody = Permissions::from_mode(0o666);
    let mut file = tempfile::Builder::new().permissions(everybody).tempfile_in(directory(path)).map_err(&failed)?;
    file.write_all(content.as_bytes()).map_err(&failed)?;
    // The file may have come into being since the check.
    let kept = if force { file.persist(path) } else { file.persist_noclobber(path) };
    kept.map(drop).map_err(|error| match error.error.kind() {
        io::ErrorKind::AlreadyExists => FileError::Exists { path: path.to_owned() },
        _ => failed(error.error),
    })
}

fn directory(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_file_is_replaced_by_force_alone() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("a");
        write(&path, "one", false).unwrap();
        assert!(matches!(write(&path, "two", false), Err(FileError::Exists { .. })));
        assert_eq!(fs::read_to_string(&path).unwrap(), "one");
        write(&path, "two", true).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "two");
        assert_eq!(fs::read_dir(home.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_link_is_replaced_and_not_followed() {
        let home = tempfile::tempdir().unwrap();
        let (mine, link) = (home.path().join("mine"), home.path().join("link"));
        fs::write(&mine, "mine").unwrap();
        std::os::unix::fs::symlink(&mine, &link).unwrap();
        assert!(matches!(write(&link, "x", false), Err(FileError::Exists { .. })));
        write(&link, "x", true).unwrap();
        assert_eq!(
            (fs::read_to_string(&mine).unwrap(), fs::read_to_string(&link).unwrap()),
            ("mine".into(), "x".into())
        );
    }

    #[test]
    fn what_is_no_file_stays() {
        let home = tempfile::tempdir().unwrap();
        assert!(matches!(write(home.path(), "x", true), Err(FileError::Special { .. })));
        assert!(matches!(write(&home.path().join("none/a"), "x", false), Err(FileError::NoDirectory { .. })));
    }
}
