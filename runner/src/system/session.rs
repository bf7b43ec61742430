// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The state that all stages of a run share: cache, results, interrupts,
//! verbosity.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use reglist_suite::report::control;

use crate::system::cache::Cache;
use crate::system::files::FileError;
use crate::system::interrupt::Interrupt;
use crate::system::progress::Progress;
use crate::system::results::LOGS;
use crate::system::verbosity::Verbosity;

#[derive(Debug)]
pub(crate) struct Session {
    cache: Cache,
    results: PathBuf,
    /// Keeps the results in the cache from other runs.
    _lock: Option<File>,
    interrupt: Interrupt,
    progress: Progress,
    planning: bool,
    stages: AtomicUsize,
}

impl Session {
    /// With `planning`, the run only prints its commands.
    pub(crate) fn new(
        cache: Cache,
        results: PathBuf,
        interrupt: Interrupt,
        verbosity: Verbosity,
        planning: bool,
    ) -> Result<Self, FileError> {
        let session = Self {
            cache,
            results,
            _lock: None,
            interrupt,
            progress: Progress::new(verbosity),
            planning,
            stages: AtomicUsize::new(0),
        };
        if !planning {
            let logs = session.results.join(LOGS);
            std::fs::create_dir_all(&logs).map_err(FileError::of("create", &logs))?;
        }
        Ok(session)
    }

    /// Holds the lock of the results until the end of the session.
    pub(crate) fn holding(self, lock: Option<File>) -> Self {
        Self { _lock: lock, ..self }
    }

    pub(crate) fn cache(&self) -> &Cache {
        &self.cache
    }

    pub(crate) fn results(&self) -> &Path {
        &self.results
    }

    pub(crate) fn interrupt(&self) -> &Interrupt {
        &self.interrupt
    }

    pub(crate) fn progress(&self) -> &Progress {
        &self.progress
    }

    /// Whether the run only prints its commands.
    pub(crate) fn planning(&self) -> bool {
        self.planning
    }

    /// Prints a line of the plan.
    pub(crate) fn plan(&self, line: &str) {
        let _ = writeln!(io::stdout(), "{}", control::shown(line, false));
    }

    /// The log of the next stage; its number shows the order.
    pub(crate) fn log(&self, stage: &str) -> PathBuf {
        let number = self.stages.fetch_add(1, Ordering::Relaxed) + 1;
        self.results.join(LOGS).join(format!("{number:02}-{stage}.log"))
    }

    /// Number of parallel compilers.
    pub(crate) fn jobs(&self) -> usize {
        thread::available_parallelism().map_or(2, usize::from)
    }
}
