// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The running kernel, through /dev/kvm.

use std::os::fd::AsRawFd;

use kvm_bindings::{KVMIO, kvm_one_reg, kvm_reg_list};
use kvm_ioctls::{Kvm, VcpuFd, VmFd};
use nix::errno::Errno;
use nix::libc;

use super::subject::{Answer, Subject, SubjectError, Vcpu, Vm};
use crate::memory::UserAddress;

nix::ioctl_readwrite!(kvm_get_reg_list, KVMIO, 0xb0, kvm_reg_list);
nix::ioctl_write_ptr!(kvm_get_one_reg, KVMIO, 0xab, kvm_one_reg);
nix::ioctl_write_ptr!(kvm_set_one_reg, KVMIO, 0xac, kvm_one_reg);

/// /dev/kvm, opened.
#[derive(Debug)]
pub struct Device(Kvm);

impl Device {
    /// Opens /dev/kvm.
    pub fn open() -> Result<Self, SubjectError> {
        Kvm::new().map(Self).map_err(|error| match Errno::from_raw(error.errno()) {
            Errno::ENOENT => SubjectError::Missing,
            errno @ (Errno::EACCES | Errno::EPERM) => SubjectError::Forbidden(errno),
            errno => SubjectError::Step { step: "opening /dev/kvm", errno },
        })
    }
}

/// KVM_GET_REG_LIST on any descriptor of KVM.
fn get_reg_list(descriptor: &impl AsRawFd, list: UserAddress) -> Answer {
    // SAFETY: the kernel reads and writes the header and up to C entries
    // behind `list`. A UserAddress lies in a mapping of the memory room,
    // which holds nothing that Rust owns and is read back bytewise, or
    // where nothing is mapped.
    unsafe { kvm_get_reg_list(descriptor.as_raw_fd(), list.as_mut_ptr()) }
}

/// Any other ioctl on any descriptor of KVM.
fn ioctl(descriptor: &impl AsRawFd, request: u64, argument: UserAddress) -> Answer {
    // SAFETY: the kernel reads and writes what `request` names, at `argument`, at
    // addresses that the structure there holds, and nowhere else. A UserAddress lies in
    // a mapping of the memory room, which holds nothing that Rust owns, or where nothing
    // is mapped.
    let result = unsafe { libc::ioctl(descriptor.as_raw_fd(), request as libc::Ioctl, argument.as_mut_ptr::<u8>()) };
    Errno::result(result)
}

fn failed(step: &'static str, error: kvm_ioctls::Error) -> SubjectError {
    SubjectError::Step { step, errno: Errno::from_raw(error.errno()) }
}

impl Subject for Device {
    fn create_vm(&self) -> Result<Box<dyn Vm>, SubjectError> {
        Ok(Box::new(DeviceVm(self.0.create_vm().map_err(|error| failed("KVM_CREATE_VM", error))?)))
    }

    fn check_extension(&self, capability: u32) -> Answer {
        Errno::result(self.0.check_extension_raw(capability.into()))
    }

    fn get_reg_list(&self, list: UserAddress) -> Answer {
        get_reg_list(&self.0, list)
    }
}

#[derive(Debug)]
struct DeviceVm(VmFd);

impl Vm for DeviceVm {
    fn create_vcpu(&self, id: u64) -> Result<Box<dyn Vcpu>, SubjectError> {
        Ok(Box::new(DeviceVcpu(self.0.create_vcpu(id).map_err(|error| failed("KVM_CREATE_VCPU", error))?)))
    }

    fn check_extension(&self, capability: u32) -> Answer {
        Errno::result(self.0.check_extension_raw(capability.into()))
    }

    fn get_reg_list(&self, list: UserAddress) -> Answer {
        get_reg_list(&self.0, list)
    }

    fn initialising_call(&self, request: u64, argument: UserAddress) -> Answer {
        ioctl(&self.0, request, argument)
    }
}

#[derive(Debug)]
struct DeviceVcpu(VcpuFd);

impl Vcpu for DeviceVcpu {
    fn get_reg_list(&self, list: UserAddress) -> Answer {
        get_reg_list(&self.0, list)
    }

    fn get_one_reg(&self, one_reg: UserAddress) -> Answer {
        // SAFETY: the kernel reads 16 bytes at `one_reg` and writes the
        // register's size at the address they hold. Both are UserAddresses:
        // in a mapping of the memory room or where nothing is mapped.
        unsafe { kvm_get_one_reg(self.0.as_raw_fd(), one_reg.as_mut_ptr()) }
    }

    fn set_one_reg(&self, one_reg: UserAddress) -> Answer {
        // SAFETY: the kernel reads 16 bytes at `one_reg` and the register's
        // size at the address they hold; it writes nothing.
        unsafe { kvm_set_one_reg(self.0.as_raw_fd(), one_reg.as_mut_ptr()) }
    }

    fn ioctl(&self, request: u64, argument: UserAddress) -> Answer {
        ioctl(&self.0, request, argument)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn request_numbers_are_those_of_the_uapi_header() {
        assert_eq!(nix::request_code_readwrite!(KVMIO, 0xb0, size_of::<kvm_reg_list>()), 0xc008_aeb0);
        assert_eq!(nix::request_code_write!(KVMIO, 0xab, size_of::<kvm_one_reg>()), 0x4010_aeab);
        assert_eq!(nix::request_code_write!(KVMIO, 0xac, size_of::<kvm_one_reg>()), 0x4010_aeac);
    }
}
