// SPDX-License-Identifier: Apache-2.0 OR MIT
//! What all stages of one run share: the cache, the place of logs and
//! results, the user's wish to stop, and how talkative to be.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use crate::system::cache::Cache;
use crate::system::interrupt::Interrupt;
use crate::system::progress::Progress;
use crate::system::results::{LOGS, Results};
use crate::system::verbosity::Verbosity;

/// The run could not be set up.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SessionError {
    /// A directory of the run.
    #[error("failed to make `{}`", path.display())]
    Directory {
        /// The directory.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
}

/// One run of the program.
#[derive(Debug)]
pub(crate) struct Session {
    cache: Cache,
    results: Results,
    interrupt: Interrupt,
    progress: Progress,
    verbosity: Verbosity,
    planning: bool,
    stages: AtomicUsize,
}

impl Session {
    /// A run that keeps its logs in `results`; with `planning`, it only prints
    /// what it would do.
    pub(crate) fn new(
        cache: Cache,
        results: Results,
        interrupt: Interrupt,
        verbosity: Verbosity,
        planning: bool,
    ) -> Result<Self, SessionError> {
        let session = Self {
            cache,
            results,
            interrupt,
            progress: Progress::new(verbosity),
            verbosity,
            planning,
            stages: AtomicUsize::new(0),
        };
        if !planning {
            let logs = session.results.path().join(LOGS);
            std::fs::create_dir_all(&logs).map_err(|source| SessionError::Directory { path: logs, source })?;
        }
        Ok(session)
    }

    /// The cache.
    pub(crate) fn cache(&self) -> &Cache {
        &self.cache
    }

    /// The directory of this run's results.
    pub(crate) fn results(&self) -> &Path {
        self.results.path()
    }

    /// The user's wish to stop.
    pub(crate) fn interrupt(&self) -> &Interrupt {
        &self.interrupt
    }

    /// How progress is shown.
    pub(crate) fn progress(&self) -> &Progress {
        &self.progress
    }

    /// Whether details are wanted.
    pub(crate) fn verbose(&self) -> bool {
        self.verbosity.is_verbose()
    }

    /// Whether commands are printed instead of run.
    pub(crate) fn planning(&self) -> bool {
        self.planning
    }

    /// Prints a line of the plan.
    pub(crate) fn plan(&self, line: &str) {
        let _ = writeln!(io::stdout(), "{line}");
    }

    /// The log of the next stage; numbered, so that a listing shows the order.
    pub(crate) fn log(&self, stage: &str) -> PathBuf {
        let number = self.stages.fetch_add(1, Ordering::Relaxed) + 1;
        self.results.path().join(LOGS).join(format!("{number:02}-{stage}.log"))
    }

    /// How many compilers may run at once.
    pub(crate) fn jobs(&self) -> usize {
        thread::available_parallelism().map_or(2, usize::from)
    }
}
