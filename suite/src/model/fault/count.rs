// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Faults: the count, success and E2BIG.

use nix::errno::Errno;

use super::registers::*;
use crate::fault::Fault;
use crate::kvm::Answer;
use crate::model::list::{Call, answer, copy};
use crate::model::manner::Manner;
use crate::model::memory;
use crate::model::vcpu::ModelVcpu;

/// C of a vCPU with every feature.
const OF_EVERY_FEATURE: u64 = 90;

pub(super) fn change(fault: Fault, manner: &mut Manner) {
    let list = &mut manner.list;
    match fault {
        Fault::EntryHalfWritten => list.copy = half_an_entry,
        Fault::CountOneMore => list.count = |count| count + 1,
        Fault::CountOneLess => list.count = |count| count - 1,
        Fault::CountWrongWithBoth => list.count = |count| count - u64::from(count == OF_EVERY_FEATURE),
        Fault::CountWrongAtFirst => list.call = count_wrong_at_first,
        Fault::LastEntryUnwritten => list.copy = |call| put_some(call, call.ids.len() - 1).and(Ok(0)),
        Fault::EntryTooMany => list.copy = |call| copy(call).inspect(|_| stray(call.entry(call.count))),
        Fault::CountKeptOnSuccess => list.write_n = |call| write_n_unless(call, call.fits()),
        Fault::CountKeptAboveC => list.write_n = |call| write_n_unless(call, call.room == call.count + 1),
        Fault::SuccessIsOne => list.copy = |call| copy(call).and(Ok(1)),
        Fault::CountCut => list.read_n = |list| memory::get(list).map(|n| n & 0xffff_ffff),
        Fault::CountCutSigned => list.fits = |call| call.room as i32 >= call.count as i32,
        Fault::LargeCountRefused => {
            list.read_n = |list| memory::get(list).and_then(|n| if n > 1 << 20 { Err(Errno::ENOMEM) } else { Ok(n) });
        }
        Fault::CountSigned => list.fits = |call| call.room as i64 >= call.count as i64,

        Fault::E2bigIsEinval => list.refuse = |_| Err(Errno::EINVAL),
        Fault::E2bigIsSuccess => list.refuse = |call| put_room(call).and(Ok(0)),
        Fault::ZeroIsSuccess => list.refuse = |call| if call.room == 0 { Ok(0) } else { Err(Errno::E2BIG) },
        Fault::ExactIsE2big => list.fits = |call| call.room > call.count,
        Fault::OneLessIsSuccess => list.fits = |call| call.room.saturating_add(1) >= call.count,
        Fault::CountKeptOnE2big => list.write_n = |call| write_n_unless(call, !call.fits()),
        Fault::CountWrongOnE2big => list.write_n = |call| call.put_n(call.count - u64::from(!call.fits())),
        Fault::CountOfMissing => {
            list.write_n = |call| call.put_n(if call.fits() { call.count } else { call.count - call.room });
        }
        Fault::E2bigWritesEntries => list.refuse = |call| put_room(call).and(Err(Errno::E2BIG)),
        Fault::E2bigNeedsArray => list.refuse = needs_array,
        _ => {}
    }
}

fn count_wrong_at_first(vcpu: &ModelVcpu, list: u64) -> Answer {
    let is_probe = vcpu.history.count() == 1 && memory::get(list) == Ok(0);
    let answer = answer(vcpu, list);
    if is_probe && answer == Err(Errno::E2BIG) {
        memory::put(list, OF_EVERY_FEATURE)?;
    }
    answer
}

fn half_an_entry(call: &Call<'_>) -> Answer {
    for (id, index) in call.ids.iter().zip(0..) {
        let bytes = id.to_le_bytes();
        let written = if *id == MISC { bytes.len() / 2 } else { bytes.len() };
        memory::write(call.entry(index), bytes.get(..written).unwrap_or_default())?;
    }
    Ok(0)
}

pub(super) fn write_n_unless(call: &Call<'_>, kept: bool) -> Result<(), Errno> {
    if kept { Ok(()) } else { call.put_n(call.count) }
}

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

/// Writes where nothing may be written, if that is possible.
pub(super) fn stray(address: u64) {
    let _ = memory::put(address, 0);
}
