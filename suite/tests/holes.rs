// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Memory with nothing mapped behind it. One test alone in its process: the
//! mappings of another thread could take the place in the middle of a call.

use std::io::IoSlice;

use nix::errno::Errno;
use nix::sys::uio::{RemoteIoVec, process_vm_writev};
use nix::unistd::Pid;
use reglist_suite::list::{Beyond, ListMemory, Placement};
use reglist_suite::memory::{Protection, Region, UserAddress, page_size};

fn mapped(address: UserAddress) -> bool {
    std::fs::read_to_string("/proc/self/maps").unwrap_or_default().lines().any(|line| {
        let range = line.split(' ').next().and_then(|range| range.split_once('-'));
        let bounds = range.map(|(start, end)| (u64::from_str_radix(start, 16), u64::from_str_radix(end, 16)));
        matches!(bounds, Some((Ok(start), Ok(end))) if (start..end).contains(&address.value()))
    })
}

#[test]
fn a_hole_refuses_writes_and_lasts_as_long_as_the_call() {
    let page = page_size();
    let mut region = Region::reserve(3 * page).unwrap();
    region.open(0..page, Protection::ReadWrite).unwrap();
    let inside = region.address(page);
    assert!(mapped(inside));
    assert!(!region.with_hole(&(page..2 * page), || mapped(inside)).unwrap());
    assert!(mapped(inside));
    assert!(region.with_hole(&(0..page), || ()).is_err(), "a span is in use");
    assert!(region.with_hole(&(2 * page..4 * page), || ()).is_err(), "the region ends before");

    let mut memory = ListMemory::new(4, Beyond::Unmapped, true).unwrap();
    let answer = memory
        .call(Placement { n: 3, capacity: 2, slack: 0 }, |list| {
            let base = list.value() as usize;
            for (position, word) in [3_u64, 7, 8, 9].iter().enumerate() {
                let remote = RemoteIoVec { base: base + 8 * position, len: 8 };
                process_vm_writev(Pid::this(), &[IoSlice::new(&word.to_le_bytes())], &[remote])
                    .map_err(|_| Errno::EFAULT)?;
            }
            Ok(0)
        })
        .unwrap();
    assert_eq!(answer.result, Err(Errno::EFAULT));
    assert_eq!(answer.ids(2), Some(vec![7, 8]));
    assert!(answer.stray.is_empty());
}
