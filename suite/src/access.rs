// SPDX-License-Identifier: Apache-2.0 OR MIT
//! GET and SET of one register, with memory that notices a byte too many.

use nix::errno::Errno;

use crate::kvm::{Answer, Vcpu};
use crate::memory::{MemoryError, POISON, Protection, Region, UserAddress, page_size};

/// Size of `struct kvm_one_reg`: the id and the address of the value.
const ONE_REG: usize = 16;
/// Where a value lies within its page: off the page's edges and 64-byte aligned.
const VALUE: usize = 256;
/// Bytes watched before and behind a value.
const WATCHED: usize = 64;
/// Largest register there is (KVM_REG_SIZE_U2048).
pub const LARGEST: usize = 256;

/// A call could not be made, or ended in a way that no ioctl may.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// The harness's memory.
    #[error("memory for a register cannot be had")]
    Memory(#[from] MemoryError),
}

/// What a GET left behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Got {
    /// Return value or errno.
    pub result: Answer,
    /// The first bytes of the value, as many as were asked for.
    pub bytes: Vec<u8>,
    /// Offsets within the value of bytes that the kernel wrote.
    pub written: Vec<usize>,
    /// Number of bytes written shortly before, or behind [`LARGEST`] bytes of
    /// value.
    pub stray: usize,
}

/// The registers of a vCPU.
#[derive(Debug)]
pub struct Access<'a> {
    vcpu: &'a dyn Vcpu,
    /// A page with a guard behind: the value, and the structure at the very end.
    region: Region,
    /// Where the structure lies.
    one_reg: usize,
}

impl<'a> Access<'a> {
    /// Memory to reach the registers of `vcpu`.
    ///
    /// # Errors
    /// Where the memory cannot be had.
    pub fn new(vcpu: &'a dyn Vcpu) -> Result<Self, AccessError> {
        let page = page_size();
        let mut region = Region::reserve(2 * page)?;
        region.open(0..page, Protection::ReadWrite)?;
        Ok(Self { vcpu, region, one_reg: page - ONE_REG })
    }

    /// KVM_GET_ONE_REG of an 8-byte register.
    ///
    /// # Errors
    /// The harness's trouble outside, the kernel's errno inside.
    pub fn get(&self, id: u64) -> Result<Result<u64, Errno>, AccessError> {
        self.region.write(VALUE, &POISON)?;
        let result = self.get_at(id, self.region.address(VALUE))?;
        let value = self.region.read_u64(VALUE)?;
        Ok(result.map(|_| value))
    }

    /// KVM_SET_ONE_REG of an 8-byte register.
    ///
    /// # Errors
    /// The harness's trouble outside, the kernel's errno inside.
    pub fn set(&self, id: u64, value: u64) -> Result<Result<(), Errno>, AccessError> {
        self.region.write(VALUE, &value.to_le_bytes())?;
        let result = self.set_at(id, self.region.address(VALUE))?;
        Ok(result.map(|_| ()))
    }

    /// KVM_GET_ONE_REG, watching which bytes are written.
    ///
    /// # Errors
    /// The harness's trouble.
    pub fn get_watched(&self, id: u64, size: usize) -> Result<Got, AccessError> {
        let window = VALUE - WATCHED..VALUE + LARGEST + WATCHED;
        self.region.poison(window.clone())?;
        let result = self.get_at(id, self.region.address(VALUE))?;
        let mut touched = self.region.touched(window.clone())?;
        let mut bytes = self.region.read(VALUE, size)?;
        if result.is_ok() && (VALUE..VALUE + size).any(|offset| !touched.contains(&offset)) {
            // A byte of the value may just look like poison: once more, on
            // other ground.
            let ground = POISON.map(|byte| !byte).repeat(LARGEST / POISON.len());
            self.region.poison(window.clone())?;
            self.region.write(VALUE, &ground)?;
            let _ = self.get_at(id, self.region.address(VALUE))?;
            let second = self.region.read(VALUE, LARGEST)?;
            let differs = second.iter().zip(&ground).zip(VALUE..).filter(|((new, old), _)| new != old);
            touched.extend(differs.map(|(_, offset)| offset));
            touched.sort_unstable();
            touched.dedup();
            bytes = second.get(..size).unwrap_or_default().to_vec();
        }
        let inside = |offset: &usize| (VALUE..VALUE + LARGEST).contains(offset);
        let stray = touched.iter().filter(|offset| !inside(offset)).count();
        let written = touched.into_iter().filter(inside).map(|offset| offset - VALUE).collect();
        Ok(Got { result, bytes, written, stray })
    }

    /// KVM_GET_ONE_REG to any address.
    ///
    /// # Errors
    /// The harness's trouble outside, the kernel's errno inside.
    pub fn get_at(&self, id: u64, value: UserAddress) -> Result<Answer, AccessError> {
        Ok(self.vcpu.get_one_reg(self.one_reg(id, value)?))
    }

    /// KVM_SET_ONE_REG from any address.
    ///
    /// # Errors
    /// The harness's trouble outside, the kernel's errno inside.
    pub fn set_at(&self, id: u64, value: UserAddress) -> Result<Answer, AccessError> {
        Ok(self.vcpu.set_one_reg(self.one_reg(id, value)?))
    }

    fn one_reg(&self, id: u64, value: UserAddress) -> Result<UserAddress, AccessError> {
        let offset = self.one_reg;
        let one_reg = u128::from(value.value()) << 64 | u128::from(id);
        self.region.write(offset, &one_reg.to_le_bytes())?;
        Ok(self.region.address(offset))
    }
}
