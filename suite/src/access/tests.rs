// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Tests of `access.rs`.

use std::collections::BTreeMap;
use std::io::{IoSlice, IoSliceMut};
use std::sync::Mutex;

use nix::sys::uio::{RemoteIoVec, process_vm_readv, process_vm_writev};
use nix::unistd::Pid;

use super::*;

/// A vCPU with a register for every id, of the size that the id says.
#[derive(Debug, Default)]
struct Cells(Mutex<BTreeMap<u64, Vec<u8>>>);

fn fetch(address: u64, len: usize) -> Result<Vec<u8>, Errno> {
    let mut bytes = vec![0; len];
    let remote = [RemoteIoVec { base: address as usize, len }];
    process_vm_readv(Pid::this(), &mut [IoSliceMut::new(&mut bytes)], &remote)?;
    Ok(bytes)
}

/// The id and the value's address.
fn one_reg(address: UserAddress) -> Result<(u64, u64), Errno> {
    let bytes = fetch(address.value(), ONE_REG)?;
    let word = |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap());
    Ok((word(0), word(8)))
}

impl Vcpu for Cells {
    fn get_reg_list(&self, _: UserAddress) -> Answer {
        Err(Errno::ENOTTY)
    }

    fn get_one_reg(&self, address: UserAddress) -> Answer {
        let (id, address) = one_reg(address)?;
        let cells = self.0.lock().unwrap();
        let bytes = cells.get(&id).ok_or(Errno::ENOENT)?;
        let remote = [RemoteIoVec { base: address as usize, len: bytes.len() }];
        process_vm_writev(Pid::this(), &[IoSlice::new(bytes)], &remote)?;
        Ok(0)
    }

    fn set_one_reg(&self, address: UserAddress) -> Answer {
        let (id, address) = one_reg(address)?;
        self.0.lock().unwrap().insert(id, fetch(address, size_of_register(id))?);
        Ok(0)
    }
}

#[test]
fn registers_of_every_size_are_read_and_written_whole() {
    let cells = Cells::default();
    let access = Access::new(&cells).unwrap();
    for code in 0..=8_u64 {
        let (id, size) = (code << 52 | 1, 1 << code);
        let value = Value::of_words(size, |word| 0x8877_6655_4433_2211_u64.rotate_left(word as u32));
        assert_eq!(access.get(id).unwrap(), Err(Errno::ENOENT));
        assert_eq!(access.set(id, value).unwrap(), Ok(()));
        assert_eq!(access.get(id).unwrap(), Ok(value));
        let got = access.get_watched(id, size).unwrap();
        assert_eq!((got.written.len(), got.stray), (size, 0));
    }
}

/// A register that changes between reads, as a counter does.
#[derive(Debug)]
struct Counter(Mutex<Vec<u64>>);

impl Vcpu for Counter {
    fn get_reg_list(&self, _: UserAddress) -> Answer {
        Err(Errno::ENOTTY)
    }

    fn get_one_reg(&self, address: UserAddress) -> Answer {
        let (_, address) = one_reg(address)?;
        let bytes = self.0.lock().unwrap().pop().unwrap().to_le_bytes();
        let remote = [RemoteIoVec { base: address as usize, len: bytes.len() }];
        process_vm_writev(Pid::this(), &[IoSlice::new(&bytes)], &remote)?;
        Ok(0)
    }

    fn set_one_reg(&self, _: UserAddress) -> Answer {
        Err(Errno::EINVAL)
    }
}

#[test]
fn a_counter_that_looks_like_each_ground_is_written_whole() {
    let ground = |other: u8| u64::from_le_bytes(POISON.map(|byte| byte ^ other));
    // The lowest byte is each time that of the ground, but for the last time.
    let low = |other: u8| 0x0102_0304_0506_0700 | ground(other) & 0xff;
    let values = [0, 0xff, 0x55, 0xaa, 0x0f].map(low);
    let last = low(0);
    let cells = Counter(Mutex::new([last].into_iter().chain(values.into_iter().rev()).collect()));
    let access = Access::new(&cells).unwrap();
    let got = access.get_watched(0x0030_0000_0000_0001, 8).unwrap();
    assert_eq!((got.result, got.written.len(), got.stray), (Ok(0), 8, 0));
}
