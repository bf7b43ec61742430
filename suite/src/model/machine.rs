// SPDX-License-Identifier: Apache-2.0 OR MIT
//! State that the vCPUs of a VM share: host, time and CPUIDs.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use nix::errno::Errno;
use nix::unistd::Pid;

use super::clock;
use super::csr::KVM_MAX_PHYID;
use super::history::{History, lock};
use super::host::Host;
use super::kernel::Kernel;
use super::manner::Manner;
use super::pv::PvFeatures;

#[derive(Debug)]
pub(super) struct Machine {
    pub(super) kernel: Kernel,
    pub(super) host: Host,
    pub(super) manner: Manner,
    clock_ahead: u64,
    /// kvm->arch.time_offset: the difference between COUNTER and the clock.
    time_offset: AtomicU64,
    /// kvm->arch.phyid_map: which vCPU has which CPUID.
    cpuids: Mutex<BTreeMap<u64, u64>>,
    vcpus: Mutex<BTreeSet<u64>>,
    pub(super) pv_features: PvFeatures,
    /// kvm->arch.vmcs, last_vcpu: whose state the CPU has in hardware.
    last_vcpu: Mutex<Option<u64>>,
    /// kvm->mm: the process that made the VM, and the only one that may use it.
    owner: Pid,
    pub(super) history: History,
}

impl Machine {
    /// kvm/vm.c, kvm_arch_init_vm.
    pub(super) fn new(kernel: Kernel, host: Host, manner: Manner, clock_ahead: u64) -> Self {
        Self {
            kernel,
            host,
            manner,
            clock_ahead,
            time_offset: AtomicU64::default(),
            cpuids: Mutex::default(),
            vcpus: Mutex::default(),
            pv_features: PvFeatures::new(kernel),
            last_vcpu: Mutex::default(),
            owner: Pid::this(),
            history: History::new(),
        }
    }

    /// Takes the id of a new vCPU; false where another one has it.
    pub(super) fn takes_vcpu(&self, id: u64) -> bool {
        lock(&self.vcpus).insert(id)
    }

    pub(super) fn guest_time(&self) -> u64 {
        self.now().wrapping_add(self.time_offset.load(Ordering::Relaxed))
    }

    pub(super) fn set_guest_time(&self, value: u64) {
        self.time_offset.store(value.wrapping_sub(self.now()), Ordering::Relaxed);
    }

    fn now(&self) -> u64 {
        (self.manner.one_reg.clock)(clock::ticks().wrapping_add(self.clock_ahead))
    }

    /// Number of vCPUs (kvm->created_vcpus).
    pub(super) fn created_vcpus(&self) -> usize {
        lock(&self.vcpus).len()
    }

    /// Gives a vCPU the CPU, and says whether another one had it last.
    pub(super) fn runs_now(&self, vcpu: u64) -> bool {
        lock(&self.last_vcpu).replace(vcpu) != Some(vcpu)
    }

    /// virt/kvm/kvm_main.c, kvm_vcpu_ioctl and kvm_vm_ioctl: a VM of another
    /// address space.
    pub(super) fn is_own(&self) -> Result<(), Errno> {
        if Pid::this() == self.owner { Ok(()) } else { self.manner.other_process }
    }

    /// kvm/vcpu.c kvm_set_cpuid: once, and not another vCPU's. A vCPU keeps
    /// its CPUID as long as it lives, and that is as long as its VM.
    pub(super) fn claim_cpuid(&self, vcpu: u64, cell: &Cell<u64>, value: u64) -> Result<(), Errno> {
        if value >= KVM_MAX_PHYID {
            return Err(Errno::EINVAL);
        }
        let mut cpuids = lock(&self.cpuids);
        if cpuids.contains_key(&cell.get()) {
            return if cell.get() == value { Ok(()) } else { Err(Errno::EINVAL) };
        }
        if let Some(owner) = cpuids.get(&value) {
            return if *owner == vcpu { Ok(()) } else { Err(Errno::EINVAL) };
        }
        cpuids.insert(value, vcpu);
        cell.set(value);
        Ok(())
    }
}
