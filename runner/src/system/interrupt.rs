// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Ctrl-C and its relatives, as a number that the supervisor looks at.
//!
//! The first signal asks the running stage to stop, the second one kills it.
//! Stages live in process groups of their own, so the terminal's Ctrl-C
//! reaches only this program and the decision is made in one place.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

/// Signals cannot be handled.
#[derive(Debug, thiserror::Error)]
#[error("failed to set up signal handling")]
pub(crate) struct InterruptError(#[source] io::Error);

/// How often the user asked to stop, and whether another part of the program
/// did.
#[derive(Debug, Clone, Default)]
pub(crate) struct Interrupt {
    asked: Arc<AtomicUsize>,
    stopped: Arc<AtomicBool>,
}

impl Interrupt {
    /// Begins to count SIGINT, SIGTERM and SIGHUP.
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

    /// Counts one more request.
    pub(crate) fn add(&self) {
        self.asked.fetch_add(1, Ordering::SeqCst);
    }

    /// Asks to stop on behalf of another part of the program, which is not the
    /// user's insisting.
    pub(crate) fn stop(&self) {
        self.stopped.store(true, Ordering::SeqCst);
    }

    /// The user's wish alone, for the next piece of work.
    pub(crate) fn afresh(&self) -> Self {
        Self { asked: Arc::clone(&self.asked), stopped: Arc::default() }
    }

    /// Number of requests so far.
    pub(crate) fn count(&self) -> usize {
        self.asked.load(Ordering::SeqCst).max(self.stopped.load(Ordering::SeqCst).into())
    }

    /// Whether anybody asked.
    pub(crate) fn requested(&self) -> bool {
        self.count() > 0
    }
}
