// SPDX-License-Identifier: Apache-2.0 OR MIT
//! KVM_CHECK_EXTENSION (virt/kvm/kvm_main.c, kvm_vm_ioctl_check_extension_generic;
//! kvm/vm.c, kvm_vm_ioctl_check_extension). /dev/kvm and VMs give the same answers.

use std::thread;

use kvm_bindings::loongarch64 as uapi;

use super::kernel::Kernel;
use crate::kvm::Answer;

/// include/asm/kvm_host.h, KVM_MAX_VCPUS; include/linux/kvm_host.h,
/// KVM_MAX_VCPU_IDS is no other.
pub(super) const KVM_MAX_VCPUS: u64 = 256;
/// include/linux/kvm_host.h, KVM_USER_MEM_SLOTS.
const MEMORY_SLOTS: i32 = 32_767;
/// include/linux/kvm_host.h, KVM_MAX_IRQ_ROUTES.
const IRQ_ROUTES: i32 = 4096;
/// include/uapi/linux/kvm.h, KVM_DIRTY_LOG_MANUAL_PROTECT_ENABLE and
/// KVM_DIRTY_LOG_INITIALLY_SET.
const DIRTY_LOG_MANUAL: i32 = 3;
/// Bytes of include/linux/kvm_dirty_ring.h, KVM_DIRTY_RING_MAX_ENTRIES.
const DIRTY_RING: i32 = 65_536 * 16;

pub(super) fn check_extension(kernel: Kernel, capability: u32) -> Answer {
    let since_7_2 = i32::from(kernel >= Kernel::V7_2);
    let since_7_3 = i32::from(kernel >= Kernel::V7_3);
    Ok(match capability {
        uapi::KVM_CAP_USER_MEMORY
        | uapi::KVM_CAP_USER_MEMORY2
        | uapi::KVM_CAP_DESTROY_MEMORY_REGION_WORKS
        | uapi::KVM_CAP_JOIN_MEMORY_REGIONS_WORKS
        | uapi::KVM_CAP_INTERNAL_ERROR_DATA
        | uapi::KVM_CAP_IOEVENTFD_ANY_LENGTH
        | uapi::KVM_CAP_CHECK_EXTENSION_VM
        | uapi::KVM_CAP_ENABLE_CAP_VM
        | uapi::KVM_CAP_HALT_POLL
        | uapi::KVM_CAP_COALESCED_MMIO
        | uapi::KVM_CAP_COALESCED_PIO
        | uapi::KVM_CAP_BINARY_STATS_FD
        | uapi::KVM_CAP_SYSTEM_EVENT_DATA
        | uapi::KVM_CAP_DEVICE_CTRL => 1,
        uapi::KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2 => DIRTY_LOG_MANUAL,
        uapi::KVM_CAP_NR_MEMSLOTS => MEMORY_SLOTS,
        uapi::KVM_CAP_DIRTY_LOG_RING_ACQ_REL => DIRTY_RING,

        uapi::KVM_CAP_ONE_REG
        | uapi::KVM_CAP_ENABLE_CAP
        | uapi::KVM_CAP_READONLY_MEM
        | uapi::KVM_CAP_SYNC_MMU
        | uapi::KVM_CAP_IMMEDIATE_EXIT
        | uapi::KVM_CAP_IOEVENTFD
        | uapi::KVM_CAP_MP_STATE
        | uapi::KVM_CAP_SET_GUEST_DEBUG => 1,
        uapi::KVM_CAP_NR_VCPUS => online_cpus().min(maximum_vcpus()),
        uapi::KVM_CAP_MAX_VCPUS | uapi::KVM_CAP_MAX_VCPU_ID => maximum_vcpus(),

        // With its interrupt controllers in the kernel.
        uapi::KVM_CAP_IRQCHIP | uapi::KVM_CAP_IRQFD | uapi::KVM_CAP_SIGNAL_MSI => since_7_2,
        uapi::KVM_CAP_IRQ_ROUTING => since_7_2 * IRQ_ROUTES,
        uapi::KVM_CAP_VCPU_ATTRIBUTES => since_7_3,
        // include/asm/kvm_vcpu.h, kvm_pvtime_supported: KVM selects SCHED_INFO.
        uapi::KVM_CAP_STEAL_TIME => since_7_3,
        _ => 0,
    })
}

/// num_online_cpus.
fn online_cpus() -> i32 {
    thread::available_parallelism().map_or(1, |count| i32::try_from(count.get()).unwrap_or(i32::MAX))
}

fn maximum_vcpus() -> i32 {
    i32::try_from(KVM_MAX_VCPUS).unwrap_or(i32::MAX)
}
