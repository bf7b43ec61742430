// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Distinguishes the first VM of the process from later ones.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::model::history::OF_ALL;
use crate::model::vcpu::ModelVcpu;

/// Whether the vCPU's VM is the first one of all that came to this question.
pub(super) fn is_in_first_vm(vcpu: &ModelVcpu) -> bool {
    let vm = Arc::as_ptr(&vcpu.machine).addr() as u64;
    OF_ALL
        .number
        .compare_exchange(0, vm, Ordering::Relaxed, Ordering::Relaxed)
        .map_or_else(|first| first == vm, |_| true)
}
