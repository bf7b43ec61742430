// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Bits of CPUCFG words (include/asm/loongarch.h, CPUCFG1_* to CPUCFG6_*).

pub(super) const MSGINT: u64 = 1 << 26;

pub(super) const FP: u64 = 1 << 0;
pub(super) const FPSP_FPDP: u64 = 0b11 << 1;
pub(super) const FPVERS: u64 = 0b111 << 3;
pub(super) const LSX: u64 = 1 << 6;
pub(super) const LASX: u64 = 1 << 7;
pub(super) const LLFTP: u64 = 1 << 14;
pub(super) const LLFTPREV: u64 = 0b111 << 15;
/// x86, arm and MIPS, which kvm_guest_has_lbt looks at.
pub(super) const LBT: u64 = 0b111 << 18;
pub(super) const LSPW_LAM: u64 = 0b11 << 21;
/// PTW, FRECIPE, DIV32, LAM_BH, LAMCAS, LLACQ_SCREL and SCQ.
pub(super) const PTW_TO_SCQ: u64 = 0x7f << 24;

/// SFB, ALDORDER_CAP, ASTORDER_CAP and SLDORDER_CAP, which no guest gets.
pub(super) const SFB_AND_ORDER: u64 = 1 << 1 | 1 << 18 | 1 << 19 | 1 << 22;

/// Which kvm_guest_has_pmu looks at.
pub(super) const PMP: u64 = 1 << 0;
pub(super) const PMNUM: u64 = 0xf << 4;
pub(super) const PMBITS: u64 = 0x3f << 8;
pub(super) const UPM: u64 = 1 << 14;
