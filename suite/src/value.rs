// SPDX-License-Identifier: Apache-2.0 OR MIT
//! A register value of the size in the id, little-endian.

use std::cmp::Ordering;
use std::fmt;
use std::iter;
use std::ops::{BitAnd, BitOr, BitXor, Not};

/// Bits of a KVM register id that hold the binary logarithm of its size in
/// bytes (uapi linux/kvm.h, `KVM_REG_SIZE_MASK`).
pub(crate) const SIZE_MASK: u64 = 0x00f0_0000_0000_0000;
/// Size in bytes of the largest register (KVM_REG_SIZE_U2048).
pub(crate) const LARGEST: usize = 256;

pub(crate) fn size_of_register(id: u64) -> usize {
    1 << ((id & SIZE_MASK) >> 52)
}

/// A value, or bits of one. An operation on two values has the size of the first.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Value {
    /// 0 from `size` on.
    bytes: [u8; LARGEST],
    size: usize,
}

impl Value {
    /// Joins 64-bit words, truncated to `size` bytes.
    pub fn of_words(size: usize, word: impl Fn(u64) -> u64) -> Self {
        let mut words = (0..).flat_map(|number| word(number).to_le_bytes());
        Self::filled(size, |bytes| bytes.fill_with(|| words.next().unwrap_or_default()))
    }

    /// A number, truncated to `size` bytes.
    pub fn new(number: u64, size: usize) -> Self {
        Self::of_words(size, |position| if position == 0 { number } else { 0 })
    }

    pub fn ones(size: usize) -> Self {
        Self::of_words(size, |_| u64::MAX)
    }

    /// `size` bytes, at most [`LARGEST`]. `fill` gets them as zeros.
    pub fn filled(size: usize, fill: impl FnOnce(&mut [u8])) -> Self {
        let size = size.min(LARGEST);
        let mut bytes = [0; LARGEST];
        fill(bytes.split_at_mut(size).0);
        Self { bytes, size }
    }

    pub fn size(&self) -> usize {
        self.size
    }

    /// Little-endian.
    pub fn bytes(&self) -> &[u8] {
        self.bytes.split_at(self.size).0
    }

    pub fn is_zero(&self) -> bool {
        self.bytes().iter().all(|byte| *byte == 0)
    }

    /// The number; `u128::MAX` for one that is larger.
    pub fn number(&self) -> u128 {
        let digits = self.bytes().iter().rev();
        digits.fold(0_u128, |number, byte| if number >> 120 == 0 { number << 8 | u128::from(*byte) } else { u128::MAX })
    }

    /// The sum, which wraps at the register's size.
    pub fn wrapping_add(self, other: impl Into<Self>) -> Self {
        let mut carry = 0;
        self.with(other.into(), |one, other| {
            let sum = u16::from(one) + u16::from(other) + carry;
            carry = sum >> 8;
            sum as u8
        })
    }

    pub fn wrapping_sub(self, other: Self) -> Self {
        !(!self).wrapping_add(other)
    }

    fn with(mut self, other: Self, mut combine: impl FnMut(u8, u8) -> u8) -> Self {
        for (byte, other) in iter::zip(&mut self.bytes, other.bytes).take(self.size) {
            *byte = combine(*byte, other);
        }
        self
    }
}

impl From<u64> for Value {
    fn from(number: u64) -> Self {
        Self::filled(size_of::<u64>(), |bytes| bytes.copy_from_slice(&number.to_le_bytes()))
    }
}

impl BitAnd for Value {
    type Output = Self;

    fn bitand(self, other: Self) -> Self {
        self.with(other, |one, other| one & other)
    }
}

impl BitOr for Value {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        self.with(other, |one, other| one | other)
    }
}

impl BitXor for Value {
    type Output = Self;

    fn bitxor(self, other: Self) -> Self {
        self.with(other, |one, other| one ^ other)
    }
}

impl Not for Value {
    type Output = Self;

    fn not(self) -> Self {
        self.with(self, |one, _| !one)
    }
}

impl Ord for Value {
    fn cmp(&self, other: &Self) -> Ordering {
        self.bytes.iter().rev().cmp(other.bytes.iter().rev()).then(self.size.cmp(&other.size))
    }
}

impl PartialOrd for Value {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::LowerHex for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits: String = self.bytes().iter().rev().map(|byte| format!("{byte:02x}")).collect();
        let digits = digits.trim_start_matches('0');
        f.pad_integral(true, "0x", if digits.is_empty() { "0" } else { digits })
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:#x} in {} bytes", self.size)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn eight_bytes_are_like_a_number(one: u64, other: u64) {
            let (a, b) = (Value::from(one), Value::from(other));
            prop_assert_eq!(a & b, (one & other).into());
            prop_assert_eq!(a | b, (one | other).into());
            prop_assert_eq!(a ^ b, (one ^ other).into());
            prop_assert_eq!(!a, (!one).into());
            prop_assert_eq!(a.wrapping_add(b), one.wrapping_add(other).into());
            prop_assert_eq!(a.wrapping_sub(b), one.wrapping_sub(other).into());
            prop_assert_eq!(a.cmp(&b), one.cmp(&other));
            prop_assert_eq!(a.number(), u128::from(one));
            prop_assert_eq!(format!("{a:#x} {a:x} {a:#018x}"), format!("{one:#x} {one:x} {one:#018x}"));
        }
    }

    #[test]
    fn every_size_keeps_to_its_bytes() {
        for size in (0..=8).map(|code| 1 << code) {
            let ones = Value::ones(size);
            assert_eq!((ones.size(), ones.bytes()), (size, &*vec![0xff; size]));
            assert!((!ones).is_zero() && ones.wrapping_add(1).is_zero());
            assert_eq!(Value::new(0, size).wrapping_sub(Value::new(1, size)), ones);
            assert_eq!(format!("{ones:x}"), "f".repeat(2 * size));
            assert_eq!(ones.number(), if size < 16 { (1 << (8 * size)) - 1 } else { u128::MAX });
        }
        assert_eq!(format!("{:#x}", Value::new(0, 256)), "0x0");
        assert!(Value::new(1, 16) > Value::new(0, 32));
    }
}
