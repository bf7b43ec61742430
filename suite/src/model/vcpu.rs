// SPDX-License-Identifier: Apache-2.0 OR MIT
//! A vCPU: its registers, and the ioctls on it.

use std::cell::Cell;
use std::sync::{Arc, Mutex};

use kvm_bindings::loongarch64 as uapi;
use nix::errno::Errno;

use super::bits;
use super::cpucfg::{Cpucfg, Features};
use super::csr::{self, Csrs};
use super::history::{History, lock};
use super::id::{self, Kind};
use super::lbt::Lbt;
use super::list;
use super::load::load_and_put;
use super::machine::Machine;
use super::neighbour::{self, General};
use super::one_reg;
use super::timer::Timer;
use crate::kvm::{Answer, Vcpu};
use crate::memory::UserAddress;

/// Value of DEBUG_INST: INSN_HVCL | KVM_HCALL_SWDBG
/// (include/asm/inst.h, include/asm/kvm_para.h).
const BREAKPOINT: u64 = 0x002b_8101;

#[derive(Debug)]
pub(super) struct ModelVcpu {
    pub(super) machine: Arc<Machine>,
    pub(super) id: u64,
    pub(super) csrs: Csrs,
    pub(super) cpucfg: Cpucfg,
    pub(super) lbt: Lbt,
    pub(super) general: General,
    pub(super) history: History,
    pub(super) timer: Timer,
    /// KVM_LARCH_HWCSR_USABLE: whether the CPU's guest CSRs hold what the cells
    /// hold, if no other vCPU had the CPU since.
    pub(super) hardware_usable: Cell<bool>,
}

impl ModelVcpu {
    /// kvm/vcpu.c, kvm_arch_vcpu_create.
    pub(super) fn new(machine: Arc<Machine>, id: u64) -> Self {
        Self {
            machine,
            id,
            csrs: Csrs::new(id),
            cpucfg: Cpucfg::default(),
            lbt: Lbt::default(),
            general: General::default(),
            history: History::new(),
            timer: Timer::default(),
            hardware_usable: Cell::default(),
        }
    }

    pub(super) fn features(&self) -> Features {
        let word = |index| self.cpucfg.get(index).unwrap_or_default();
        Features { cpucfg2: word(2), cpucfg6: word(6) }
    }

    /// kvm/vcpu.c, kvm_get_one_reg.
    /// EINVAL for an id without register, ENXIO for LBT without the feature.
    pub(super) fn get(&self, id: u64) -> Result<u64, Errno> {
        match id::kind(id) {
            Some(Kind::Csr(csr::ESTAT)) => {
                load_and_put(self);
                Ok(self.csrs.estat(self.machine.kernel))
            }
            Some(Kind::Csr(index)) => Ok(self.csrs.cell(index)?.get()),
            Some(Kind::Cpucfg(index)) => self.cpucfg.get(index),
            Some(Kind::Lbt) => {
                (self.machine.manner.one_reg.has_lbt)(self)?;
                self.lbt.get(id)
            }
            Some(Kind::Kvm) if id == uapi::KVM_REG_LOONGARCH_COUNTER => Ok(self.machine.guest_time()),
            Some(Kind::Kvm) if id == uapi::KVM_REG_LOONGARCH_DEBUG_INST => Ok(BREAKPOINT),
            Some(Kind::Kvm) | None => Err(Errno::EINVAL),
        }
    }

    /// kvm/vcpu.c, kvm_set_one_reg.
    /// EINVAL for an id without register or a refused value, ENXIO for LBT without the feature.
    pub(super) fn set(&self, id: u64, value: u64) -> Result<(), Errno> {
        match id::kind(id) {
            Some(Kind::Csr(csr::CPUID)) => self.machine.claim_cpuid(self.id, self.csrs.cell(csr::CPUID)?, value)?,
            Some(Kind::Csr(csr::ESTAT)) => {
                self.csrs.set_estat(self.machine.kernel, value, self.cpucfg.has_msgint());
            }
            Some(Kind::Csr(index)) => self.csrs.cell(index)?.set(value),
            Some(Kind::Cpucfg(index)) => self.cpucfg.set(index, value, &self.machine.host, self.machine.kernel)?,
            Some(Kind::Lbt) => {
                (self.machine.manner.one_reg.has_lbt)(self)?;
                self.lbt.set(id, value)?;
            }
            Some(Kind::Kvm) if id == uapi::KVM_REG_LOONGARCH_COUNTER => {
                // For the whole board, and set by its first vCPU alone.
                if self.id == 0 {
                    self.machine.set_guest_time(value);
                }
            }
            Some(Kind::Kvm) if id == uapi::KVM_REG_LOONGARCH_VCPU_RESET => self.csrs.reset(),
            Some(Kind::Kvm) | None => return Err(Errno::EINVAL),
        }
        Ok(())
    }

    /// kvm_guest_has_lbt.
    pub(super) fn has_lbt(&self) -> Result<(), Errno> {
        if self.features().cpucfg2 & bits::LBT == 0 { Err(Errno::ENXIO) } else { Ok(()) }
    }
}

/// A vCPU behind its mutex (virt/kvm/kvm_main.c, kvm_vcpu_ioctl: vcpu->mutex).
#[derive(Debug)]
pub(super) struct LockedVcpu {
    machine: Arc<Machine>,
    vcpu: Mutex<ModelVcpu>,
}

impl LockedVcpu {
    pub(super) fn new(vcpu: ModelVcpu) -> Self {
        Self { machine: Arc::clone(&vcpu.machine), vcpu: Mutex::new(vcpu) }
    }

    pub(super) fn alone<T>(&self, work: impl FnOnce(&ModelVcpu) -> T) -> T {
        work(&lock(&self.vcpu))
    }
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Manner {
    pub(super) get_reg_list: fn(&LockedVcpu, u64) -> Answer,
    pub(super) get_one_reg: fn(&LockedVcpu, u64) -> Answer,
    pub(super) set_one_reg: fn(&LockedVcpu, u64) -> Answer,
}

impl Manner {
    pub(super) const RIGHT: Self = Self {
        get_reg_list: |vcpu, list| vcpu.alone(|vcpu| list::get_reg_list(vcpu, list)),
        get_one_reg: |vcpu, one_reg| vcpu.alone(|vcpu| one_reg::get_one_reg(vcpu, one_reg)),
        set_one_reg: |vcpu, one_reg| vcpu.alone(|vcpu| one_reg::set_one_reg(vcpu, one_reg)),
    };
}

impl Vcpu for LockedVcpu {
    fn get_reg_list(&self, list: UserAddress) -> Answer {
        self.machine.is_own()?;
        (self.machine.manner.entry.get_reg_list)(self, list.value())
    }

    fn get_one_reg(&self, one_reg: UserAddress) -> Answer {
        self.machine.is_own()?;
        (self.machine.manner.entry.get_one_reg)(self, one_reg.value())
    }

    fn set_one_reg(&self, one_reg: UserAddress) -> Answer {
        self.machine.is_own()?;
        (self.machine.manner.entry.set_one_reg)(self, one_reg.value())
    }

    fn ioctl(&self, request: u64, argument: UserAddress) -> Answer {
        self.machine.is_own()?;
        self.alone(|vcpu| neighbour::ioctl(vcpu, request, argument.value()))
    }
}
