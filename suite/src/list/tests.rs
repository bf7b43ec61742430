// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Tests of `list.rs`.

use super::*;
use nix::sys::uio::{RemoteIoVec, process_vm_writev};
use nix::unistd::Pid;
use std::io::IoSlice;

/// Writes as a kernel would: with EFAULT in place of a signal.
fn put(address: u64, words: &[u64]) -> Answer {
    for (position, word) in words.iter().enumerate() {
        let remote = RemoteIoVec { base: address as usize + position * WORD, len: WORD };
        process_vm_writev(Pid::this(), &[IoSlice::new(&word.to_le_bytes())], &[remote]).map_err(|_| Errno::EFAULT)?;
    }
    Ok(0)
}

#[test]
fn an_array_that_fits_is_written_and_read_back() {
    let mut memory = ListMemory::new(4, Beyond::ReadOnly, true).unwrap();
    let placement = Placement { n: 2, capacity: 4, slack: 0 };
    let answer = memory.call(placement, |list| put(list.value(), &[3, 7, 8, 9])).unwrap();
    assert_eq!(answer.result, Ok(0));
    assert_eq!(answer.n, 3);
    assert_eq!(answer.ids(3), Some(vec![7, 8, 9]));
    assert_eq!(answer.slots[3], None);
    assert_eq!(answer.written_prefix(), 3);
    assert!(answer.stray.is_empty());
}

#[test]
fn the_entry_behind_the_boundary_cannot_be_written() {
    for beyond in [Beyond::ReadOnly, Beyond::FileEnd] {
        let mut memory = ListMemory::new(4, beyond, false).unwrap();
        let placement = Placement { n: 3, capacity: 2, slack: 0 };
        let answer = memory.call(placement, |list| put(list.value(), &[3, 7, 8, 9])).unwrap();
        assert_eq!(answer.result, Err(Errno::EFAULT), "{beyond:?}");
        assert_eq!(answer.ids(2), Some(vec![7, 8]), "{beyond:?}");
        assert!(answer.stray.is_empty(), "{beyond:?}");
    }
}

#[test]
fn a_list_may_be_longer_than_a_page() {
    let ids: Vec<u64> = (0..2 * page_size() as u64 / WORD as u64 + 3).collect();
    let words: Vec<u64> = std::iter::once(ids.len() as u64).chain(ids.iter().copied()).collect();
    for beyond in [Beyond::ReadOnly, Beyond::FileEnd] {
        let mut memory = ListMemory::new(ids.len(), beyond, false).unwrap();
        for capacity in [0, 1, page_size() / WORD, ids.len() - 1] {
            let placement = Placement { n: ids.len() as u64, capacity, slack: 0 };
            let answer = memory.call(placement, |list| put(list.value(), &words)).unwrap();
            assert_eq!(answer.result, Err(Errno::EFAULT), "{beyond:?} {capacity}");
            assert_eq!(answer.ids(capacity).as_deref(), ids.get(..capacity), "{beyond:?} {capacity}");
            assert!(answer.stray.is_empty(), "{beyond:?} {capacity}");
        }
    }
}

#[test]
fn writes_before_and_behind_are_stray() {
    let mut memory = ListMemory::new(4, Beyond::ReadOnly, false).unwrap();
    let placement = Placement { n: 1, capacity: 1, slack: 32 };
    let before = memory.call(placement, |list| put(list.value() - 16, &[1])).unwrap();
    assert_eq!(before.stray, [Stray { first: -24, bytes: 8, place: "before the header" }]);
    let behind = memory.call(placement, |list| put(list.value() + 16, &[1])).unwrap();
    assert_eq!(behind.stray, [Stray { first: 8, bytes: 8, place: "after reg[]" }]);
}

#[test]
fn a_lost_errno_lands_where_it_is_seen_and_only_once() {
    let mut memory = ListMemory::new(90, Beyond::ReadOnly, true).unwrap();
    let placement = Placement { n: 90, capacity: 3, slack: 0 };
    for errno in [14, 1, 4095_i32] {
        let distance = u64::from((-errno) as u32) * 8;
        let answer = memory.call(placement, |list| put(list.value() + 8 + distance, &[1])).unwrap();
        assert_eq!(answer.result, Ok(0));
        assert_eq!(answer.stray.first().map(|stray| stray.first), Some(distance as i64));
        let clean = memory.call(placement, |_| Ok(0)).unwrap();
        assert!(clean.stray.is_empty());
    }
}

#[test]
fn a_misaligned_header_is_placed_and_read() {
    let mut memory = ListMemory::new(4, Beyond::ReadOnly, false).unwrap();
    for slack in 1..8 {
        let placement = Placement { n: 1, capacity: 2, slack };
        let answer = memory.call(placement, |list| put(list.value(), &[1, 5])).unwrap();
        assert_eq!(answer.slots, [Some(5), None]);
        assert!(answer.stray.is_empty());
    }
}
