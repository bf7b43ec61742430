// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Faults: unreadable and unwritable headers and arrays, and stray writes.

use nix::errno::Errno;

use super::count::{stray, write_n_unless};
use super::mapping::Mapping;
use crate::fault::Fault;
use crate::kvm::Answer;
use crate::model::id::Kind;
use crate::model::list::{Call, copy};
use crate::model::manner::Manner;
use crate::model::{id, memory};

pub(super) fn change(fault: Fault, manner: &mut Manner) {
    let list = &mut manner.list;
    match fault {
        Fault::HeaderUnreadableIsEinval => list.read_n = |list| memory::get(list).map_err(|_| Errno::EINVAL),
        Fault::HeaderReadOnlyIsE2big => list.write_n = |call| call.put_n(call.count).or(e2big_or_efault(call)),
        Fault::HeaderReadOnlyWritten => list.write_n = |call| memory::put_by_force(call.list, call.count),
        Fault::HeaderStraddlingAccepted => {
            list.read_n = |list| memory::get(list).or_else(|_| memory::read::<1>(list).and(Ok(0)));
            list.write_n = |call| call.put_n(call.count).or_else(|_| memory::write(call.list, &[0]));
        }
        Fault::NullIsNoHeader => {
            list.read_n = |list| if list == 0 { Ok(0) } else { memory::get(list) };
            list.write_n = |call| write_n_unless(call, call.list == 0);
        }
        Fault::MisalignedIsEinval => {
            list.read_n = |list| if list % 8 == 0 { memory::get(list) } else { Err(Errno::EINVAL) };
        }
        Fault::EfaultLost => list.copy = lose_errno,
        Fault::ArrayReadOnlyWritten => list.copy = by_force,
        Fault::ArrayUnmappedIsEnomem => list.copy = |call| other_answer_in(call, Mapping::None, Err(Errno::ENOMEM)),
        Fault::FileEndIsSuccess => list.copy = |call| other_answer_in(call, Mapping::File, Ok(0)),
        Fault::EfaultIsSuccess => list.copy = |call| copy(call).or(Ok(0)),
        Fault::EfaultIsEinvalOnce => {
            list.copy = |call| if call.put_list() == 17 { Err(Errno::EINVAL) } else { copy(call) };
        }
        Fault::LastEntryUnchecked => {
            list.copy = |call| if call.put_list() + 1 < call.ids.len() { Err(Errno::EFAULT) } else { Ok(0) };
        }
        Fault::EfaultIsShortList => list.copy = |call| call.put_n(call.put_list() as u64).and(Ok(0)),
        Fault::CountBehindEntries => {
            list.write_n = |call| write_n_unless(call, call.fits());
            list.copy = |call| copy(call).and_then(|result| call.put_n(call.count).and(Ok(result)));
        }
        Fault::ArrayTriedFirst => list.copy = try_first,
        Fault::StrayBeforeHeader => {
            list.write_n = |call| {
                stray(call.list.wrapping_sub(8));
                call.put_n(call.count)
            };
        }
        Fault::StrayBehindList => {
            list.write_n = |call| {
                stray(call.entry(call.count + 9));
                call.put_n(call.count)
            };
        }
        _ => {}
    }
}

/// Ignores an unwritable n if the call fails with E2BIG anyway.
fn e2big_or_efault(call: &Call<'_>) -> Result<(), Errno> {
    if call.fits() { Err(Errno::EFAULT) } else { Ok(()) }
}

/// `reg += copy_csr_ids(...)` without checking its sign, in 32 bits.
fn lose_errno(call: &Call<'_>) -> Answer {
    let is_csr = |id: &&u64| matches!(id::kind(**id), Some(Kind::Csr(_)));
    let (csrs, others) = call.ids.split_at(call.ids.iter().take_while(is_csr).count());
    let result = if call.put_ids(0, csrs) == csrs.len() { csrs.len() as i32 } else { -(Errno::EFAULT as i32) };
    let first = u64::from(result as u32);
    if call.put_ids(first, others) == others.len() { Ok(0) } else { Err(Errno::EFAULT) }
}

/// Writes every entry, also to read-only memory.
fn by_force(call: &Call<'_>) -> Answer {
    for (id, index) in call.ids.iter().zip(0..) {
        let entry = call.entry(index);
        if memory::put(entry, *id).is_err() {
            memory::get(entry)?;
            memory::put_by_force(entry, *id)?;
        }
    }
    Ok(0)
}

/// Writes every entry; returns `other` if the first unwritable one lies in `mapping`.
fn other_answer_in(call: &Call<'_>, mapping: Mapping, other: Answer) -> Answer {
    let written = call.put_list();
    if written < call.ids.len() && mapping == Mapping::at(call.entry(written as u64)) { other } else { copy(call) }
}

fn try_first(call: &Call<'_>) -> Answer {
    let writable = (0..call.count).all(|index| memory::is_writable(call.entry(index)));
    if writable { copy(call) } else { Err(Errno::EFAULT) }
}
