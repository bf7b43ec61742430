// SPDX-License-Identifier: Apache-2.0 OR MIT
//! State that only faults keep.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::cpucfg::Features;

/// State that a fault keeps of a vCPU, a VM or all VMs.
#[derive(Debug)]
pub(super) struct History {
    pub(super) list: Mutex<Option<Vec<u64>>>,
    pub(super) features: Mutex<Features>,
    pub(super) number: AtomicU64,
}

/// State for all VMs, like global variables of a kernel.
pub(super) static OF_ALL: History = History::new();

impl History {
    pub(super) const fn new() -> Self {
        let features = Features { cpucfg2: 0, cpucfg6: 0 };
        Self { list: Mutex::new(None), features: Mutex::new(features), number: AtomicU64::new(0) }
    }

    pub(super) fn number(&self) -> u64 {
        self.number.load(Ordering::Relaxed)
    }

    pub(super) fn set_number(&self, number: u64) {
        self.number.store(number, Ordering::Relaxed);
    }

    /// Counts one more; the result is how many there are.
    pub(super) fn count(&self) -> u64 {
        self.number.fetch_add(1, Ordering::Relaxed) + 1
    }
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
