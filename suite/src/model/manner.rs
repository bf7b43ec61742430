// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The steps of the ioctls, as functions that a fault can replace.

use nix::errno::Errno;

use super::{list, neighbour, one_reg, vcpu};
use crate::kvm::Answer;

#[derive(Debug, Clone, Copy)]
pub(super) struct Manner {
    pub(super) list: list::Manner,
    pub(super) one_reg: one_reg::Manner,
    pub(super) neighbour: neighbour::Manner,
    pub(super) entry: vcpu::Manner,
    pub(super) list_on_kvm: Answer,
    pub(super) list_on_vm: Answer,
    /// Any call on a VM or vCPU from a process that did not make it.
    pub(super) other_process: Result<(), Errno>,
    pub(super) has_one_reg_on_kvm: bool,
    pub(super) has_one_reg_on_vm: bool,
}

impl Manner {
    pub(super) const RIGHT: Self = Self {
        list: list::Manner::RIGHT,
        one_reg: one_reg::Manner::RIGHT,
        neighbour: neighbour::Manner::RIGHT,
        entry: vcpu::Manner::RIGHT,
        // As virt/kvm/kvm_main.c does it: kvm_dev_ioctl and kvm_vm_ioctl have no
        // such ioctl, and kvm_vcpu_ioctl and kvm_vm_ioctl serve one address space.
        list_on_kvm: Err(Errno::ENOTTY),
        list_on_vm: Err(Errno::ENOTTY),
        other_process: Err(Errno::EIO),
        has_one_reg_on_kvm: true,
        has_one_reg_on_vm: true,
    };
}
