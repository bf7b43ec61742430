// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The host: the features that KVM can give to a guest on its CPU.

use super::bits;

/// What the host's own CPUCFG words say, as far as KVM asks, and what its guest
/// CSRs hold. They keep every bit that is written, and no timer counts.
#[derive(Debug, Clone, Copy)]
pub struct Host {
    pub(super) cpucfg1: u64,
    pub(super) cpucfg2: u64,
    pub(super) cpucfg3: u64,
    pub(super) cpucfg6: u64,
    /// PRCFG1 to 3 of a guest, which KVM reads and never writes.
    pub(super) prcfg: [u64; 3],
    /// Whether GINTC and GSTAT, by which the root controls its guests, keep what
    /// is written; without LVZ they read as 0.
    pub(super) keeps_root_csrs: bool,
}

impl Host {
    /// A host with every feature that a guest can be given.
    pub const FULL: Self = Self {
        cpucfg1: bits::MSGINT,
        cpucfg2: bits::LSX | bits::LASX | bits::LBT | bits::PTW_TO_SCQ,
        cpucfg3: 0x00ff_ffff,
        // Four counters of 64 bits.
        cpucfg6: bits::PMP | 3 << 4 | bits::PMBITS | bits::UPM,
        prcfg: [0x72f8, 0x3fff_f000, 0x8073],
        keeps_root_csrs: true,
    };

    /// A host with none of them.
    pub const PLAIN: Self = Self { cpucfg1: 0, cpucfg2: 0, cpucfg3: 0, cpucfg6: 0, ..Self::FULL };

    /// The lab's machine: QEMU's `la464` (target/loongarch/cpu.c,
    /// loongarch_la464_initfn) with the features of ci/lab/soft-lvz.
    pub const LAB: Self = Self {
        cpucfg1: bits::MSGINT,
        cpucfg2: bits::LSX | bits::LASX | bits::LBT,
        cpucfg3: 0x0cff,
        // Counters as far as KVM asks, but no word that describes them.
        cpucfg6: bits::PMP,
        prcfg: [0; 3],
        keeps_root_csrs: false,
    };
}
