// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The cache of tool chains, sources and kernels.
//!
//! An entry's name is a digest of its inputs. A run builds an entry in a scratch
//! directory and renames it when complete, so that no run uses a partial entry.
//! A lock protects each scratch directory. The next run removes the scratch
//! directories of dead runs, because the kernel releases a lock with its holder.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use crate::system::files::FileError;
use crate::system::interrupt::Interrupt;
use crate::system::output::say;
use crate::system::owner::{self, OwnerError};
use crate::system::supervise::ask;

/// How often a held lock is tried again.
const RETRY: Duration = Duration::from_millis(200);

#[derive(Debug, thiserror::Error)]
pub(crate) enum CacheError {
    #[error(
        "no directory for the cache: HOME is not an absolute path\n[set XDG_CACHE_HOME or HOME to an absolute path]"
    )]
    NoPlace,
    #[error("the cache is in use by another reglist\n[wait for its end]")]
    Busy,
    #[error("interrupted while waiting for another run that does the same work")]
    Interrupted,
    #[error(transparent)]
    Owner(#[from] OwnerError),
    #[error(transparent)]
    File(#[from] FileError),
}

#[derive(Debug)]
pub(crate) struct Cache {
    root: PathBuf,
    /// Prevents `cache --clear` during this run; none in a dry run, which never
    /// writes to the cache.
    in_use: Option<File>,
}

/// A lock until the drop.
#[derive(Debug)]
pub(crate) struct Claim(#[expect(dead_code, reason = "the lock is the point")] Option<File>);

/// A directory that the drop removes, unless it is published.
#[derive(Debug)]
pub(crate) struct Scratch {
    path: PathBuf,
    lock: Option<File>,
}

impl Cache {
    /// The cache's place: `$XDG_CACHE_HOME/reglist` or `~/.cache/reglist`.
    pub(crate) fn place() -> Result<PathBuf, CacheError> {
        let absolute = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
        absolute("XDG_CACHE_HOME")
            .or_else(|| absolute("HOME").map(|home| home.join(".cache")))
            .map(|base| base.join("reglist"))
            .ok_or(CacheError::NoPlace)
    }

    /// Opens the cache and removes the scratch directories of dead runs.
    pub(crate) fn open(root: PathBuf) -> Result<Self, CacheError> {
        owner::check(&root)?;
        owner::close(&root)?;
        for part in ["locks", "partial", "room"] {
            let path = root.join(part);
            fs::create_dir_all(&path).map_err(FileError::of("create", &path))?;
        }
        let in_use = wait_for(&root.join("locks/in-use"), File::try_lock_shared, None)?;
        let cache = Self { root, in_use: Some(in_use) };
        cache.sweep()?;
        Ok(cache)
    }

    /// The cache of a dry run; operations have no effect.
    pub(crate) fn planned(root: PathBuf) -> Self {
        Self { root, in_use: None }
    }

    pub(crate) fn clear(root: &Path) -> Result<(), CacheError> {
        if !root.exists() {
            return Ok(());
        }
        owner::check(root)?;
        let locks = root.join("locks");
        fs::create_dir_all(&locks).map_err(FileError::of("create", &locks))?;
        let path = locks.join("in-use");
        let Some(_alone) = try_lock(&path, File::try_lock)? else {
            return Err(CacheError::Busy);
        };
        for entry in fs::read_dir(root).map_err(FileError::of("read", root))?.flatten() {
            if entry.file_name() != "locks" {
                remove(&entry.path()).map_err(FileError::of("remove", &entry.path()))?;
            }
        }
        Ok(remove(&locks).map_err(FileError::of("remove", &locks))?)
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// A directory of the cache that the caller manages itself.
    pub(crate) fn directory(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    /// An empty mount point for sandboxes.
    pub(crate) fn room(&self) -> PathBuf {
        self.root.join("room")
    }

    /// The path of an entry, which may not exist.
    pub(crate) fn entry(&self, kind: &str, key: &str) -> PathBuf {
        self.root.join(kind).join(key)
    }

    /// Waits for the exclusive lock `name`.
    pub(crate) fn claim(&self, name: &str, interrupt: &Interrupt) -> Result<Claim, CacheError> {
        if self.in_use.is_none() {
            return Ok(Claim(None));
        }
        let path = self.root.join("locks").join(name);
        wait_for(&path, File::try_lock, Some(interrupt)).map(|lock| Claim(Some(lock)))
    }

    pub(crate) fn scratch(&self, name: &str) -> Result<Scratch, CacheError> {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        if self.in_use.is_none() {
            let path = self.root.join("partial").join(name);
            return Ok(Scratch { path, lock: None });
        }
        let _guard = self.guard()?;
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = self.root.join("partial").join(format!("{name}-{}-{number}", std::process::id()));
        remove(&path).map_err(FileError::of("remove", &path))?;
        let lock = try_lock(&lock_of(&path), File::try_lock)?.ok_or(CacheError::Busy)?;
        let scratch = Scratch { path, lock: Some(lock) };
        fs::create_dir_all(&scratch.path).map_err(FileError::of("create", &scratch.path))?;
        Ok(scratch)
    }

    /// Renames a scratch directory to the entry `key`; replaces a broken entry.
    pub(crate) fn publish(&self, scratch: Scratch, kind: &str, key: &str) -> Result<PathBuf, CacheError> {
        let place = self.entry(kind, key);
        if self.in_use.is_none() {
            return Ok(place);
        }
        let parent = self.root.join(kind);
        fs::create_dir_all(&parent).map_err(FileError::of("create", &parent))?;
        self.discard(&place)?;
        // After a power cut, an entry is complete or absent.
        for entry in fs::read_dir(&scratch.path).map_err(FileError::of("read", &scratch.path))?.flatten() {
            if entry.file_type().is_ok_and(|kind| kind.is_file()) {
                let path = entry.path();
                File::open(&path).and_then(|file| file.sync_all()).map_err(FileError::of("write", &path))?;
            }
        }
        fs::rename(&scratch.path, &place).map_err(FileError::of("create", &place))?;
        Ok(place)
    }

    /// Removes an entry atomically for other runs.
    pub(crate) fn discard(&self, place: &Path) -> Result<(), CacheError> {
        if fs::symlink_metadata(place).is_err() {
            return Ok(());
        }
        let away = self.scratch("discarded")?;
        match fs::rename(place, away.path.join("entry")) {
            // An entry of a lower overlayfs layer cannot be renamed, only removed.
            Err(error) if error.kind() == io::ErrorKind::CrossesDevices => remove(place),
            renamed => renamed,
        }
        .map_err(FileError::of("remove", place))?;
        Ok(())
    }

    /// Removes the scratch directories of runs that died.
    fn sweep(&self) -> Result<(), CacheError> {
        let partial = self.root.join("partial");
        let dead: Vec<(PathBuf, File)> = {
            let _guard = self.guard()?;
            let locks = fs::read_dir(&partial).map_err(FileError::of("read", &partial))?;
            locks
                .flatten()
                .map(|entry| entry.path())
                .filter(|path| path.extension().is_some_and(|extension| extension == "lock"))
                .filter_map(|path| {
                    let lock = try_lock(&path, File::try_lock).ok().flatten()?;
                    Some((path, lock))
                })
                .collect()
        };
        for (lock_path, _lock) in dead {
            let path = lock_path.with_extension("");
            remove(&path).map_err(FileError::of("remove", &path))?;
            remove(&lock_path).map_err(FileError::of("remove", &lock_path))?;
        }
        Ok(())
    }

    /// Protects a new scratch directory from [`Self::sweep`] until it has a lock.
    fn guard(&self) -> Result<File, CacheError> {
        wait_for(&self.root.join("locks/partial"), File::try_lock, None)
    }
}

impl Scratch {
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // If this fails, the lock file remains and the next run tries again.
        if self.lock.is_some() && remove(&self.path).is_ok() {
            let _ = remove(&lock_of(&self.path));
        }
    }
}

/// Bytes and files below a directory.
pub(crate) fn size(path: &Path) -> (u64, u64) {
    let mut total = (0, 0);
    let Ok(entries) = fs::read_dir(path) else {
        return total;
    };
    for entry in entries.flatten() {
        let Ok(metadata) = entry.metadata() else { continue };
        let (bytes, files) = if metadata.is_dir() { size(&entry.path()) } else { (metadata.len(), 1) };
        total = (total.0 + bytes, total.1 + files);
    }
    total
}

/// Removes a file or a tree, if it exists. Retries, because processes of a dying
/// run may still write. Permissions and depth are what a patch wants, so the tools
/// that handle all of them get a try too.
pub(crate) fn remove(path: &Path) -> io::Result<()> {
    let mut attempts = 0;
    loop {
        let removed = match fs::symlink_metadata(path) {
            Err(error) => Err(error),
            Ok(metadata) if metadata.is_dir() => fs::remove_dir_all(path),
            Ok(_) => fs::remove_file(path),
        };
        match removed {
            Ok(()) => return Ok(()),
            Err(error) if error.kind() == io::ErrorKind::NotFound && fs::symlink_metadata(path).is_err() => {
                return Ok(());
            }
            Err(error) if attempts >= 10 => return Err(error),
            Err(_) => {
                attempts += 1;
                let _ = ask(Command::new("chmod").args(["-R", "u+rwX", "--"]).arg(path));
                let _ = ask(Command::new("rm").args(["-r", "-f", "--"]).arg(path));
                thread::sleep(RETRY);
            }
        }
    }
}

/// `File::try_lock` or `File::try_lock_shared`.
type Lock = fn(&File) -> Result<(), TryLockError>;

/// Takes a lock, or returns none if another process has it.
pub(crate) fn try_lock(path: &Path, lock: Lock) -> Result<Option<File>, FileError> {
    let file =
        File::options().create(true).truncate(false).write(true).open(path).map_err(FileError::of("open", path))?;
    match lock(&file) {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(source)) => Err(FileError::of("lock", path)(source)),
    }
}

fn lock_of(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    name.into()
}

fn wait_for(path: &Path, lock: Lock, interrupt: Option<&Interrupt>) -> Result<File, CacheError> {
    let mut told = interrupt.is_none();
    loop {
        if let Some(lock) = try_lock(path, lock)? {
            return Ok(lock);
        }
        if interrupt.is_some_and(Interrupt::requested) {
            return Err(CacheError::Interrupted);
        }
        if !told {
            say("reglist: waiting for another run that does the same work");
            told = true;
        }
        thread::sleep(RETRY);
    }
}

#[cfg(test)]
mod tests;
