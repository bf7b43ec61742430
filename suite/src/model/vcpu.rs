// SPDX-License-Identifier: Apache-2.0 OR MIT
//! A vCPU: its registers, and the three ioctls on it.

use std::cell::Cell;
use std::rc::Rc;

use kvm_bindings::loongarch64 as uapi;
use nix::errno::Errno;

use super::cpucfg::{self, Cpucfg};
use super::csr::{self, Csrs};
use super::id::{self, Kind};
use super::lbt::Lbt;
use super::list::{self, Features};
use super::one_reg;
use super::vm::Machine;
use crate::kvm::{Answer, Vcpu};
use crate::memory::UserAddress;

/// What GET of DEBUG_INST returns: INSN_HVCL | KVM_HCALL_SWDBG
/// (include/asm/inst.h, include/asm/kvm_para.h).
const BREAKPOINT: u64 = 0x002b_8101;

/// A vCPU of the model.
#[derive(Debug)]
pub(super) struct ModelVcpu {
    pub(super) machine: Rc<Machine>,
    id: u64,
    pub(super) csrs: Csrs,
    cpucfg: Cpucfg,
    lbt: Lbt,
    /// Whether a KVM_GET_REG_LIST gave EFAULT; only a fault cares.
    pub(super) list_failed: Cell<bool>,
}

impl ModelVcpu {
    /// kvm/vcpu.c, kvm_arch_vcpu_create.
    pub(super) fn new(machine: Rc<Machine>, id: u64) -> Self {
        Self {
            machine,
            id,
            csrs: Csrs::new(id),
            cpucfg: Cpucfg::default(),
            lbt: Lbt::default(),
            list_failed: Cell::default(),
        }
    }

    /// The words by which the kernel tells the vCPU's features.
    pub(super) fn features(&self) -> Features {
        let word = |index| self.cpucfg.get(index).unwrap_or_default();
        Features { cpucfg2: word(2), cpucfg6: word(6) }
    }

    /// kvm/vcpu.c, kvm_get_one_reg.
    ///
    /// # Errors
    /// EINVAL for an id without register, ENXIO for LBT without the feature.
    pub(super) fn get(&self, id: u64) -> Result<u64, Errno> {
        match id::kind(id) {
            Some(Kind::Csr(index)) => self.csrs.get(index, self.machine.host.prcfg),
            Some(Kind::Cpucfg(index)) => self.cpucfg.get(index),
            Some(Kind::Lbt) => {
                self.has_lbt()?;
                self.lbt.get(id)
            }
            Some(Kind::Kvm) if id == uapi::KVM_REG_LOONGARCH_COUNTER => {
                Ok(self.now().wrapping_add(self.machine.time_offset.get()))
            }
            Some(Kind::Kvm) if id == uapi::KVM_REG_LOONGARCH_DEBUG_INST => Ok(BREAKPOINT),
            Some(Kind::Kvm) | None => Err(Errno::EINVAL),
        }
    }

    /// kvm/vcpu.c, kvm_set_one_reg.
    ///
    /// # Errors
    /// EINVAL for an id without register or a value that it does not take,
    /// ENXIO for LBT without the feature.
    pub(super) fn set(&self, id: u64, value: u64) -> Result<(), Errno> {
        match id::kind(id) {
            Some(Kind::Csr(csr::CPUID)) => self.machine.claim_cpuid(self.id, self.csrs.cell(csr::CPUID)?, value),
            Some(Kind::Csr(index)) => self.csrs.set(index, value, self.cpucfg.has_msgint()),
            Some(Kind::Cpucfg(index)) => self.cpucfg.set(index, value, &self.machine.host),
            Some(Kind::Lbt) => {
                self.has_lbt()?;
                self.lbt.set(id, value)
            }
            Some(Kind::Kvm) if id == uapi::KVM_REG_LOONGARCH_COUNTER => {
                // For the whole board, and set by its first vCPU alone.
                if self.id == 0 {
                    self.machine.time_offset.set(value.wrapping_sub(self.now()));
                }
                Ok(())
            }
            Some(Kind::Kvm) if id == uapi::KVM_REG_LOONGARCH_VCPU_RESET => self.csrs.reset(),
            Some(Kind::Kvm) | None => Err(Errno::EINVAL),
        }
    }

    fn has_lbt(&self) -> Result<(), Errno> {
        if self.features().cpucfg2 & cpucfg::LBT == 0 { Err(Errno::ENXIO) } else { Ok(()) }
    }

    fn now(&self) -> u64 {
        (self.machine.manner.one_reg.clock)(self.machine.ticks())
    }
}

impl Vcpu for ModelVcpu {
    fn get_reg_list(&self, list: UserAddress) -> Answer {
        list::get_reg_list(self, list.value())
    }

    fn get_one_reg(&self, one_reg: UserAddress) -> Answer {
        one_reg::get_one_reg(self, one_reg.value())
    }

    fn set_one_reg(&self, one_reg: UserAddress) -> Answer {
        one_reg::set_one_reg(self, one_reg.value())
    }
}
