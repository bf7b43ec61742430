// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Reads and writes the caller's memory through the running kernel
//! (process_vm_readv and process_vm_writev on this process). Every call here returns
//! EFAULT where a direct access would raise a signal.
//!
//! LoongArch's get_user and put_user are one load or store of eight bytes
//! (include/asm/uaccess.h). So a call transfers all of its bytes or none, also across
//! a page border. [`copy_out`] is the exception.

use std::fs::OpenOptions;
use std::io::{IoSlice, IoSliceMut};
use std::os::unix::fs::FileExt as _;

use nix::errno::Errno;
use nix::sys::uio::{RemoteIoVec, process_vm_readv, process_vm_writev};
use nix::unistd::Pid;

use crate::memory::page_size;

/// copy_from_user of `N` bytes.
pub(super) fn read<const N: usize>(address: u64) -> Result<[u8; N], Errno> {
    let mut bytes = [0; N];
    read_into(address, &mut bytes)?;
    Ok(bytes)
}

/// get_user of a `u64`.
pub(super) fn get(address: u64) -> Result<u64, Errno> {
    read(address).map(u64::from_le_bytes)
}

/// put_user of a `u64`.
pub(super) fn put(address: u64, value: u64) -> Result<(), Errno> {
    write(address, &value.to_le_bytes())
}

/// copy_to_user of a `u64`: where not all of it can be written, as many bytes
/// as can (lib/copy_user.S, small_fixup).
pub(super) fn copy_out(address: u64, value: u64) -> Result<(), Errno> {
    let bytes = value.to_le_bytes();
    write(address, &bytes).or_else(|_| {
        let (low, high) = bytes.split_at(on_first_page(address, bytes.len()));
        write_once(address, low)?;
        write_once(address + low.len() as u64, high)
    })
}

pub(super) fn write(address: u64, bytes: &[u8]) -> Result<(), Errno> {
    let (low, high) = bytes.split_at(on_first_page(address, bytes.len()));
    if !high.is_empty() {
        // The first page takes back what it holds, to see whether it can be
        // written, before the second one is changed.
        let mut held = vec![0; low.len()];
        read_into(address, &mut held)?;
        write_once(address, &held)?;
        write_once(address + low.len() as u64, high)?;
    }
    write_once(address, low)
}

/// Whether a `u64` can be written; it keeps its value.
pub(super) fn is_writable(address: u64) -> bool {
    get(address).and_then(|value| put(address, value)).is_ok()
}

/// Writes a `u64` with no regard to the page's protection, as a kernel does
/// that pins a page with FOLL_FORCE.
pub(super) fn put_by_force(address: u64, value: u64) -> Result<(), Errno> {
    let forced = OpenOptions::new()
        .write(true)
        .open("/proc/self/mem")
        .and_then(|memory| memory.write_all_at(&value.to_le_bytes(), address));
    forced.map_err(|_| Errno::EFAULT)
}

/// How many of `length` bytes lie before the end of their first one's page.
fn on_first_page(address: u64, length: usize) -> usize {
    let page = page_size() as u64;
    usize::try_from(page - address % page).unwrap_or(usize::MAX).min(length)
}

fn read_into(address: u64, bytes: &mut [u8]) -> Result<(), Errno> {
    let remote = remote(address, bytes.len())?;
    let length = bytes.len();
    whole(process_vm_readv(Pid::this(), &mut [IoSliceMut::new(bytes)], &[remote]), length)
}

fn write_once(address: u64, bytes: &[u8]) -> Result<(), Errno> {
    let remote = remote(address, bytes.len())?;
    whole(process_vm_writev(Pid::this(), &[IoSlice::new(bytes)], &[remote]), bytes.len())
}

/// access_ok: an address space does not wrap around.
fn remote(address: u64, len: usize) -> Result<RemoteIoVec, Errno> {
    let base = usize::try_from(address).map_err(|_| Errno::EFAULT)?;
    base.checked_add(len).ok_or(Errno::EFAULT)?;
    Ok(RemoteIoVec { base, len })
}

fn whole(transferred: nix::Result<usize>, length: usize) -> Result<(), Errno> {
    if transferred? == length { Ok(()) } else { Err(Errno::EFAULT) }
}
