// SPDX-License-Identifier: Apache-2.0 OR MIT
//! CSRs: one software cell each (kvm/vcpu.c, _kvm_getcsr and _kvm_setcsr).

use std::cell::Cell;

use nix::errno::Errno;

use super::kernel::Kernel;

/// Cells (include/asm/kvm_host.h, CSR_MAX_NUMS). kvm/main.c get_gcsr_flag calls
/// none of them invalid, flagged or not.
const CSR_MAX_NUMS: usize = 0x800;
/// include/asm/kvm_host.h, KVM_MAX_PHYID: the CPUID of a vCPU without one.
pub(super) const KVM_MAX_PHYID: u64 = 256;

pub(super) const CRMD: u64 = 0x0;
pub(super) const ESTAT: u64 = 0x5;
pub(super) const CPUID: u64 = 0x20;
pub(super) const PRCFG1: u64 = 0x21;
pub(super) const TMID: u64 = 0x40;
pub(super) const TCFG: u64 = 0x41;
pub(super) const TVAL: u64 = 0x42;
pub(super) const GSTAT: u64 = 0x50;
pub(super) const GINTC: u64 = 0x52;
pub(super) const LLBCTL: u64 = 0x60;

/// include/asm/loongarch.h, CSR_CRMD_DA.
const CRMD_DA: u64 = 1 << 3;
/// include/asm/kvm_vcpu.h, KVM_GINTC_IRQ_MASK.
const GINTC_IRQ: u64 = 0xff;
/// include/asm/kvm_vcpu.h, VIP_DELTA: from GINTC's bits to ESTAT's.
const VIP_DELTA: u32 = 2;
/// include/asm/kvm_vcpu.h, KVM_ESTAT_EXTI_MASK.
const ESTAT_EXTI: u64 = GINTC_IRQ << VIP_DELTA;
/// include/asm/loongarch.h, CSR_ESTAT_IS, CSR_ESTAT_EXC and CSR_ESTAT_ESUBCODE.
const ESTAT_KEPT: u64 = 0x7fff_7fff;
/// include/asm/kvm_vcpu.h, CPU_AVEC: the interrupt that needs MSGINT.
const ESTAT_AVEC: u64 = 1 << 14;
/// include/asm/kvm_vcpu.h, CPU_TIMER.
pub(super) const ESTAT_TI: u64 = 1 << 11;

#[derive(Debug)]
pub(super) struct Csrs(Vec<Cell<u64>>);

impl Csrs {
    /// As kvm/vcpu.c kvm_arch_vcpu_create leaves them.
    pub(super) fn new(vcpu_id: u64) -> Self {
        let initial = |index| match index {
            CRMD => CRMD_DA,
            TMID => vcpu_id,
            CPUID => KVM_MAX_PHYID,
            _ => 0,
        };
        Self((0..CSR_MAX_NUMS as u64).map(|index| Cell::new(initial(index))).collect())
    }

    /// A cell by index.
    /// EINVAL beyond the last one, as INVALID_GCSR gives.
    pub(super) fn cell(&self, index: u64) -> Result<&Cell<u64>, Errno> {
        usize::try_from(index).ok().and_then(|index| self.0.get(index)).ok_or(Errno::EINVAL)
    }

    /// kvm_read_sw_gcsr, of a cell that there is.
    pub(super) fn read(&self, index: u64) -> u64 {
        self.cell(index).map_or(0, Cell::get)
    }

    /// kvm_write_sw_gcsr, of a cell that there is.
    pub(super) fn write(&self, index: u64, value: u64) {
        if let Ok(cell) = self.cell(index) {
            cell.set(value);
        }
    }

    /// kvm_set_sw_gcsr, of a cell that there is.
    pub(super) fn set_bits(&self, index: u64, bits: u64) {
        self.write(index, self.read(index) | bits);
    }

    pub(super) fn estat(&self, kernel: Kernel) -> u64 {
        let external = (self.read(GINTC) & GINTC_IRQ) << VIP_DELTA;
        match kernel {
            Kernel::V6_12 => self.read(ESTAT) | external,
            Kernel::V7_2 | Kernel::V7_3 => self.read(ESTAT) & !ESTAT_EXTI | external,
        }
    }

    pub(super) fn set_estat(&self, kernel: Kernel, value: u64, guest_has_msgint: bool) {
        let external = value >> VIP_DELTA & GINTC_IRQ;
        let internal = value & !ESTAT_EXTI;
        match kernel {
            Kernel::V6_12 => {
                self.set_bits(GINTC, external);
                // On its way the value is an int, whose sign fills the upper half.
                self.set_bits(ESTAT, i64::from(internal as i32) as u64);
            }
            Kernel::V7_2 | Kernel::V7_3 => {
                self.write(GINTC, self.read(GINTC) & !GINTC_IRQ | external);
                let kept = if guest_has_msgint { ESTAT_KEPT } else { ESTAT_KEPT & !ESTAT_AVEC };
                self.write(ESTAT, internal & kept);
            }
        }
    }

    /// The effect of SET of VCPU_RESET (kvm/vcpu.c, kvm_set_one_reg).
    pub(super) fn reset(&self) {
        self.write(GINTC, 0);
        self.write(ESTAT, 0);
    }
}
