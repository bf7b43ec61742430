// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The error of every file operation, and atomic writes of report files.
//!
//! A write replaces an existing file only with `force`. It replaces a symbolic
//! link, not the link's target.

use std::fs::Permissions;
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use reglist_suite::exit;

#[derive(Debug, thiserror::Error)]
pub(crate) enum FileError {
    #[error("`{}` exists\n[name another file, or add --force]", path.display())]
    Exists { path: PathBuf },
    #[error("`{}` exists and is not a regular file\n[name another file]", path.display())]
    Special { path: PathBuf },
    #[error("`{}` is not empty\n[name another directory, or add --force]", path.display())]
    Occupied { path: PathBuf },
    #[error("the directory of `{}` does not exist\n[create it, or name another file]", path.display())]
    NoDirectory { path: PathBuf },
    #[error("failed to {action} `{}`{}", path.display(), remedy(source))]
    Failed { action: &'static str, path: PathBuf, source: io::Error },
}

impl FileError {
    /// The error of a file operation that the system refuses.
    pub(crate) fn of<'p>(action: &'static str, path: &'p Path) -> impl Fn(io::Error) -> Self + use<'p> {
        move |source| Self::Failed { action, path: path.to_owned(), source }
    }

    pub(crate) fn write(path: &Path) -> impl Fn(io::Error) -> Self + use<'_> {
        Self::of("write", path)
    }

    /// The exit code: a wrong argument, or infrastructure trouble.
    pub(crate) fn exit_code(&self) -> u8 {
        if let Self::Failed { .. } = self { exit::INFRASTRUCTURE } else { exit::USAGE }
    }
}

fn remedy(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "\n[free disk space; for the cache, set XDG_CACHE_HOME to a directory on a larger disk]"
        }
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            "\n[use a directory with the required permissions; for the cache, set XDG_CACHE_HOME]"
        }
        io::ErrorKind::NotADirectory | io::ErrorKind::AlreadyExists => {
            "\n[remove the file that is in the place of a directory, or name another directory; for the cache, set XDG_CACHE_HOME]"
        }
        _ => "",
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

pub(crate) fn write(path: &Path, content: &str, force: bool) -> Result<(), FileError> {
    check(path, force)?;
    let failed = FileError::write(path);
    // The kernel applies the user's umask.
    let everybody = Permissions::from_mode(0o666);
    let mut file = tempfile::Builder::new().permissions(everybody).tempfile_in(directory(path)).map_err(&failed)?;
    file.write_all(content.as_bytes()).map_err(&failed)?;
    // Another process may have created the file since the check.
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
