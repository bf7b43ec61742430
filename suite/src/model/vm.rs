// SPDX-License-Identifier: Apache-2.0 OR MIT
//! A virtual machine: its vCPUs, and the ioctls on it.

use std::sync::Arc;

use nix::errno::Errno;

use super::capability::{self, KVM_MAX_VCPUS};
use super::machine::Machine;
use super::vcpu::{LockedVcpu, ModelVcpu};
use crate::kvm::{Answer, CAP_ONE_REG, SubjectError, Vcpu, Vm};
use crate::memory::UserAddress;

#[derive(Debug)]
pub(super) struct ModelVm(Arc<Machine>);

impl ModelVm {
    pub(super) fn new(machine: Machine) -> Self {
        Self(Arc::new(machine))
    }
}

impl Vm for ModelVm {
    /// virt/kvm/kvm_main.c, kvm_vm_ioctl_create_vcpu.
    fn create_vcpu(&self, id: u64) -> Result<Box<dyn Vcpu>, SubjectError> {
        let failed = |errno| SubjectError::Step { step: "KVM_CREATE_VCPU", errno };
        self.0.is_own().map_err(failed)?;
        if id >= KVM_MAX_VCPUS {
            return Err(failed(Errno::EINVAL));
        }
        if !self.0.takes_vcpu(id) {
            return Err(failed(Errno::EEXIST));
        }
        Ok(Box::new(LockedVcpu::new(ModelVcpu::new(Arc::clone(&self.0), id))))
    }

    /// virt/kvm/kvm_main.c, kvm_vm_ioctl.
    fn check_extension(&self, capability: u32) -> Answer {
        self.0.is_own()?;
        let one_reg_absent = capability == CAP_ONE_REG && !self.0.manner.has_one_reg_on_vm;
        if one_reg_absent { Ok(0) } else { capability::check_extension(self.0.kernel, capability) }
    }

    /// virt/kvm/kvm_main.c, kvm_vm_ioctl; kvm/vm.c, kvm_arch_vm_ioctl.
    fn get_reg_list(&self, _: UserAddress) -> Answer {
        self.0.is_own()?;
        self.0.manner.list_on_vm
    }
}
