// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The other ioctls of a vCPU, and the answers that they give with the list as without it.

use nix::errno::Errno;

/// Ioctls that follow each other on the same argument: a SET then takes the bytes that
/// the GET before it wrote.
#[derive(Debug, Clone, Copy)]
pub struct Exchange {
    /// The argument in words, to follow "for".
    pub about: &'static str,
    /// The structure that the ioctls take.
    pub argument: Argument,
    /// The ioctls, in order.
    pub calls: &'static [Call],
    /// Kernel file and function, relative to the architecture's directory.
    pub source: &'static str,
}

/// A structure in the caller's memory.
#[derive(Debug, Clone, Copy)]
pub struct Argument {
    /// Its size in bytes.
    pub size: usize,
    /// Its first words; the others are 0.
    pub words: &'static [u32],
    /// Offset in it of the address of a `u64` that the ioctls read or write.
    pub address_of_value: Option<usize>,
}

/// One ioctl and its answer.
#[derive(Debug, Clone, Copy)]
pub struct Call {
    /// Its name.
    pub ioctl: &'static str,
    /// Its number, with direction and size.
    pub request: u64,
    /// The return value 0, or the errno.
    pub answer: Result<(), Errno>,
    /// The bytes that it writes.
    pub writes: Writes,
}

/// The bytes that an ioctl writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Writes {
    /// None.
    Nothing,
    /// The whole structure.
    Argument,
    /// The `u64` whose address is in the structure.
    Value,
}
