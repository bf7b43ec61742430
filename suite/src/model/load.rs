// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Load and put of a vCPU, as in GET of ESTAT (kvm/vcpu.c, _kvm_getcsr,
//! _kvm_vcpu_load and _kvm_vcpu_put).
//!
//! In between, the guest's CSRs are in hardware, and their cells come back
//! unchanged. The model implements only the exceptions. All vCPUs of a VM share one
//! CPU.

use super::clock;
use super::csr::{ESTAT, ESTAT_TI, GINTC, GSTAT, LLBCTL, PRCFG1};
use super::kernel::Kernel;
use super::vcpu::ModelVcpu;

/// include/asm/loongarch.h, CSR_LLBCTL_WCLLB.
const LLBCTL_WCLLB: u64 = 1 << 1;

/// vcpu_load, kvm_deliver_intr and vcpu_put.
pub(super) fn load_and_put(vcpu: &ModelVcpu) {
    let ModelVcpu { machine, csrs, timer, .. } = vcpu;

    // KVM_LARCH_HWCSR_USABLE: whether the hardware has the values of the cells.
    let another_ran = machine.runs_now(vcpu.id);
    let usable = vcpu.hardware_usable.replace(true) && !another_ran;
    let timer_pending = timer.load(machine.kernel, csrs, clock::nanoseconds());
    // An LL before a full load must not be followed by a successful SC.
    if !usable && machine.created_vcpus() > 1 {
        csrs.set_bits(LLBCTL, LLBCTL_WCLLB);
    }
    if timer_pending {
        csrs.set_bits(ESTAT, ESTAT_TI);
    }

    for (index, value) in (PRCFG1..).zip(machine.host.prcfg) {
        csrs.write(index, value);
    }
    if !machine.host.keeps_root_csrs {
        csrs.write(GINTC, 0);
        // 6.12 leaves the guest's number to each entry into the guest.
        if machine.kernel >= Kernel::V7_2 {
            csrs.write(GSTAT, 0);
        }
    }
    timer.put(csrs, clock::nanoseconds());
}
