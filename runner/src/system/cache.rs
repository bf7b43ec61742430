// SPDX-License-Identifier: Apache-2.0 OR MIT
//! What one run makes and the next one need not: tool chain, sources, kernels.
//!
//! An entry's name is a digest of what went into it. It is made beside its
//! place, in a scratch directory, and renamed when it is whole, so that a
//! half-made entry is never mistaken for one. Scratch directories of runs that
//! died are removed by the next run; a lock, which the kernel drops with its
//! holder, tells the dead from the living.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use crate::system::interrupt::Interrupt;
use crate::system::output::say;

/// How often a held lock is tried again.
const RETRY: Duration = Duration::from_millis(200);

/// The cache cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CacheError {
    /// No place for it.
    #[error("no directory for the cache\n[set XDG_CACHE_HOME or HOME to an absolute path]")]
    NoPlace,
    /// Another run uses what is to be removed.
    #[error("the cache is in use\n[wait until the other reglist has ended]")]
    Busy,
    /// The user did not want to wait for another run.
    #[error("interrupted while another run was busy with the same work")]
    Interrupted,
    /// A file operation failed.
    #[error("failed to {action} `{}`{}", path.display(), remedy(source))]
    File {
        /// What was tried.
        action: &'static str,
        /// With what.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
}

fn remedy(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "\n[make room, or set XDG_CACHE_HOME to a directory on a larger disk]"
        }
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            "\n[set XDG_CACHE_HOME to a directory that you can write]"
        }
        _ => "",
    }
}

fn failed<'p>(action: &'static str, path: &'p Path) -> impl Fn(io::Error) -> CacheError + use<'p> {
    move |source| CacheError::File { action, path: path.to_owned(), source }
}

/// The cache of one user.
#[derive(Debug)]
pub(crate) struct Cache {
    root: PathBuf,
    /// Held while this run lives, so that nobody clears the cache under it. A
    /// cache that is only talked about has none, and is never written to.
    in_use: Option<File>,
}

/// A lock that is held until it is dropped.
#[derive(Debug)]
pub(crate) struct Claim(#[expect(dead_code, reason = "the lock is the point")] Option<File>);

/// A directory that goes away unless it is published.
#[derive(Debug)]
pub(crate) struct Scratch {
    path: PathBuf,
    lock_path: PathBuf,
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

    /// Opens the cache, and removes what dead runs left.
    pub(crate) fn open(root: PathBuf) -> Result<Self, CacheError> {
        for part in ["locks", "partial", "room"] {
            let path = root.join(part);
            fs::create_dir_all(&path).map_err(failed("make", &path))?;
        }
        let in_use = wait_for(&root.join("locks/in-use"), Lock::Shared, None)?;
        let cache = Self { root, in_use: Some(in_use) };
        cache.sweep()?;
        Ok(cache)
    }

    /// The cache without touching it: what is asked of it has no effect.
    pub(crate) fn planned(root: PathBuf) -> Self {
        Self { root, in_use: None }
    }

    /// Removes everything.
    pub(crate) fn clear(root: &Path) -> Result<(), CacheError> {
        if !root.exists() {
            return Ok(());
        }
        let locks = root.join("locks");
        fs::create_dir_all(&locks).map_err(failed("make", &locks))?;
        let path = locks.join("in-use");
        let Some(_alone) = try_lock(&path, Lock::Alone)? else {
            return Err(CacheError::Busy);
        };
        for entry in fs::read_dir(root).map_err(failed("read", root))?.flatten() {
            if entry.file_name() != "locks" {
                remove(&entry.path()).map_err(failed("remove", &entry.path()))?;
            }
        }
        remove(&locks).map_err(failed("remove", &locks))
    }

    /// A directory of the cache that the caller manages itself.
    pub(crate) fn directory(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    /// An empty directory on which rooms are put together.
    pub(crate) fn room(&self) -> PathBuf {
        self.root.join("room")
    }

    /// Where an entry is or will be.
    pub(crate) fn entry(&self, kind: &str, key: &str) -> PathBuf {
        self.root.join(kind).join(key)
    }

    /// Waits until nobody else makes or changes `name`.
    pub(crate) fn claim(&self, name: &str, interrupt: &Interrupt) -> Result<Claim, CacheError> {
        if self.in_use.is_none() {
            return Ok(Claim(None));
        }
        let path = self.root.join("locks").join(name);
        wait_for(&path, Lock::Alone, Some(interrupt)).map(|lock| Claim(Some(lock)))
    }

    /// A scratch directory that is removed with this run at the latest.
    pub(crate) fn scratch(&self, name: &str) -> Result<Scratch, CacheError> {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        if self.in_use.is_none() {
            let path = self.root.join("partial").join(name);
            return Ok(Scratch { lock_path: lock_of(&path), path, lock: None });
        }
        let _guard = self.guard()?;
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = self.root.join("partial").join(format!("{name}-{}-{number}", std::process::id()));
        let lock_path = lock_of(&path);
        remove(&path).map_err(failed("remove", &path))?;
        let lock = try_lock(&lock_path, Lock::Alone)?.ok_or(CacheError::Busy)?;
        let scratch = Scratch { path, lock_path, lock: Some(lock) };
        fs::create_dir_all(&scratch.path).map_err(failed("make", &scratch.path))?;
        Ok(scratch)
    }

    /// Makes a scratch directory the entry `key`, replacing one that is broken.
    pub(crate) fn publish(&self, scratch: Scratch, kind: &str, key: &str) -> Result<PathBuf, CacheError> {
        let place = self.entry(kind, key);
        if self.in_use.is_none() {
            return Ok(place);
        }
        let parent = self.root.join(kind);
        fs::create_dir_all(&parent).map_err(failed("make", &parent))?;
        self.discard(&place)?;
        fs::rename(&scratch.path, &place).map_err(failed("make", &place))?;
        Ok(place)
    }

    /// Removes an entry, at once as far as other runs can see.
    pub(crate) fn discard(&self, place: &Path) -> Result<(), CacheError> {
        if fs::symlink_metadata(place).is_err() {
            return Ok(());
        }
        let away = self.scratch("discarded")?;
        fs::rename(place, away.path.join("entry")).map_err(failed("remove", place))
    }

    /// Removes the scratch directories of runs that died.
    fn sweep(&self) -> Result<(), CacheError> {
        let partial = self.root.join("partial");
        let dead: Vec<(PathBuf, File)> = {
            let _guard = self.guard()?;
            let locks = fs::read_dir(&partial).map_err(failed("read", &partial))?;
            locks
                .flatten()
                .map(|entry| entry.path())
                .filter(|path| path.extension().is_some_and(|extension| extension == "lock"))
                .filter_map(|path| {
                    let lock = try_lock(&path, Lock::Alone).ok().flatten()?;
                    Some((path, lock))
                })
                .collect()
        };
        for (lock_path, _lock) in dead {
            let path = lock_path.with_extension("");
            remove(&path).map_err(failed("remove", &path))?;
            remove(&lock_path).map_err(failed("remove", &lock_path))?;
        }
        Ok(())
    }

    /// Keeps a scratch directory from being swept before its lock is taken.
    fn guard(&self) -> Result<File, CacheError> {
        wait_for(&self.root.join("locks/partial"), Lock::Alone, None)
    }
}

impl Scratch {
    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if self.lock.is_none() {
            return;
        }
        // What cannot be removed now is removed by the next run, as long as
        // its lock file is there.
        if remove(&self.path).is_ok() {
            let _ = remove(&self.lock_path);
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

/// Removes a file or a tree, if it exists. Processes that a dying run took with
/// it may still write for a moment, hence the patience.
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
                thread::sleep(RETRY);
            }
        }
    }
}

/// Whether others may hold the lock as well.
#[derive(Debug, Clone, Copy)]
enum Lock {
    Shared,
    Alone,
}

/// Takes a lock unless somebody is in the way; it lasts as long as the file.
fn try_lock(path: &Path, kind: Lock) -> Result<Option<File>, CacheError> {
    let file = File::options().create(true).truncate(false).write(true).open(path).map_err(failed("open", path))?;
    let locked = match kind {
        Lock::Shared => file.try_lock_shared(),
        Lock::Alone => file.try_lock(),
    };
    match locked {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(source)) => Err(failed("lock", path)(source)),
    }
}

/// The lock file beside a scratch directory.
fn lock_of(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    name.into()
}

fn wait_for(path: &Path, kind: Lock, interrupt: Option<&Interrupt>) -> Result<File, CacheError> {
    let mut told = interrupt.is_none();
    loop {
        if let Some(lock) = try_lock(path, kind)? {
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
mod tests {
    use super::*;

    fn cache() -> (tempfile::TempDir, Cache) {
        let directory = tempfile::tempdir().unwrap();
        let cache = Cache::open(directory.path().join("reglist")).unwrap();
        (directory, cache)
    }

    #[test]
    fn a_planned_cache_is_never_written_to() {
        let directory = tempfile::tempdir().unwrap();
        let cache = Cache::planned(directory.path().join("reglist"));
        let _claim = cache.claim("x", &Interrupt::default()).unwrap();
        let scratch = cache.scratch("tree").unwrap();
        assert_eq!(cache.publish(scratch, "trees", "k").unwrap(), cache.entry("trees", "k"));
        drop(cache.scratch("other").unwrap());
        assert!(!directory.path().join("reglist").exists());
    }

    #[test]
    fn a_scratch_directory_vanishes_unless_published() {
        let (_directory, cache) = cache();
        let dropped = cache.scratch("a").unwrap();
        let path = dropped.path().to_owned();
        drop(dropped);
        assert!(!path.exists());

        let kept = cache.scratch("a").unwrap();
        fs::write(kept.path().join("file"), "x").unwrap();
        let place = cache.publish(kept, "trees", "k").unwrap();
        assert!(place.join("file").exists());
        assert_eq!(fs::read_dir(cache.directory("partial")).unwrap().count(), 0);
    }

    #[test]
    fn publishing_replaces_a_broken_entry() {
        let (_directory, cache) = cache();
        let place = cache.entry("trees", "k");
        fs::create_dir_all(&place).unwrap();
        fs::write(place.join("broken"), "x").unwrap();
        let whole = cache.scratch("a").unwrap();
        cache.publish(whole, "trees", "k").unwrap();
        assert!(!place.join("broken").exists());
    }

    #[test]
    fn the_next_run_sweeps_what_a_dead_one_left_and_only_that() {
        let (_directory, cache) = cache();
        let living = cache.scratch("living").unwrap();
        let dead = cache.directory("partial").join("dead-1-0");
        fs::create_dir_all(&dead).unwrap();
        fs::write(lock_of(&dead), "").unwrap();
        let again = Cache::open(cache.root.clone()).unwrap();
        assert!(!dead.exists());
        assert!(living.path().exists());
        drop(again);
    }

    #[test]
    fn a_cache_in_use_is_not_cleared() {
        let (_directory, cache) = cache();
        let root = cache.root.clone();
        assert!(matches!(Cache::clear(&root), Err(CacheError::Busy)));
        drop(cache);
        Cache::clear(&root).unwrap();
        assert_eq!(fs::read_dir(&root).unwrap().count(), 0);
    }

    #[test]
    fn waiting_for_another_run_can_be_interrupted() {
        let (_directory, cache) = cache();
        let interrupt = Interrupt::default();
        let _held = cache.claim("x", &interrupt).unwrap();
        interrupt.add();
        assert!(matches!(cache.claim("x", &interrupt), Err(CacheError::Interrupted)));
    }
}
