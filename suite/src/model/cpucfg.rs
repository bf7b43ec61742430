// SPDX-License-Identifier: Apache-2.0 OR MIT
//! CPUCFG words: the guest's features, and the bits that a VMM may SET on this host
//! (kvm/vcpu.c, _kvm_get_cpucfg_mask and kvm_check_cpucfg).

use std::cell::Cell;

use nix::errno::Errno;

use super::bits;
use super::host::Host;
use super::kernel::Kernel;

/// include/asm/kvm_host.h, KVM_MAX_CPUCFG_REGS.
const WORDS: usize = 21;

impl Host {
    /// _kvm_get_cpucfg_mask.
    pub(super) fn mask(&self, kernel: Kernel, index: u64) -> u64 {
        match (index, kernel) {
            (0 | 4 | 5, _) => 0xffff_ffff,
            (1, Kernel::V6_12) => 0x03ff_ffff,
            (1, _) => 0x07ff_ffff,
            (2, _) => {
                let always = bits::FP | bits::FPSP_FPDP | bits::FPVERS | bits::LLFTP | bits::LLFTPREV | bits::LSPW_LAM;
                let as_host = match kernel {
                    Kernel::V6_12 => bits::LSX | bits::LASX | bits::LBT,
                    Kernel::V7_2 | Kernel::V7_3 => bits::LSX | bits::LASX | bits::LBT | bits::PTW_TO_SCQ,
                };
                always | self.cpucfg2 & as_host
            }
            (3, Kernel::V6_12) => 0x0001_ffff,
            (3, _) => 0x00ff_ffff & self.cpucfg3 & !bits::SFB_AND_ORDER,
            (6, _) if self.cpucfg6 & bits::PMP != 0 => 0x7fff,
            (16, _) => 0x0001_ffff,
            (17..=20, _) => 0x7fff_ffff,
            _ => 0,
        }
    }

    /// kvm_check_cpucfg. Its comparison of CPUCFG3's fields with the host's
    /// adds nothing to the mask: a subset of the host's bits is no larger.
    fn check(&self, kernel: Kernel, index: u64, value: u64) -> Result<(), Errno> {
        let all = |bits| value & bits == bits;
        let any = |bits| value & bits != 0;
        let right = match index {
            _ if any(!self.mask(kernel, index)) => false,
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

/// The CPUCFG words that hold a vCPU's features.
#[derive(Debug, Clone, Copy)]
pub(super) struct Features {
    pub(super) cpucfg2: u64,
    pub(super) cpucfg6: u64,
}

/// The words of a vCPU, all 0 at first; any of them can change at any time.
#[derive(Debug, Default)]
pub(super) struct Cpucfg([Cell<u64>; WORDS]);

impl Cpucfg {
    pub(super) fn get(&self, index: u64) -> Result<u64, Errno> {
        Ok(self.cell(index)?.get())
    }

    /// Sets a word, if the host lets a guest have it.
    pub(super) fn set(&self, index: u64, value: u64, host: &Host, kernel: Kernel) -> Result<(), Errno> {
        let cell = self.cell(index)?;
        host.check(kernel, index, value)?;
        cell.set(value);
        Ok(())
    }

    /// Sets a word, whatever the host lets a guest have.
    pub(super) fn store(&self, index: u64, value: u64) -> Result<(), Errno> {
        self.cell(index)?.set(u64::from(value as u32));
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
