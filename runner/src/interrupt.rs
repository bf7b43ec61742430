// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Ctrl-C and its relatives, as a number that the supervisor looks at.
//!
//! The first signal asks the running stage to stop, the second one kills it.
//! Stages live in process groups of their own, so the terminal's Ctrl-C
//! reaches only this program and the decision is made in one place.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

/// Signals cannot be handled.
#[derive(Debug, thiserror::Error)]
#[error("failed to set up signal handling")]
pub(crate) struct InterruptError(#[source] io::Error);

/// How often the user asked to stop.
#[derive(Debug, Clone, Default)]
pub(crate) struct Interrupt(Arc<AtomicUsize>);

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
        self.0.fetch_add(1, Ordering::SeqCst);
    }

    /// Asks to stop on behalf of another part of the program, which is not the
    /// user's insisting.
    pub(crate) fn stop(&self) {
        let _ = self.0.compare_exchange(0, 1, Ordering::SeqCst, Ordering::SeqCst);
    }

    /// Number of requests so far.
    pub(crate) fn count(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }

    /// Whether anybody asked.
    pub(crate) fn requested(&self) -> bool {
        self.count() > 0
    }
}
