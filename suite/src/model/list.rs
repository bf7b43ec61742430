// SPDX-License-Identifier: Apache-2.0 OR MIT
//! KVM_GET_REG_LIST: the ids, their order, and the copy to the caller.
//!
//! The list is the one intended by "[PATCH v5] KVM: Add KVM_GET_REG_LIST ioctl for
//! LoongArch". The steps of a call are those of arm64 and riscv64
//! (arch/arm64/kvm/arm.c, arch/riscv/kvm/vcpu.c: copy_from_user of n, copy_to_user of
//! C, E2BIG, put_user of each id), except that n keeps its 64 bits, as on x86.

use kvm_bindings::loongarch64 as uapi;
use nix::errno::Errno;

use super::bits;
use super::cpucfg::Features;
use super::id;
use super::memory;
use super::vcpu::ModelVcpu;
use crate::kvm::Answer;

/// CSRs of every vCPU, by index (include/asm/loongarch.h, LOONGARCH_CSR_*).
const CSRS: [u64; 54] = [
    0x0, 0x1, 0x2, 0x3, 0x4, 0x5, 0x6, 0x7, 0x8, 0xc, // CRMD PRMD EUEN MISC ECFG ESTAT ERA BADV BADI EENTRY
    0x10, 0x11, 0x12, 0x13, // TLBIDX TLBEHI TLBELO0 TLBELO1
    0x18, 0x19, 0x1a, 0x1b, // ASID PGDL PGDH PGD
    0x1c, 0x1d, 0x1e, 0x1f, // PWCTL0 PWCTL1 STLBPGSIZE RVACFG
    0x20, 0x21, 0x22, 0x23, // CPUID PRCFG1 PRCFG2 PRCFG3
    0x30, 0x31, 0x32, 0x33, 0x34, 0x35, 0x36, 0x37, // KS0 to KS7
    0x40, 0x43, 0x44, 0x60, // TMID CNTC TINTCLR LLBCTL
    0x80, 0x81, // IMPCTL1 IMPCTL2
    0x88, 0x89, 0x8a, 0x8b, // TLBRENTRY TLBRBADV TLBRERA TLBRSAVE
    0x8c, 0x8d, 0x8e, 0x8f, // TLBRELO0 TLBRELO1 TLBREHI TLBRPRMD
    0x180, 0x181, 0x182, 0x183, // DMWIN0 to DMWIN3
    0x42, 0x41, // TVAL TCFG
];
/// CSRs of a vCPU with performance counters: PERFCTRL0 to PERFCNTR3.
const PMU_CSRS: std::ops::RangeInclusive<u64> = 0x200..=0x207;
/// CPUCFG words, all of them.
const CPUCFGS: std::ops::Range<u64> = 0..21;
/// Registers of a vCPU with binary translation.
const LBT: std::ops::RangeInclusive<u64> = uapi::KVM_REG_LOONGARCH_LBT_SCR0..=uapi::KVM_REG_LOONGARCH_LBT_FTOP;

/// Size of the header, n, and of an entry.
const WORD: u64 = 8;

impl Features {
    fn ids(self) -> Vec<u64> {
        let mut ids: Vec<u64> = CSRS.into_iter().map(id::csr).collect();
        if self.cpucfg6 & bits::PMP != 0 {
            ids.extend(PMU_CSRS.map(id::csr));
        }
        ids.extend(CPUCFGS.map(id::cpucfg));
        ids.push(uapi::KVM_REG_LOONGARCH_COUNTER);
        if self.cpucfg2 & bits::LBT != 0 {
            ids.extend(LBT);
        }
        ids
    }
}

/// The list of a vCPU with every feature.
#[cfg(any(test, feature = "compare"))]
pub(crate) fn listed_ids() -> Vec<u64> {
    Features { cpucfg2: bits::LBT, cpucfg6: bits::PMP }.ids()
}

/// A call whose header has been read.
#[derive(Debug)]
pub(super) struct Call<'a> {
    pub(super) list: u64,
    /// n as the caller had it.
    pub(super) room: u64,
    /// C.
    pub(super) count: u64,
    pub(super) ids: &'a [u64],
}

impl Call<'_> {
    pub(super) fn entry(&self, index: u64) -> u64 {
        self.list.wrapping_add(WORD).wrapping_add(index.wrapping_mul(WORD))
    }

    pub(super) fn fits(&self) -> bool {
        self.room >= self.count
    }

    pub(super) fn put_n(&self, n: u64) -> Result<(), Errno> {
        memory::copy_out(self.list, n)
    }

    /// Writes ids from an entry on, and says how many could be written.
    pub(super) fn put_ids(&self, first: u64, ids: &[u64]) -> usize {
        let unwritten = ids.iter().zip(first..).position(|(id, index)| memory::put(self.entry(index), *id).is_err());
        unwritten.unwrap_or(ids.len())
    }

    /// Writes the list, and says how many entries could be written.
    pub(super) fn put_list(&self) -> usize {
        self.put_ids(0, self.ids)
    }
}

/// The steps of the ioctl.
#[derive(Debug, Clone, Copy)]
pub(super) struct Manner {
    pub(super) call: fn(&ModelVcpu, u64) -> Answer,
    /// The vCPU's features.
    pub(super) features: fn(&ModelVcpu) -> Features,
    /// Changes the vCPU's list.
    pub(super) ids: fn(&ModelVcpu, &mut Vec<u64>),
    /// The count for a list of a length.
    pub(super) count: fn(u64) -> u64,
    pub(super) read_n: fn(u64) -> Result<u64, Errno>,
    pub(super) write_n: fn(&Call<'_>) -> Result<(), Errno>,
    pub(super) fits: fn(&Call<'_>) -> bool,
    pub(super) refuse: fn(&Call<'_>) -> Answer,
    pub(super) copy: fn(&Call<'_>) -> Answer,
}

impl Manner {
    pub(super) const RIGHT: Self = Self {
        call: answer,
        features: ModelVcpu::features,
        ids: |_, _| {},
        count: |count| count,
        read_n: memory::get,
        write_n: |call| call.put_n(call.count),
        fits: |call| call.fits(),
        refuse: |_| Err(Errno::E2BIG),
        copy,
    };
}

/// Writes every entry, up to the first that cannot be written.
pub(super) fn copy(call: &Call<'_>) -> Answer {
    if call.put_list() == call.ids.len() { Ok(0) } else { Err(Errno::EFAULT) }
}

pub(super) fn get_reg_list(vcpu: &ModelVcpu, list: u64) -> Answer {
    (vcpu.machine.manner.list.call)(vcpu, list)
}

pub(super) fn answer(vcpu: &ModelVcpu, list: u64) -> Answer {
    let manner = vcpu.machine.manner.list;
    let mut ids = (manner.features)(vcpu).ids();
    (manner.ids)(vcpu, &mut ids);
    let room = (manner.read_n)(list)?;
    let call = Call { list, room, count: (manner.count)(ids.len() as u64), ids: &ids };
    (manner.write_n)(&call)?;
    if (manner.fits)(&call) { (manner.copy)(&call) } else { (manner.refuse)(&call) }
}
