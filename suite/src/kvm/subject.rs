// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The raw ioctls of a subject.

use std::fmt;

use nix::errno::Errno;

use crate::memory::UserAddress;

/// Return value or errno of an ioctl.
pub type Answer = Result<i32, Errno>;

/// KVM_CAP_ONE_REG (uapi linux/kvm.h).
pub const CAP_ONE_REG: u32 = 70;

/// Why a subject cannot be used.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages describe the variants")]
pub enum SubjectError {
    #[error(
        "/dev/kvm does not exist\n[load the kvm module, or check that the CPU and firmware support virtualization; without a board: `reglist lab`]"
    )]
    Missing,
    #[error("cannot open /dev/kvm: {0}\n[join the group of /dev/kvm, usually kvm, or run as root]")]
    Forbidden(Errno),
    #[error("{step} failed with {errno}\n[see the kernel log]")]
    Step { step: &'static str, errno: Errno },
}

/// Something that makes virtual machines.
pub trait Subject: fmt::Debug {
    /// KVM_CREATE_VM.
    fn create_vm(&self) -> Result<Box<dyn Vm>, SubjectError>;

    /// KVM_CHECK_EXTENSION on /dev/kvm: 0 where `capability` is absent.
    fn check_extension(&self, capability: u32) -> Answer;

    /// KVM_GET_REG_LIST on the descriptor of /dev/kvm, where it does not belong.
    fn get_reg_list(&self, list: UserAddress) -> Answer;
}

/// A virtual machine.
pub trait Vm: fmt::Debug {
    /// KVM_CREATE_VCPU.
    fn create_vcpu(&self, id: u64) -> Result<Box<dyn Vcpu>, SubjectError>;

    /// KVM_CHECK_EXTENSION on the VM: 0 where `capability` is absent.
    fn check_extension(&self, capability: u32) -> Answer;

    /// KVM_GET_REG_LIST on the VM's descriptor, where it does not belong.
    fn get_reg_list(&self, list: UserAddress) -> Answer;

    /// Another ioctl, by which an architecture initialises a vCPU.
    /// ENOTTY if the subject needs none.
    fn initialising_call(&self, _request: u64, _argument: UserAddress) -> Answer {
        Err(Errno::ENOTTY)
    }
}

/// A vCPU under test; several threads may call it at once.
pub trait Vcpu: fmt::Debug + Send + Sync {
    /// KVM_GET_REG_LIST on a `struct kvm_reg_list`.
    fn get_reg_list(&self, list: UserAddress) -> Answer;

    /// KVM_GET_ONE_REG on a `struct kvm_one_reg`.
    fn get_one_reg(&self, one_reg: UserAddress) -> Answer;

    /// KVM_SET_ONE_REG on a `struct kvm_one_reg`.
    fn set_one_reg(&self, one_reg: UserAddress) -> Answer;

    /// Any other ioctl, by its number: those by which an architecture initialises a
    /// vCPU, and the neighbours of the list. `argument` is a structure, and the
    /// addresses in it are [`UserAddress`]es too.
    /// ENOTTY if the subject has none.
    fn ioctl(&self, _request: u64, _argument: UserAddress) -> Answer {
        Err(Errno::ENOTTY)
    }
}
