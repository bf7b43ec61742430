// SPDX-License-Identifier: Apache-2.0 OR MIT
//! What the vCPUs of a virtual machine share: host, time and CPUIDs.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::time::Instant;

use nix::errno::Errno;

use super::csr::KVM_MAX_PHYID;
use super::vcpu::ModelVcpu;
use super::{Host, Manner, Model};
use crate::kvm::{SubjectError, Vcpu, Vm};

/// include/asm/kvm_host.h, KVM_MAX_VCPUS.
const KVM_MAX_VCPUS: u64 = 256;
/// The constant timer ticks at 100 MHz, as on boards.
const NANOSECONDS_PER_TICK: u128 = 10;

/// What is shared.
#[derive(Debug)]
pub(super) struct Machine {
    pub(super) host: Host,
    pub(super) manner: Manner,
    start: Instant,
    /// kvm->arch.time_offset: what COUNTER is ahead of the clock.
    pub(super) time_offset: Cell<u64>,
    /// kvm->arch.phyid_map: which vCPU has which CPUID.
    cpuids: RefCell<BTreeMap<u64, u64>>,
    vcpus: RefCell<BTreeSet<u64>>,
}

impl Machine {
    /// get_cycles.
    pub(super) fn ticks(&self) -> u64 {
        (self.start.elapsed().as_nanos() / NANOSECONDS_PER_TICK) as u64
    }

    /// kvm/vcpu.c kvm_set_cpuid: once, and not another vCPU's. A vCPU keeps
    /// its CPUID as long as it lives, and that is as long as its VM.
    ///
    /// # Errors
    /// EINVAL.
    pub(super) fn claim_cpuid(&self, vcpu: u64, cell: &Cell<u64>, value: u64) -> Result<(), Errno> {
        if value >= KVM_MAX_PHYID {
            return Err(Errno::EINVAL);
        }
        let mut cpuids = self.cpuids.borrow_mut();
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

/// A virtual machine of the model.
#[derive(Debug)]
pub(super) struct ModelVm(Rc<Machine>);

impl ModelVm {
    /// kvm/vm.c, kvm_arch_init_vm.
    pub(super) fn new(model: Model) -> Self {
        Self(Rc::new(Machine {
            host: model.host,
            manner: model.manner,
            start: Instant::now(),
            time_offset: Cell::default(),
            cpuids: RefCell::default(),
            vcpus: RefCell::default(),
        }))
    }
}

impl Vm for ModelVm {
    /// virt/kvm/kvm_main.c, kvm_vm_ioctl_create_vcpu.
    fn create_vcpu(&self, id: u64) -> Result<Box<dyn Vcpu>, SubjectError> {
        let failed = |errno| SubjectError::Step { step: "KVM_CREATE_VCPU", errno };
        if id >= KVM_MAX_VCPUS {
            return Err(failed(Errno::EINVAL));
        }
        if !self.0.vcpus.borrow_mut().insert(id) {
            return Err(failed(Errno::EEXIST));
        }
        Ok(Box::new(ModelVcpu::new(Rc::clone(&self.0), id)))
    }
}
