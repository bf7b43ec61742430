// SPDX-License-Identifier: Apache-2.0 OR MIT
//! KVM_GET_ONE_REG and KVM_SET_ONE_REG (kvm/vcpu.c, kvm_arch_vcpu_ioctl, kvm_get_reg
//! and kvm_set_reg), with the order in which a call can fail.

use kvm_bindings::loongarch64 as uapi;
use nix::errno::Errno;

use super::memory;
use super::vcpu::ModelVcpu;
use crate::kvm::Answer;

/// `struct kvm_one_reg`: a register's id and its value's address.
#[derive(Debug, Clone, Copy)]
pub(super) struct OneReg {
    pub(super) id: u64,
    pub(super) address: u64,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Manner {
    pub(super) copy_in: fn(u64) -> Result<OneReg, Errno>,
    pub(super) size: fn(u64) -> bool,
    pub(super) get: fn(&ModelVcpu, u64) -> Result<u64, Errno>,
    pub(super) put: fn(u64, u64) -> Result<(), Errno>,
    pub(super) fetch: fn(&ModelVcpu, OneReg) -> Result<u64, Errno>,
    pub(super) set: fn(&ModelVcpu, u64, u64) -> Result<(), Errno>,
    /// What a successful GET of an id returns.
    pub(super) got: fn(u64) -> i32,
    /// What a successful SET of an id to a value returns.
    pub(super) done: fn(u64, u64) -> i32,
    pub(super) has_lbt: fn(&ModelVcpu) -> Result<(), Errno>,
    /// What the clock shows after a number of ticks.
    pub(super) clock: fn(u64) -> u64,
}

impl Manner {
    pub(super) const RIGHT: Self = Self {
        copy_in,
        size: |code| code == uapi::KVM_REG_SIZE_U64,
        get: ModelVcpu::get,
        put: memory::put,
        fetch: |_, one_reg| memory::get(one_reg.address),
        set: ModelVcpu::set,
        got: |_| 0,
        done: |_, _| 0,
        has_lbt: ModelVcpu::has_lbt,
        clock: |ticks| ticks,
    };
}

/// copy_from_user of the structure.
pub(super) fn copy_in(address: u64) -> Result<OneReg, Errno> {
    let one_reg = memory::read(address).map(u128::from_le_bytes)?;
    Ok(OneReg { id: one_reg as u64, address: (one_reg >> 64) as u64 })
}

/// KVM_GET_ONE_REG: the id is judged before the address is.
pub(super) fn get_one_reg(vcpu: &ModelVcpu, one_reg: u64) -> Answer {
    let manner = vcpu.machine.manner.one_reg;
    let OneReg { id, address } = (manner.copy_in)(one_reg)?;
    if !(manner.size)(id & uapi::KVM_REG_SIZE_MASK) {
        return Err(Errno::EINVAL);
    }
    let value = (manner.get)(vcpu, id)?;
    (manner.put)(address, value)?;
    Ok((manner.got)(id))
}

/// KVM_SET_ONE_REG: the address is judged before the id is, but for its size.
pub(super) fn set_one_reg(vcpu: &ModelVcpu, one_reg: u64) -> Answer {
    let manner = vcpu.machine.manner.one_reg;
    let one_reg = (manner.copy_in)(one_reg)?;
    // Whatever comes of the SET.
    vcpu.hardware_usable.set(false);
    if !(manner.size)(one_reg.id & uapi::KVM_REG_SIZE_MASK) {
        return Err(Errno::EINVAL);
    }
    let value = (manner.fetch)(vcpu, one_reg)?;
    (manner.set)(vcpu, one_reg.id, value)?;
    Ok((manner.done)(one_reg.id, value))
}
