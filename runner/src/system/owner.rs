// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The owner of the cache. The lab runs programs from the cache, so no other user
//! may write to it. Its directory is closed to other users.

use std::fs::{self, DirBuilder, Metadata, Permissions};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use nix::unistd::geteuid;

use crate::system::files::FileError;

const OTHERS: u32 = 0o077;
const GROUP_OR_OTHERS_WRITE: u32 = 0o022;
/// A group may well be the user's own (umask 002).
const OTHERS_WRITE: u32 = 0o002;
const STICKY: u32 = 0o1000;

#[derive(Debug, thiserror::Error)]
pub(crate) enum OwnerError {
    #[error("`{}` belongs to user {owner}, and reglist runs as user {user}\n[set XDG_CACHE_HOME to a directory of your own]", path.display())]
    Foreign { path: PathBuf, owner: u32, user: u32 },
    #[error("other users can write to `{}`\n[set XDG_CACHE_HOME to a directory of your own, or, if you trust these users, run `chmod {fix}`]", path.display())]
    Open { path: PathBuf, fix: String },
    #[error(transparent)]
    File(#[from] FileError),
}

/// Checks that no other user has written to a cache or can replace it.
pub(crate) fn check(root: &Path) -> Result<(), OwnerError> {
    above(root)?;
    let Ok(found) = fs::metadata(root) else {
        return Ok(());
    };
    above(&fs::canonicalize(root).map_err(FileError::of("read", root))?)?;
    let all = || format!("-R go-w {}", root.display());
    is_own(root, &found)?;
    is_closed(root, &found, GROUP_OR_OTHERS_WRITE, all)?;
    for entry in fs::read_dir(root).map_err(FileError::of("read", root))?.flatten() {
        let path = entry.path();
        let Ok(part) = fs::metadata(&path) else { continue };
        is_own(&path, &part)?;
        if found.mode() & OTHERS != 0 {
            is_closed(&path, &part, GROUP_OR_OTHERS_WRITE, all)?;
        }
    }
    Ok(())
}

/// Checks the directory that has, or will have, the cache.
fn above(root: &Path) -> Result<(), OwnerError> {
    let existing = root.ancestors().skip(1).find_map(|path| Some((path, fs::metadata(path).ok()?)));
    let Some((path, found)) = existing else { return Ok(()) };
    if found.uid() != 0 {
        is_own(path, &found)?;
    }
    if found.mode() & STICKY == 0 {
        is_closed(path, &found, OTHERS_WRITE, || format!("o-w {}", path.display()))?;
    }
    Ok(())
}

/// Creates the cache's directory, closed to other users, or closes it.
pub(crate) fn close(root: &Path) -> Result<(), FileError> {
    DirBuilder::new().recursive(true).mode(0o700).create(root).map_err(FileError::of("create", root))?;
    if fs::metadata(root).map_err(FileError::of("read", root))?.mode() & OTHERS != 0 {
        fs::set_permissions(root, Permissions::from_mode(0o700)).map_err(FileError::of("close", root))?;
    }
    Ok(())
}

fn is_own(path: &Path, found: &Metadata) -> Result<(), OwnerError> {
    let (owner, user) = (found.uid(), geteuid().as_raw());
    if owner == user { Ok(()) } else { Err(OwnerError::Foreign { path: path.to_owned(), owner, user }) }
}

fn is_closed(path: &Path, found: &Metadata, bits: u32, fix: impl Fn() -> String) -> Result<(), OwnerError> {
    let is_closed = found.mode() & bits == 0;
    if is_closed { Ok(()) } else { Err(OwnerError::Open { path: path.to_owned(), fix: fix() }) }
}
