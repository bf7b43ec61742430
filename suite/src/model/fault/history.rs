// SPDX-License-Identifier: Apache-2.0 OR MIT
//! What happened before, as far as a fault lets it matter.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use crate::model::list::Features;
use crate::model::vcpu::ModelVcpu;

/// What a fault keeps of a vCPU, of a VM or of all; a right kernel keeps nothing.
#[derive(Debug)]
pub(in crate::model) struct History {
    /// A list.
    pub(super) list: Mutex<Option<Vec<u64>>>,
    /// Features.
    pub(super) features: Mutex<Features>,
    /// A number or a value.
    number: AtomicU64,
}

/// What is kept for all VMs, as in a kernel's own variables.
pub(super) static OF_ALL: History = History::new();

impl History {
    pub(in crate::model) const fn new() -> Self {
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

/// Whether the vCPU's VM is the first one of all that came to this question.
pub(super) fn is_in_first_vm(vcpu: &ModelVcpu) -> bool {
    let vm = Arc::as_ptr(&vcpu.machine).addr() as u64;
    OF_ALL
        .number
        .compare_exchange(0, vm, Ordering::Relaxed, Ordering::Relaxed)
        .map_or_else(|first| first == vm, |_| true)
}
