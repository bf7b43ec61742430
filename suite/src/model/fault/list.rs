// SPDX-License-Identifier: Apache-2.0 OR MIT
//! KVM_GET_REG_LIST gone wrong.

use kvm_bindings::loongarch64 as uapi;
use nix::errno::Errno;

use super::Fault;
use crate::kvm::Answer;
use crate::model::id::Kind;
use crate::model::list::{Call, Features, Manner, copy};
use crate::model::{cpucfg, id, memory};

/// CPUCFG2.LBT_X86.
const LBT_X86: u64 = 1 << 18;
/// The architecture byte of riscv64 in place of LoongArch's (uapi linux/kvm.h,
/// KVM_REG_RISCV).
const TO_RISCV: u64 = uapi::KVM_REG_LOONGARCH ^ 0x8000_0000_0000_0000;
const TO_32_BITS: u64 = uapi::KVM_REG_SIZE_U64 ^ uapi::KVM_REG_SIZE_U32;

const MISC: u64 = id::csr(0x3);
const ERA: u64 = id::csr(0x6);
const EENTRY: u64 = id::csr(0xc);
const TLBIDX: u64 = id::csr(0x10);
const ASID: u64 = id::csr(0x18);
const KS0: u64 = id::csr(0x30);
const KS3: u64 = id::csr(0x33);
const TVAL: u64 = id::csr(0x42);
const TCFG: u64 = id::csr(0x41);
const DEBUG: u64 = id::csr(0x500);

/// How the ioctl goes about its work with `fault`.
pub(in crate::model) fn manner(fault: Option<Fault>) -> Manner {
    let mut manner = Manner::RIGHT;
    let Some(fault) = fault else { return manner };
    match fault {
        Fault::RegisterMissing => manner.ids = |ids| ids.retain(|id| *id != KS3),
        Fault::RegisterExtra => manner.ids = |ids| ids.push(DEBUG),
        Fault::PositionForIndex => manner.ids = |ids| replace(ids, EENTRY, id::csr(9)),
        Fault::RegisterTwice => manner.ids = |ids| replace(ids, TLBIDX, EENTRY),
        Fault::ArchitectureWrong => manner.ids = |ids| replace(ids, ERA, ERA ^ TO_RISCV),
        Fault::SizeWrong => manner.ids = |ids| replace(ids, KS0, KS0 ^ TO_32_BITS),
        Fault::ReservedBitSet => manner.ids = |ids| replace(ids, ASID, ASID | 1 << 40),
        Fault::IndexMisaligned => manner.ids = |ids| replace(ids, MISC, MISC | 1),
        Fault::IndexBeyondLast => manner.ids = |ids| replace(ids, id::cpucfg(20), id::cpucfg(21)),
        Fault::EntryHalfWritten => manner.copy = half_an_entry,
        Fault::OrderSwapped => manner.ids = swap_timer,
        Fault::PmuAlways => manner.features = |features| Features { cpucfg6: cpucfg::PMP, ..features },
        Fault::PmuNever => manner.features = |features| Features { cpucfg6: 0, ..features },
        Fault::LbtAlways => manner.features = |features| Features { cpucfg2: cpucfg::LBT, ..features },
        Fault::LbtNever => manner.features = |features| Features { cpucfg2: 0, ..features },
        Fault::LbtByX86Alone => manner.features = |features| lbt_if_all(features, LBT_X86),
        Fault::LbtByAllThree => manner.features = |features| lbt_if_all(features, cpucfg::LBT),

        Fault::CountOneMore => manner.count = |count| count + 1,
        Fault::CountOneLess => manner.count = |count| count - 1,
        Fault::LastEntryUnwritten => manner.copy = |call| put_some(call, call.ids.len() - 1).and(Ok(0)),
        Fault::EntryTooMany => manner.copy = |call| copy(call).inspect(|_| stray(call.entry(call.count))),
        Fault::CountKeptOnSuccess => manner.write_n = |call| write_n_unless(call, call.fits()),
        Fault::CountKeptAboveC => manner.write_n = |call| write_n_unless(call, call.room == call.count + 1),
        Fault::SuccessIsOne => manner.copy = |call| copy(call).and(Ok(1)),
        Fault::CountCut => manner.read_n = |list| memory::get(list).map(|n| n & 0xffff_ffff),
        Fault::CountCutSigned => manner.fits = |call| call.room as i32 >= call.count as i32,
        Fault::CountSigned => manner.fits = |call| call.room as i64 >= call.count as i64,

        Fault::E2bigIsEinval => manner.refuse = |_| Err(Errno::EINVAL),
        Fault::E2bigIsSuccess => manner.refuse = |call| put_room(call).and(Ok(0)),
        Fault::ZeroIsSuccess => manner.refuse = |call| if call.room == 0 { Ok(0) } else { Err(Errno::E2BIG) },
        Fault::ExactIsE2big => manner.fits = |call| call.room > call.count,
        Fault::OneLessIsSuccess => manner.fits = |call| call.room.saturating_add(1) >= call.count,
        Fault::CountKeptOnE2big => manner.write_n = |call| write_n_unless(call, !call.fits()),
        Fault::CountWrongOnE2big => manner.write_n = |call| call.put_n(call.count - u64::from(!call.fits())),
        Fault::E2bigWritesEntries => manner.refuse = |call| put_room(call).and(Err(Errno::E2BIG)),
        Fault::E2bigNeedsArray => manner.refuse = needs_array,

        Fault::HeaderUnreadableIsEinval => manner.read_n = |list| memory::get(list).map_err(|_| Errno::EINVAL),
        Fault::HeaderReadOnlyIsE2big => manner.write_n = |call| call.put_n(call.count).or(e2big_or_efault(call)),
        Fault::HeaderReadOnlyWritten => manner.write_n = |call| memory::put_by_force(call.list, call.count),
        Fault::HeaderStraddlingAccepted => {
            manner.read_n = |list| memory::get(list).or_else(|_| memory::read::<1>(list).and(Ok(0)));
            manner.write_n = |call| call.put_n(call.count).or_else(|_| memory::write(call.list, &[0]));
        }
        Fault::MisalignedIsEinval => {
            manner.read_n = |list| if list % 8 == 0 { memory::get(list) } else { Err(Errno::EINVAL) };
        }
        Fault::EfaultLost => manner.copy = lose_errno,
        Fault::EfaultIsSuccess => manner.copy = |call| copy(call).or(Ok(0)),
        Fault::EfaultIsEinvalOnce => {
            manner.copy = |call| if call.put_list() == 17 { Err(Errno::EINVAL) } else { copy(call) };
        }
        Fault::LastEntryUnchecked => {
            manner.copy = |call| if call.put_list() + 1 < call.ids.len() { Err(Errno::EFAULT) } else { Ok(0) };
        }
        Fault::EfaultIsShortList => manner.copy = |call| call.put_n(call.put_list() as u64).and(Ok(0)),
        Fault::CountBehindEntries => {
            manner.write_n = |call| write_n_unless(call, call.fits());
            manner.copy = |call| copy(call).and_then(|result| call.put_n(call.count).and(Ok(result)));
        }
        Fault::ArrayTriedFirst => manner.copy = try_first,
        Fault::StrayBeforeHeader => {
            manner.write_n = |call| {
                stray(call.list.wrapping_sub(8));
                call.put_n(call.count)
            };
        }
        Fault::StrayBehindList => {
            manner.write_n = |call| {
                stray(call.entry(call.count + 9));
                call.put_n(call.count)
            };
        }
        Fault::EmptyAfterEfault => {
            manner.ids_after_efault = |ids| {
                ids.clear();
                Ok(())
            };
        }
        Fault::EnomemAfterEfault => manner.ids_after_efault = |_| Err(Errno::ENOMEM),
        // Faults of the other ioctls.
        _ => {}
    }
    manner
}

fn replace(ids: &mut [u64], old: u64, new: u64) {
    for id in ids.iter_mut().filter(|id| **id == old) {
        *id = new;
    }
}

fn swap_timer(ids: &mut Vec<u64>) {
    for id in ids {
        *id = match *id {
            TVAL => TCFG,
            TCFG => TVAL,
            other => other,
        };
    }
}

/// LBT for a vCPU that has all of `bits`.
fn lbt_if_all(features: Features, bits: u64) -> Features {
    Features { cpucfg2: if features.cpucfg2 & bits == bits { bits } else { 0 }, ..features }
}

fn half_an_entry(call: &Call<'_>) -> Answer {
    for (id, index) in call.ids.iter().zip(0..) {
        let bytes = id.to_le_bytes();
        let written = if *id == MISC { bytes.len() / 2 } else { bytes.len() };
        memory::write(call.entry(index), bytes.get(..written).unwrap_or_default())?;
    }
    Ok(0)
}

fn write_n_unless(call: &Call<'_>, kept: bool) -> Result<(), Errno> {
    if kept { Ok(()) } else { call.put_n(call.count) }
}

/// Writes the first entries.
fn put_some(call: &Call<'_>, count: usize) -> Result<(), Errno> {
    let ids = call.ids.get(..count).unwrap_or(call.ids);
    if call.put_ids(0, ids) == ids.len() { Ok(()) } else { Err(Errno::EFAULT) }
}

/// Writes as many entries as the caller has room for.
fn put_room(call: &Call<'_>) -> Result<(), Errno> {
    put_some(call, usize::try_from(call.room).unwrap_or(usize::MAX))
}

fn needs_array(call: &Call<'_>) -> Answer {
    Err(if memory::is_writable(call.entry(0)) { Errno::E2BIG } else { Errno::EFAULT })
}

/// What becomes of n that cannot be written: nothing, if the call is to fail
/// with E2BIG all the same.
fn e2big_or_efault(call: &Call<'_>) -> Result<(), Errno> {
    if call.fits() { Err(Errno::EFAULT) } else { Ok(()) }
}

/// `reg += copy_csr_ids(...)` without a look at its sign, in 32 bits.
fn lose_errno(call: &Call<'_>) -> Answer {
    let is_csr = |id: &&u64| matches!(id::kind(**id), Some(Kind::Csr(_)));
    let (csrs, others) = call.ids.split_at(call.ids.iter().take_while(is_csr).count());
    let result = if call.put_ids(0, csrs) == csrs.len() { csrs.len() as i32 } else { -(Errno::EFAULT as i32) };
    let first = u64::from(result as u32);
    if call.put_ids(first, others) == others.len() { Ok(0) } else { Err(Errno::EFAULT) }
}

fn try_first(call: &Call<'_>) -> Answer {
    let writable = (0..call.count).all(|index| memory::is_writable(call.entry(index)));
    if writable { copy(call) } else { Err(Errno::EFAULT) }
}

/// Writes where nothing may be written, if that is possible.
fn stray(address: u64) {
    let _ = memory::put(address, 0);
}
