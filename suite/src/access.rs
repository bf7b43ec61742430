// SPDX-License-Identifier: Apache-2.0 OR MIT
//! GET and SET of one register, in memory that detects stray writes.

use std::cell::Cell;

use nix::errno::Errno;

use crate::kvm::{Answer, Vcpu};
use crate::memory::{MemoryError, POISON, Protection, Region, UserAddress, page_size};
use crate::value::{LARGEST, Value, size_of_register};

/// Size of `struct kvm_one_reg`: the id and the address of the value.
const ONE_REG: usize = 16;
/// Offset of a value in its page: away from the edges and 64-byte aligned.
const VALUE: usize = 256;
/// Differences of other grounds from poison. A byte of a constant value looks like at
/// most one ground; one of a counter may look like several, one after the other.
const OTHER_GROUNDS: [u8; 6] = [0xff, 0x55, 0xaa, 0x0f, 0xf0, 0x33];
/// Bytes watched before and after a value.
const WATCHED: usize = 64;

/// The result of a GET.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Got {
    pub result: Answer,
    /// Offsets within the value of bytes that the kernel wrote.
    pub written: Vec<usize>,
    /// Number of bytes written before the value, or after its [`LARGEST`] bytes.
    pub stray: usize,
}

/// The registers of a vCPU.
#[derive(Debug)]
pub struct Access<'a> {
    vcpu: &'a dyn Vcpu,
    /// A page with the value, and the structure at the very end, before a guard page.
    region: Region,
    one_reg: usize,
    /// Content of the value's memory before a GET.
    ground: Vec<u8>,
    last: Cell<Answer>,
}

impl<'a> Access<'a> {
    pub fn new(vcpu: &'a dyn Vcpu) -> Result<Self, MemoryError> {
        let page = page_size();
        let mut region = Region::reserve(2 * page)?;
        region.open(0..page, Protection::ReadWrite)?;
        let ground = POISON.repeat(LARGEST / POISON.len());
        Ok(Self { vcpu, region, one_reg: page - ONE_REG, ground, last: Cell::new(Ok(0)) })
    }

    /// What the last ioctl returned.
    pub fn last(&self) -> Answer {
        self.last.get()
    }

    pub fn get(&self, id: u64) -> Result<Result<Value, Errno>, MemoryError> {
        let size = size_of_register(id);
        self.region.write(VALUE, self.ground.get(..size).unwrap_or(&self.ground))?;
        let result = self.get_at(id, self.region.address(VALUE))?;
        let mut read = Ok(());
        let value = Value::filled(size, |bytes| read = self.region.read_into(VALUE, bytes));
        read?;
        Ok(result.map(|_| value))
    }

    /// `value` must have the register's size.
    pub fn set(&self, id: u64, value: impl Into<Value>) -> Result<Result<(), Errno>, MemoryError> {
        self.region.write(VALUE, value.into().bytes())?;
        let result = self.set_at(id, self.region.address(VALUE))?;
        Ok(result.map(|_| ()))
    }

    /// GETs, and records the written bytes.
    pub fn get_watched(&self, id: u64, size: usize) -> Result<Got, MemoryError> {
        let window = VALUE - WATCHED..VALUE + LARGEST + WATCHED;
        self.region.poison(window.clone())?;
        let result = self.get_at(id, self.region.address(VALUE))?;
        let mut touched = self.region.touched(window.clone())?;
        for other in OTHER_GROUNDS {
            if result.is_err() || (VALUE..VALUE + size).all(|offset| touched.contains(&offset)) {
                break;
            }
            // A byte of the value may just look like poison: once more, on other ground.
            let ground = POISON.map(|byte| byte ^ other).repeat(LARGEST / POISON.len());
            self.region.poison(window.clone())?;
            self.region.write(VALUE, &ground)?;
            let _ = self.get_at(id, self.region.address(VALUE))?;
            let second = self.region.read(VALUE, LARGEST)?;
            let differs = second.iter().zip(&ground).zip(VALUE..).filter(|((new, old), _)| new != old);
            touched.extend(differs.map(|(_, offset)| offset));
            touched.sort_unstable();
            touched.dedup();
        }
        let inside = |offset: &usize| (VALUE..VALUE + LARGEST).contains(offset);
        let stray = touched.iter().filter(|offset| !inside(offset)).count();
        let written = touched.into_iter().filter(inside).map(|offset| offset - VALUE).collect();
        Ok(Got { result, written, stray })
    }

    pub fn get_at(&self, id: u64, value: UserAddress) -> Result<Answer, MemoryError> {
        self.last.set(self.vcpu.get_one_reg(self.one_reg(id, value)?));
        Ok(self.last())
    }

    pub fn set_at(&self, id: u64, value: UserAddress) -> Result<Answer, MemoryError> {
        self.last.set(self.vcpu.set_one_reg(self.one_reg(id, value)?));
        Ok(self.last())
    }

    fn one_reg(&self, id: u64, value: UserAddress) -> Result<UserAddress, MemoryError> {
        let offset = self.one_reg;
        let one_reg = u128::from(value.value()) << 64 | u128::from(id);
        self.region.write(offset, &one_reg.to_le_bytes())?;
        Ok(self.region.address(offset))
    }
}

#[cfg(test)]
mod tests;
