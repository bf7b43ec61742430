// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Registers and bits that faults use.

use kvm_bindings::loongarch64 as uapi;

use crate::model::id;

pub(super) const CRMD: u64 = id::csr(0x0);
pub(super) const EUEN: u64 = id::csr(0x2);
pub(super) const MISC: u64 = id::csr(0x3);
pub(super) const ESTAT: u64 = id::csr(0x5);
pub(super) const ERA: u64 = id::csr(0x6);
pub(super) const BADV: u64 = id::csr(0x7);
pub(super) const BADI: u64 = id::csr(0x8);
pub(super) const EENTRY: u64 = id::csr(0xc);
pub(super) const TLBIDX: u64 = id::csr(0x10);
pub(super) const TLBEHI: u64 = id::csr(0x11);
pub(super) const ASID: u64 = id::csr(0x18);
pub(super) const CPUID: u64 = id::csr(0x20);
pub(super) const PRCFG1: u64 = id::csr(0x21);
pub(super) const KS0: u64 = id::csr(0x30);
pub(super) const KS1: u64 = id::csr(0x31);
pub(super) const KS2: u64 = id::csr(0x32);
pub(super) const KS3: u64 = id::csr(0x33);
pub(super) const KS4: u64 = id::csr(0x34);
pub(super) const KS5: u64 = id::csr(0x35);
pub(super) const KS6: u64 = id::csr(0x36);
pub(super) const TCFG: u64 = id::csr(0x41);
pub(super) const TVAL: u64 = id::csr(0x42);
pub(super) const CNTC: u64 = id::csr(0x43);
pub(super) const TLBRBADV: u64 = id::csr(0x89);
pub(super) const TLBREHI: u64 = id::csr(0x8e);
pub(super) const TLBRPRMD: u64 = id::csr(0x8f);
pub(super) const DMWIN0: u64 = id::csr(0x180);
pub(super) const PERFCTRL0: u64 = id::csr(0x200);
pub(super) const PERFCNTR3: u64 = id::csr(0x207);
pub(super) const DEBUG: u64 = id::csr(0x500);
pub(super) const CPUCFG5: u64 = id::cpucfg(5);
pub(super) const CPUCFG19: u64 = id::cpucfg(19);
pub(super) const CPUCFG2: u64 = id::cpucfg(2);
pub(super) const COUNTER: u64 = uapi::KVM_REG_LOONGARCH_COUNTER;
pub(super) const RESET: u64 = uapi::KVM_REG_LOONGARCH_VCPU_RESET;
pub(super) const FTOP: u64 = uapi::KVM_REG_LOONGARCH_LBT_FTOP;

/// CPUCFG2.LBT_X86.
pub(super) const LBT_X86: u64 = 1 << 18;
