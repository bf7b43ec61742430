// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Registers that the comparison treats specially.

use std::ops::RangeInclusive;

use kvm_bindings::loongarch64 as uapi;

use super::call::Call;
use super::place::Place;
use crate::model::csr_id;

pub(super) const ESTAT: u64 = csr_id(0x5);
pub(super) const CPUID: u64 = csr_id(0x20);
pub(super) const TCFG: u64 = csr_id(0x41);
pub(super) const TVAL: u64 = csr_id(0x42);
const LLBCTL: u64 = csr_id(0x60);
pub(super) const COUNTER: u64 = uapi::KVM_REG_LOONGARCH_COUNTER;
/// LBT_SCR0 to LBT_FTOP.
pub(super) const LBT: RangeInclusive<u64> = uapi::KVM_REG_LOONGARCH_LBT_SCR0..=uapi::KVM_REG_LOONGARCH_LBT_FTOP;

/// CSRs that are more than a cell, by index, in the order in which their state
/// is looked at: PRCFG1 to 3, TMID, TCFG, TVAL, TINTCLR, GSTAT, GINTC, LLBCTL,
/// ISR0 to 3, IPR, PERFCTRL0, PERFCNTR3, CPUID, ESTAT.
pub(super) const SPECIAL_CSRS: [u64; 19] =
    [0x21, 0x22, 0x23, 0x40, 0x41, 0x42, 0x44, 0x50, 0x52, 0x60, 0xa0, 0xa1, 0xa2, 0xa3, 0xa5, 0x200, 0x207, 0x20, 0x5];

/// CSRs that a load and a put make depend on each other.
pub(super) const INTERPLAY: [u64; 4] = [ESTAT, TCFG, TVAL, LLBCTL];

/// Sequences that chance hardly ever makes, for they have no good SET: a vCPU
/// that was loaded while it was the only one is still in hardware when another
/// one is there. That ends when the other one is loaded, and with a SET that
/// fails, but not with one whose kvm_one_reg cannot be read.
pub(super) const STILL_IN_HARDWARE: [&[Call]; 3] = [
    &[get(0, ESTAT), Call::Create(9), get(0, ESTAT), get(0, LLBCTL), get(1, ESTAT), get(0, ESTAT), get(0, LLBCTL)],
    &[get(0, ESTAT), Call::Create(9), bad_set(Place::Good(0)), get(0, ESTAT), get(0, LLBCTL)],
    &[get(0, ESTAT), Call::Create(9), bad_set(Place::Hostile(0)), get(0, ESTAT), get(0, LLBCTL)],
];

const fn bad_set(one_reg: Place) -> Call {
    Call::Set { vcpu: 0, id: ESTAT, value: 0, one_reg, at: Place::Hostile(0) }
}

const fn get(vcpu: usize, id: u64) -> Call {
    Call::Get { vcpu, id, one_reg: Place::Good(0), at: Place::Good(0) }
}
