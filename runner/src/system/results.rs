// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Where a run leaves what it saw: the events, the console, the logs.
//!
//! Without a wish from the user that is a numbered directory in the cache, of
//! which the last few are kept.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use reglist_suite::exit;

use crate::system::cache::Cache;

/// Runs whose results are kept.
const KEPT: usize = 20;

/// The events, as JSON lines.
pub(crate) const EVENTS: &str = "events.jsonl";
/// Lines of the target's that are no events.
pub(crate) const STRAY: &str = "stray.txt";
/// The logs of the stages.
pub(crate) const LOGS: &str = "logs";
/// What each clause says of each fault.
pub(crate) const MATRIX: &str = "matrix.json";
/// The page.
pub(crate) const PAGE: &str = "report.html";
/// The console of the lab's machine; each boot has its own.
pub(crate) const CONSOLE: &str = "console.log";
/// The kernel's log of a board; each boot has its own.
pub(crate) const KERNEL_LOG: &str = "kernel.log";
/// What the suite complained about on a board; each start has its own.
pub(crate) const SUITE_ERRORS: &str = "suite-stderr.txt";
/// What is known of a run on a board that may be resumed.
pub(crate) const STATE: &str = "board";

/// The directory of results cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ResultsError {
    /// Somebody's files are in the way.
    #[error("`{}` is not empty\n[name another directory, or add --force]", path.display())]
    Occupied {
        /// The directory.
        path: PathBuf,
    },
    /// It cannot be made or read.
    #[error("failed to use `{}` for results", path.display())]
    Unusable {
        /// The directory.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
}

impl ResultsError {
    /// The exit code: a wrong argument, or a machine in trouble.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::Occupied { .. } => exit::USAGE,
            Self::Unusable { .. } => exit::INFRASTRUCTURE,
        }
    }
}

/// The directory of one run's results.
#[derive(Debug)]
pub(crate) struct Results {
    path: PathBuf,
}

impl Results {
    /// A directory that the user named; refused if it holds anything.
    pub(crate) fn named(path: &Path, force: bool) -> Result<Self, ResultsError> {
        let unusable = |source| ResultsError::Unusable { path: path.to_owned(), source };
        fs::create_dir_all(path).map_err(unusable)?;
        let occupied = fs::read_dir(path).map_err(unusable)?.next().is_some();
        if occupied && !force {
            return Err(ResultsError::Occupied { path: path.to_owned() });
        }
        let path = fs::canonicalize(path).map_err(unusable)?;
        for entry in fs::read_dir(&path).map_err(unusable)? {
            let entry = entry.map_err(unusable)?;
            if entry.file_name().to_str().is_some_and(is_own) {
                remove(&entry.path()).map_err(unusable)?;
            }
        }
        Ok(Self { path })
    }

    /// A new directory in the cache; the oldest ones go.
    pub(crate) fn in_cache(cache: &Cache) -> Result<Self, ResultsError> {
        let runs = cache.directory("runs");
        let unusable = |source| ResultsError::Unusable { path: runs.clone(), source };
        fs::create_dir_all(&runs).map_err(unusable)?;
        let mut old: Vec<PathBuf> =
            fs::read_dir(&runs).map_err(unusable)?.filter_map(|entry| entry.ok().map(|entry| entry.path())).collect();
        old.sort();
        for path in old.iter().take(old.len().saturating_sub(KEPT - 1)) {
            let _ = remove(path);
        }
        let time = humantime::format_rfc3339_seconds(SystemTime::now()).to_string().replace(':', "");
        let path = runs.join(format!("{time}-{}", std::process::id()));
        fs::create_dir_all(&path).map_err(unusable)?;
        Ok(Self { path })
    }

    /// The directory of an earlier run, as it is.
    pub(crate) fn earlier(path: &Path) -> Result<Self, ResultsError> {
        let unusable = |source| ResultsError::Unusable { path: path.to_owned(), source };
        Ok(Self { path: fs::canonicalize(path).map_err(unusable)? })
    }

    /// A directory in this one; what an earlier run left there goes.
    pub(crate) fn within(&self, name: &str) -> Result<Self, ResultsError> {
        Self::named(&self.path.join(name), true)
    }

    /// A directory that is only talked about.
    pub(crate) fn planned(cache: &Cache) -> Self {
        Self { path: cache.directory("runs").join("RUN") }
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

/// Whether an earlier run left a file of this name.
fn is_own(name: &str) -> bool {
    let of_each_boot = [CONSOLE, KERNEL_LOG, SUITE_ERRORS];
    [EVENTS, STRAY, LOGS, MATRIX, PAGE, STATE].contains(&name) || of_each_boot.iter().any(|own| is_numbered(name, own))
}

/// The name of a file of which each boot has its own.
pub(crate) fn numbered(name: &str, boot: u32) -> String {
    match name.rsplit_once('.') {
        Some((stem, kind)) if boot > 1 => format!("{stem}-{boot}.{kind}"),
        _ => name.to_owned(),
    }
}

/// Whether a file has the name that [`numbered`] gives one of some boot.
fn is_numbered(file: &str, name: &str) -> bool {
    let Some((stem, kind)) = name.rsplit_once('.') else { return false };
    let rest = file.strip_prefix(stem).and_then(|rest| rest.strip_suffix(kind)?.strip_suffix('.'));
    let is_number = |rest: &str| rest.strip_prefix('-').is_some_and(|number| number.parse::<u32>().is_ok());
    rest.is_some_and(|rest| rest.is_empty() || is_number(rest))
}

fn remove(path: &Path) -> io::Result<()> {
    let removed = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    match removed {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let error = Results::named(directory.path(), false).unwrap_err();
        assert_eq!(error.exit_code(), exit::USAGE);
        Results::named(directory.path(), true).unwrap();
        let mut left: Vec<_> =
            fs::read_dir(directory.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        left.sort();
        assert_eq!(left, ["console.old.log", "kernel-config.log", "mine", "suite-stderr-of-mine.txt"]);
    }
}
