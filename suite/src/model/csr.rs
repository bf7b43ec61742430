// SPDX-License-Identifier: Apache-2.0 OR MIT
//! CSRs: one software cell each (kvm/vcpu.c, _kvm_getcsr and _kvm_setcsr).

use std::cell::Cell;

use nix::errno::Errno;

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
pub(super) const GINTC: u64 = 0x52;

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

/// The cells of a vCPU.
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
    ///
    /// # Errors
    /// EINVAL beyond the last one, as INVALID_GCSR gives.
    pub(super) fn cell(&self, index: u64) -> Result<&Cell<u64>, Errno> {
        usize::try_from(index).ok().and_then(|index| self.0.get(index)).ok_or(Errno::EINVAL)
    }

    /// _kvm_getcsr. GET of ESTAT loads and puts the vCPU, and the put reads
    /// PRCFG1 to 3 from the hardware, which no load ever wrote.
    ///
    /// # Errors
    /// EINVAL for an index beyond the last.
    pub(super) fn get(&self, index: u64, hardware_prcfg: [u64; 3]) -> Result<u64, Errno> {
        if index != ESTAT {
            return Ok(self.cell(index)?.get());
        }
        for (index, value) in (PRCFG1..).zip(hardware_prcfg) {
            self.cell(index)?.set(value);
        }
        let gintc = self.cell(GINTC)?.get() & GINTC_IRQ;
        Ok(self.cell(ESTAT)?.get() & !ESTAT_EXTI | gintc << VIP_DELTA)
    }

    /// _kvm_setcsr, but for CPUID, of which the whole VM knows.
    ///
    /// # Errors
    /// EINVAL for an index beyond the last.
    pub(super) fn set(&self, index: u64, value: u64, guest_has_msgint: bool) -> Result<(), Errno> {
        if index != ESTAT {
            self.cell(index)?.set(value);
            return Ok(());
        }
        let gintc = self.cell(GINTC)?;
        gintc.set(gintc.get() & !GINTC_IRQ | value >> VIP_DELTA & GINTC_IRQ);
        let kept = if guest_has_msgint { ESTAT_KEPT } else { ESTAT_KEPT & !ESTAT_AVEC };
        self.cell(ESTAT)?.set(value & kept & !ESTAT_EXTI);
        Ok(())
    }

    /// What SET of VCPU_RESET does to CSRs (kvm/vcpu.c, kvm_set_one_reg).
    ///
    /// # Errors
    /// None that can happen.
    pub(super) fn reset(&self) -> Result<(), Errno> {
        self.cell(GINTC)?.set(0);
        self.cell(ESTAT)?.set(0);
        Ok(())
    }
}
