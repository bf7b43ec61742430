// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Counts SIGINT, SIGTERM and SIGHUP.
//!
//! The first signal stops the running stage, the second one kills it. Stages
//! have their own process groups, so the terminal sends Ctrl-C only to this
//! program.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

#[derive(Debug, thiserror::Error)]
#[error("failed to set up signal handling")]
pub(crate) struct InterruptError(#[source] io::Error);

/// The number of the user's signals, and whether another thread requested a stop.
#[derive(Debug, Clone, Default)]
pub(crate) struct Interrupt {
    asked: Arc<AtomicUsize>,
    stopped: Arc<AtomicBool>,
}

impl Interrupt {
    /// Starts to count signals.
    pub(crate) fn listen() -> Result<Self, InterruptError> {
        let interrupt = Self::default();
        let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP]).map_err(InterruptError)?;
        let count = interrupt.clone();
        std::thread::spawn(move || {
            for _ in signals.forever() {
                count.add();
            }
        });
        Ok(interrupt)
    }

    pub(crate) fn add(&self) {
        self.asked.fetch_add(1, Ordering::SeqCst);
    }

    /// Requests a stop from another thread. Does not count as a second signal.
    pub(crate) fn stop(&self) {
        self.stopped.store(true, Ordering::SeqCst);
    }

    /// Keeps the user's signals and forgets requests of other threads.
    pub(crate) fn afresh(&self) -> Self {
        Self { asked: Arc::clone(&self.asked), stopped: Arc::default() }
    }

    pub(crate) fn count(&self) -> usize {
        self.asked.load(Ordering::SeqCst).max(self.stopped.load(Ordering::SeqCst).into())
    }

    pub(crate) fn requested(&self) -> bool {
        self.count() > 0
    }
}
