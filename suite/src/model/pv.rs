// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The paravirtual features of a VM, which its first SET fixes (kvm/vm.c,
//! kvm_vm_init_features; kvm/vcpu.c, kvm_loongarch_cpucfg_set_attr).

use std::sync::Mutex;

use nix::errno::Errno;

use super::history::lock;
use super::kernel::Kernel;

/// include/uapi/asm/kvm_para.h, KVM_FEATURE_*.
const IPI: u64 = 1 << 1;
const STEAL_TIME: u64 = 1 << 2;
const PREEMPT: u64 = 1 << 3;
const VIRT_EXTIOI: u64 = 1 << 24;
const USER_HCALL: u64 = 1 << 25;

/// include/asm/kvm_host.h, LOONGARCH_PV_FEAT_MASK.
fn mask(kernel: Kernel) -> u64 {
    match kernel {
        Kernel::V6_12 => IPI | STEAL_TIME | VIRT_EXTIOI,
        Kernel::V7_2 | Kernel::V7_3 => IPI | STEAL_TIME | PREEMPT | VIRT_EXTIOI | USER_HCALL,
    }
}

/// kvm->arch.pv_features.
#[derive(Debug)]
pub(super) struct PvFeatures(Mutex<State>);

#[derive(Debug, Clone, Copy)]
struct State {
    features: u64,
    /// LOONGARCH_PV_FEAT_UPDATED.
    is_updated: bool,
}

impl PvFeatures {
    pub(super) fn new(kernel: Kernel) -> Self {
        let all = IPI | STEAL_TIME | PREEMPT;
        Self(Mutex::new(State { features: all & mask(kernel), is_updated: false }))
    }

    pub(super) fn get(&self) -> u64 {
        lock(&self.0).features
    }

    /// EINVAL for unknown features, and for others than were SET before.
    pub(super) fn set(&self, features: u64, kernel: Kernel) -> Result<(), Errno> {
        let mut state = lock(&self.0);
        if features & !mask(kernel) != 0 || state.is_updated && state.features != features {
            return Err(Errno::EINVAL);
        }
        *state = State { features, is_updated: true };
        Ok(())
    }
}
