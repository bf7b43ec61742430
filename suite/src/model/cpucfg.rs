// SPDX-License-Identifier: Apache-2.0 OR MIT
//! CPUCFG: the words that tell a guest its features, and what a host lets a
//! VMM write there (kvm/vcpu.c, _kvm_get_cpucfg_mask and kvm_check_cpucfg).

use std::cell::Cell;

use nix::errno::Errno;

/// include/asm/kvm_host.h, KVM_MAX_CPUCFG_REGS.
const WORDS: usize = 21;

/// Bits of the words (include/asm/loongarch.h, CPUCFG1_* to CPUCFG6_*).
mod bits {
    pub(super) const MSGINT: u64 = 1 << 26;

    pub(super) const FP: u64 = 1 << 0;
    pub(super) const FPSP_FPDP: u64 = 0b11 << 1;
    pub(super) const FPVERS: u64 = 0b111 << 3;
    pub(super) const LSX: u64 = 1 << 6;
    pub(super) const LASX: u64 = 1 << 7;
    pub(super) const LLFTP: u64 = 1 << 14;
    pub(super) const LLFTPREV: u64 = 0b111 << 15;
    pub(super) const LBT: u64 = 0b111 << 18;
    pub(super) const LSPW_LAM: u64 = 0b11 << 21;
    /// PTW, FRECIPE, DIV32, LAM_BH, LAMCAS, LLACQ_SCREL and SCQ.
    pub(super) const PTW_TO_SCQ: u64 = 0x7f << 24;

    /// SFB, ALDORDER_CAP, ASTORDER_CAP and SLDORDER_CAP, which no guest gets.
    pub(super) const SFB_AND_ORDER: u64 = 1 << 1 | 1 << 18 | 1 << 19 | 1 << 22;

    pub(super) const PMP: u64 = 1 << 0;
    pub(super) const PMNUM: u64 = 0xf << 4;
    pub(super) const PMBITS: u64 = 0x3f << 8;
    pub(super) const UPM: u64 = 1 << 14;
}

/// The bits of CPUCFG2 that kvm_guest_has_lbt looks at: x86, arm and MIPS.
pub(super) const LBT: u64 = bits::LBT;
/// The bit of CPUCFG6 that kvm_guest_has_pmu looks at.
pub(super) const PMP: u64 = bits::PMP;

/// What the host's own words say, as far as KVM asks, and its PRCFG1 to 3.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Host {
    cpucfg1: u64,
    cpucfg2: u64,
    cpucfg3: u64,
    cpucfg6: u64,
    /// PRCFG1 to 3 as the hardware has them.
    pub(super) prcfg: [u64; 3],
}

impl Host {
    /// A host with every feature that a guest can be given.
    pub(crate) const FULL: Self = Self {
        cpucfg1: bits::MSGINT,
        cpucfg2: bits::LSX | bits::LASX | bits::LBT | bits::PTW_TO_SCQ,
        cpucfg3: 0x00ff_ffff,
        // Four counters of 64 bits.
        cpucfg6: bits::PMP | 3 << 4 | bits::PMBITS | bits::UPM,
        prcfg: [0x72f8, 0x3fff_f000, 0x8073],
    };

    /// A host with none of them.
    pub(crate) const PLAIN: Self = Self { cpucfg1: 0, cpucfg2: 0, cpucfg3: 0, cpucfg6: 0, ..Self::FULL };

    /// _kvm_get_cpucfg_mask.
    fn mask(&self, index: u64) -> u64 {
        match index {
            0 | 4 | 5 => 0xffff_ffff,
            1 => 0x07ff_ffff,
            2 => {
                let always = bits::FP | bits::FPSP_FPDP | bits::FPVERS | bits::LLFTP | bits::LLFTPREV | bits::LSPW_LAM;
                let as_host = bits::LSX | bits::LASX | bits::LBT | bits::PTW_TO_SCQ;
                always | self.cpucfg2 & as_host
            }
            3 => 0x00ff_ffff & self.cpucfg3 & !bits::SFB_AND_ORDER,
            6 if self.cpucfg6 & bits::PMP != 0 => 0x7fff,
            16 => 0x0001_ffff,
            17..=20 => 0x7fff_ffff,
            _ => 0,
        }
    }

    /// kvm_check_cpucfg. Its comparison of CPUCFG3's fields with the host's
    /// adds nothing to the mask: a subset of the host's bits is no larger.
    fn check(&self, index: u64, value: u64) -> Result<(), Errno> {
        let all = |bits| value & bits == bits;
        let any = |bits| value & bits != 0;
        let right = match index {
            _ if any(!self.mask(index)) => false,
            1 => !any(bits::MSGINT) || self.cpucfg1 & bits::MSGINT != 0,
            2 => {
                all(bits::LLFTP)
                    && (!any(bits::FP) || all(bits::FPSP_FPDP))
                    && (!any(bits::LSX) || any(bits::FP))
                    && (!any(bits::LASX) || any(bits::LSX))
            }
            6 if any(bits::PMP) => {
                value & bits::PMBITS == self.cpucfg6 & bits::PMBITS
                    && value & bits::PMNUM <= self.cpucfg6 & bits::PMNUM
                    && (!any(bits::UPM) || self.cpucfg6 & bits::UPM != 0)
            }
            _ => true,
        };
        if right { Ok(()) } else { Err(Errno::EINVAL) }
    }
}

/// The words of a vCPU, all 0 at first; any of them can change at any time.
#[derive(Debug, Default)]
pub(super) struct Cpucfg([Cell<u64>; WORDS]);

impl Cpucfg {
    /// A word.
    ///
    /// # Errors
    /// EINVAL beyond the last one.
    pub(super) fn get(&self, index: u64) -> Result<u64, Errno> {
        Ok(self.cell(index)?.get())
    }

    /// Sets a word, if the host lets a guest have it.
    ///
    /// # Errors
    /// EINVAL otherwise.
    pub(super) fn set(&self, index: u64, value: u64, host: &Host) -> Result<(), Errno> {
        let cell = self.cell(index)?;
        host.check(index, value)?;
        cell.set(value);
        Ok(())
    }

    /// include/asm/kvm_host.h, kvm_guest_has_msgint.
    pub(super) fn has_msgint(&self) -> bool {
        self.get(1).is_ok_and(|word| word & bits::MSGINT != 0)
    }

    fn cell(&self, index: u64) -> Result<&Cell<u64>, Errno> {
        usize::try_from(index).ok().and_then(|index| self.0.get(index)).ok_or(Errno::EINVAL)
    }
}
