// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The directory of a run's results: events, console, logs.
//!
//! By default: a timestamped directory in the cache, which keeps the last 20.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::system::cache::{Cache, remove};
use crate::system::files::FileError;

/// Directories of results that the cache keeps.
const KEPT: usize = 20;

/// Events as JSON lines.
pub(crate) const EVENTS: &str = "events.jsonl";
/// Lines of the target that are not events.
pub(crate) const STRAY: &str = "stray.txt";
/// Logs of the stages.
pub(crate) const LOGS: &str = "logs";
pub(crate) const MATRIX: &str = "matrix.json";
pub(crate) const PAGE: &str = "report.html";
/// Console of the lab's machine, one file per boot.
pub(crate) const CONSOLE: &str = "console.log";
/// Kernel log of a board, one file per boot.
pub(crate) const KERNEL_LOG: &str = "kernel.log";
/// Standard error of the suite on a board, one file per start.
pub(crate) const SUITE_ERRORS: &str = "suite-stderr.txt";
/// State of a run on a board, for `--resume`.
pub(crate) const STATE: &str = "board";

/// A directory of the user; must be empty without `force`.
pub(crate) fn named(path: &Path, force: bool) -> Result<PathBuf, FileError> {
    let unusable = FileError::of("use", path);
    fs::create_dir_all(path).map_err(&unusable)?;
    let occupied = fs::read_dir(path).map_err(&unusable)?.next().is_some();
    if occupied && !force {
        return Err(FileError::Occupied { path: path.to_owned() });
    }
    let path = fs::canonicalize(path).map_err(&unusable)?;
    for entry in fs::read_dir(&path).map_err(&unusable)? {
        let entry = entry.map_err(&unusable)?;
        if entry.file_name().to_str().is_some_and(is_own) {
            remove(&entry.path()).map_err(&unusable)?;
        }
    }
    Ok(path)
}

/// A new directory in the cache; removes the oldest ones, except those of running
/// commands and of runs on a board that can continue. The directory is in use until
/// the drop of the lock.
pub(crate) fn in_cache(cache: &Cache) -> Result<(PathBuf, File), FileError> {
    let runs = cache.directory("runs");
    let unusable = FileError::of("use", &runs);
    fs::create_dir_all(&runs).map_err(&unusable)?;
    let time = humantime::format_rfc3339_seconds(SystemTime::now()).to_string().replace(':', "");
    let path = runs.join(format!("{time}-{}", std::process::id()));
    let entries = fs::read_dir(&runs).map_err(&unusable)?;
    let mut old: Vec<PathBuf> = entries.filter_map(|entry| entry.ok().map(|entry| entry.path())).collect();
    // The clock was wrong for directories with later times; they count as the oldest.
    old.sort_by_key(|old| (*old <= path, old.clone()));
    let removable = old.iter().take(old.len().saturating_sub(KEPT - 1)).filter(|old| !old.join(STATE).exists());
    for old in removable {
        if File::open(old).is_ok_and(|directory| directory.try_lock().is_ok()) {
            let _ = remove(old);
        }
    }
    fs::create_dir_all(&path).map_err(&unusable)?;
    let lock = File::open(&path).map_err(&unusable)?;
    lock.lock_shared().map_err(&unusable)?;
    Ok((path, lock))
}

/// The directory of a dry run, which does not exist.
pub(crate) fn planned(cache: &Cache) -> PathBuf {
    cache.directory("runs").join("RUN")
}

/// Whether reglist writes a file of this name.
fn is_own(name: &str) -> bool {
    let of_each_boot = [CONSOLE, KERNEL_LOG, SUITE_ERRORS];
    [EVENTS, STRAY, LOGS, MATRIX, PAGE, STATE].contains(&name) || of_each_boot.iter().any(|own| is_numbered(name, own))
}

/// The name of a file that each boot writes.
pub(crate) fn numbered(name: &str, boot: u32) -> String {
    match name.rsplit_once('.') {
        Some((stem, kind)) if boot > 1 => format!("{stem}-{boot}.{kind}"),
        _ => name.to_owned(),
    }
}

/// Whether [`numbered`] gives this name for any boot.
fn is_numbered(file: &str, name: &str) -> bool {
    let Some((stem, kind)) = name.rsplit_once('.') else { return false };
    let rest = file.strip_prefix(stem).and_then(|rest| rest.strip_suffix(kind)?.strip_suffix('.'));
    let is_number = |rest: &str| rest.strip_prefix('-').is_some_and(|number| number.parse::<u32>().is_ok());
    rest.is_some_and(|rest| rest.is_empty() || is_number(rest))
}

#[cfg(test)]
mod tests {
    use reglist_suite::exit;

    use super::*;

    #[test]
    fn directories_in_use_and_resumable_ones_stay() {
        let home = tempfile::tempdir().unwrap();
        let cache = Cache::open(home.path().to_owned()).unwrap();
        let runs = cache.directory("runs");
        let (running, lock) = in_cache(&cache).unwrap();
        let old = |name: &str| {
            let path = runs.join(name);
            fs::create_dir_all(path.join("logs")).unwrap();
            path
        };
        let (resumable, oldest, future) =
            (old("2001-01-01T000000Z-1"), old("2002-01-01T000000Z-1"), old("2999-01-01T000000Z-1"));
        fs::create_dir_all(resumable.join(STATE)).unwrap();
        for number in 0..2 * KEPT {
            old(&format!("2003-01-01T000000Z-{number}"));
        }
        let (newest, _lock) = in_cache(&cache).unwrap();
        assert!(running.exists() && resumable.exists() && newest.exists());
        assert!(!oldest.exists() && !future.exists(), "the clock that was ahead does not matter");
        assert!(fs::read_dir(&runs).unwrap().count() <= KEPT + 1);
        drop(lock);
        fs::rename(&running, old("2000-01-01T000000Z-1").join("moved")).unwrap();
    }

    #[test]
    fn an_occupied_directory_needs_force() {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("events.jsonl"), "old").unwrap();
        for mine in ["mine", "kernel-config.log", "console.old.log", "suite-stderr-of-mine.txt"] {
            fs::write(directory.path().join(mine), "keep").unwrap();
        }
        for own in ["console.log", "console-2.log", "kernel.log", "kernel-12.log", "suite-stderr.txt", "report.html"] {
            fs::write(directory.path().join(own), "old").unwrap();
        }
        let error = named(directory.path(), false).unwrap_err();
        assert_eq!(error.exit_code(), exit::USAGE);
        named(directory.path(), true).unwrap();
        let mut left: Vec<_> =
            fs::read_dir(directory.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        left.sort();
        assert_eq!(left, ["console.old.log", "kernel-config.log", "mine", "suite-stderr-of-mine.txt"]);
    }
}
