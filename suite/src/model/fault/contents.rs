// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Faults: wrong registers in the list, and malformed ids.

use kvm_bindings::loongarch64 as uapi;

use super::registers::*;
use crate::fault::Fault;
use crate::model::id;
use crate::model::manner::Manner;

/// The architecture byte of riscv64 in place of LoongArch's (uapi linux/kvm.h,
/// KVM_REG_RISCV).
const TO_RISCV: u64 = uapi::KVM_REG_LOONGARCH ^ 0x8000_0000_0000_0000;
const TO_32_BITS: u64 = uapi::KVM_REG_SIZE_U64 ^ uapi::KVM_REG_SIZE_U32;

pub(super) fn change(fault: Fault, manner: &mut Manner) {
    let list = &mut manner.list;
    match fault {
        Fault::RegisterMissing => list.ids = |_, ids| ids.retain(|id| *id != KS3),
        Fault::RegisterExtra => list.ids = |_, ids| ids.push(DEBUG),
        Fault::PositionForIndex => list.ids = |_, ids| replace(ids, EENTRY, id::csr(9)),
        Fault::RegisterTwice => list.ids = |_, ids| replace(ids, TLBIDX, EENTRY),
        Fault::ArchitectureWrong => list.ids = |_, ids| replace(ids, ERA, ERA ^ TO_RISCV),
        Fault::SizeWrong => list.ids = |_, ids| replace(ids, KS0, KS0 ^ TO_32_BITS),
        Fault::ReservedBitSet => list.ids = |_, ids| replace(ids, ASID, ASID | 1 << 40),
        Fault::IndexMisaligned => list.ids = |_, ids| replace(ids, MISC, MISC | 1),
        Fault::IndexBeyondLast => list.ids = |_, ids| replace(ids, id::cpucfg(20), id::cpucfg(21)),
        Fault::OrderSwapped => list.ids = |_, ids| swap_timer(ids),
        Fault::FtopMissing => list.ids = |_, ids| ids.retain(|id| *id != FTOP),
        Fault::RegisterAgain => list.ids = |_, ids| ids.push(EENTRY),
        Fault::AliasListed => list.ids = |_, ids| ids.push(CRMD | 1 << 15),
        _ => {}
    }
}

fn replace(ids: &mut [u64], old: u64, new: u64) {
    for id in ids.iter_mut().filter(|id| **id == old) {
        *id = new;
    }
}

pub(super) fn swap_timer(ids: &mut Vec<u64>) {
    for id in ids {
        *id = match *id {
            TVAL => TCFG,
            TCFG => TVAL,
            other => other,
        };
    }
}
