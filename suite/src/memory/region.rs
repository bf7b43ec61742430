// SPDX-License-Identifier: Apache-2.0 OR MIT
//! An address range with its own protection for each page.

use std::fs::File;
use std::num::NonZeroUsize;
use std::ops::Range;
use std::ptr::{self, NonNull};
use std::slice;

use nix::errno::Errno;
use nix::sys::mman::{MapFlags, ProtFlags, mmap, mmap_anonymous, mprotect, munmap};
use nix::unistd::{SysconfVar, sysconf};

/// Content of untouched memory, by address modulo 8. It is not a register id.
pub const POISON: [u8; 8] = 0xbadc_0ffe_e0dd_f00d_u64.to_le_bytes();

/// Bytes compared at once in search of changed ones.
const BLOCK: usize = 4096;

/// An address for the kernel to use, valid or not. It never points at a Rust
/// object: it lies in a [`Region`] or where a process has nothing mapped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UserAddress(usize);

impl UserAddress {
    /// NULL.
    pub const NULL: Self = Self(0);

    /// An address in the first 64 KiB, where nothing is mapped unless a process
    /// asks for that very place (vm.mmap_min_addr).
    pub(super) const NEVER_MAPPED: Self = Self(0x8000);

    /// An address in the upper half, which is never a process's own.
    pub(super) const fn upper_half(offset: u64) -> Self {
        Self((1 << 63 | offset) as usize)
    }

    /// The address as a number, for a field of a structure.
    pub fn value(self) -> u64 {
        self.0 as u64
    }

    pub(crate) fn as_mut_ptr<T>(self) -> *mut T {
        ptr::with_exposed_provenance_mut(self.0)
    }
}

/// Access rights of a part of a region.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protection {
    /// Read and write.
    ReadWrite,
    /// Read.
    ReadOnly,
}

/// Memory for a check cannot be had.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages describe the variants")]
pub enum MemoryError {
    #[error("{call} of {length} bytes failed with {errno}\n[check the limits on address space (ulimit -v) and memory]")]
    Call { call: &'static str, length: usize, errno: Errno },
    #[error("offset {offset:#x} and {length} bytes are not accessible in this region")]
    Outside { offset: usize, length: usize },
    #[error("cannot open the program's own file, /proc/self/exe\n[mount /proc]")]
    OwnFile(#[source] std::io::Error),
}

/// Size of a page in bytes.
pub fn page_size() -> usize {
    sysconf(SysconfVar::PAGE_SIZE).ok().flatten().and_then(|size| usize::try_from(size).ok()).unwrap_or(4096)
}

/// A stretch of address space of this process, at first inaccessible.
#[derive(Debug)]
pub struct Region {
    base: NonNull<u8>,
    length: usize,
    /// Accessible parts by offset. The region touches nothing else.
    spans: Vec<(Range<usize>, Protection)>,
}

impl Region {
    /// Reserves `length` bytes, rounded up to pages, inaccessible.
    pub fn reserve(length: usize) -> Result<Self, MemoryError> {
        let length = length.next_multiple_of(page_size());
        let Some(size) = NonZeroUsize::new(length) else {
            return Err(MemoryError::Outside { offset: 0, length });
        };
        let flags = MapFlags::MAP_PRIVATE | MapFlags::MAP_NORESERVE;
        // SAFETY: a new anonymous mapping at an address of the kernel's choice
        // replaces nothing.
        let base = unsafe { mmap_anonymous(None, size, ProtFlags::PROT_NONE, flags) }
            .map_err(|errno| MemoryError::Call { call: "mmap", length, errno })?;
        let _ = base.as_ptr().expose_provenance();
        Ok(Self { base: base.cast(), length, spans: Vec::new() })
    }

    /// The address at `offset`.
    pub fn address(&self, offset: usize) -> UserAddress {
        UserAddress(self.base.as_ptr() as usize + offset)
    }

    /// Gives access to a whole number of pages and fills them with [`POISON`].
    pub fn open(&mut self, range: Range<usize>, protection: Protection) -> Result<(), MemoryError> {
        self.protect(&range, ProtFlags::PROT_READ | ProtFlags::PROT_WRITE)?;
        self.spans.push((range.clone(), Protection::ReadWrite));
        self.poison(range.clone())?;
        match protection {
            Protection::ReadWrite => Ok(()),
            Protection::ReadOnly => self.seal(range),
        }
    }

    /// Makes pages read-only that were opened as this very range.
    pub fn seal(&mut self, range: Range<usize>) -> Result<(), MemoryError> {
        self.protect(&range, ProtFlags::PROT_READ)?;
        for (span, protection) in &mut self.spans {
            if *span == range {
                *protection = Protection::ReadOnly;
            }
        }
        Ok(())
    }

    /// Takes inaccessible pages out of the address space while `call` runs.
    ///
    /// Not for longer, because the next mapping of anybody's could take the
    /// place, and what should be nothing would be another's memory.
    /// EEXIST if another thread took the place.
    pub fn with_hole<T>(&self, range: &Range<usize>, call: impl FnOnce() -> T) -> Result<T, MemoryError> {
        let start = self.checked(range)?;
        let length = range.len();
        let in_use = |(span, _): &(Range<usize>, Protection)| span.start < range.end && range.start < span.end;
        let Some(size) = NonZeroUsize::new(length).filter(|_| !self.spans.iter().any(in_use)) else {
            return Err(MemoryError::Outside { offset: range.start, length });
        };
        // SAFETY: the pages lie within this region's own mapping and in no
        // span, so nothing reads or writes them.
        unsafe { munmap(start.cast(), length) }.map_err(|errno| MemoryError::Call { call: "munmap", length, errno })?;
        let result = call();
        let flags = MapFlags::MAP_PRIVATE | MapFlags::MAP_NORESERVE | MapFlags::MAP_FIXED_NOREPLACE;
        // SAFETY: MAP_FIXED_NOREPLACE replaces nothing; the pages go back to
        // this region.
        unsafe { mmap_anonymous(NonZeroUsize::new(start.as_ptr() as usize), size, ProtFlags::PROT_NONE, flags) }
            .map_err(|errno| MemoryError::Call { call: "mmap", length, errno })?;
        Ok(result)
    }

    /// Opens a range of whole pages, whose last page is the end of a file (the
    /// program's own, copied on write). The page behind the range lies wholly beyond
    /// the file's end.
    pub fn map_file_end(&mut self, range: Range<usize>) -> Result<(), MemoryError> {
        let page = page_size();
        let last = range.end.saturating_sub(page).max(range.start);
        if last > range.start {
            self.protect(&(range.start..last), ProtFlags::PROT_READ | ProtFlags::PROT_WRITE)?;
        }
        let start = self.checked(&(last..last + 2 * page))?;
        let file = File::open("/proc/self/exe").map_err(MemoryError::OwnFile)?;
        let size = file.metadata().map_err(MemoryError::OwnFile)?.len();
        let last_page = size.saturating_sub(1) / page as u64 * page as u64;
        let failed = |errno| MemoryError::Call { call: "mmap", length: 2 * page, errno };
        let length = NonZeroUsize::new(2 * page).ok_or_else(|| failed(Errno::EINVAL))?;
        let position = i64::try_from(last_page).map_err(|_| failed(Errno::EOVERFLOW))?;
        // SAFETY: MAP_FIXED replaces pages of this region's own mapping, which
        // are in no span yet.
        unsafe {
            mmap(
                NonZeroUsize::new(start.as_ptr() as usize),
                length,
                ProtFlags::PROT_READ | ProtFlags::PROT_WRITE,
                MapFlags::MAP_PRIVATE | MapFlags::MAP_FIXED,
                file,
                position,
            )
        }
        .map_err(failed)?;
        self.spans.push((range.clone(), Protection::ReadWrite));
        self.poison(range)
    }

    /// Fills a writable range with [`POISON`].
    pub fn poison(&self, range: Range<usize>) -> Result<(), MemoryError> {
        let block =
            poison_from(range.start).repeat(BLOCK.min(range.len().next_multiple_of(POISON.len())) / POISON.len());
        for start in range.clone().step_by(BLOCK) {
            let length = BLOCK.min(range.end - start);
            self.write(start, block.get(..length).unwrap_or_default())?;
        }
        Ok(())
    }

    /// Copies `bytes` to `offset`.
    pub fn write(&self, offset: usize, bytes: &[u8]) -> Result<(), MemoryError> {
        let target = self.accessible(offset, bytes.len(), true)?;
        // SAFETY: `accessible` found offset and length within one span that is
        // mapped readable and writable; `bytes` is a Rust object and so no
        // part of the region.
        unsafe { ptr::copy_nonoverlapping(bytes.as_ptr(), target.as_ptr(), bytes.len()) };
        Ok(())
    }

    /// Copies bytes from `offset` on.
    pub fn read_into(&self, offset: usize, bytes: &mut [u8]) -> Result<(), MemoryError> {
        let source = self.accessible(offset, bytes.len(), false)?;
        // SAFETY: `accessible` found offset and length within one span that is
        // mapped readable; `bytes` is a Rust object and so no part of the region.
        unsafe { ptr::copy_nonoverlapping(source.as_ptr(), bytes.as_mut_ptr(), bytes.len()) };
        Ok(())
    }

    /// Copies `length` bytes from `offset`.
    pub fn read(&self, offset: usize, length: usize) -> Result<Vec<u8>, MemoryError> {
        let mut bytes = vec![0; length];
        self.read_into(offset, &mut bytes)?;
        Ok(bytes)
    }

    /// Reads a `u64` at `offset`, aligned or not.
    pub fn read_u64(&self, offset: usize) -> Result<u64, MemoryError> {
        let mut word = [0; 8];
        self.read_into(offset, &mut word)?;
        Ok(u64::from_le_bytes(word))
    }

    /// Offsets of the bytes of a readable range that are no longer poison.
    pub fn touched(&self, range: Range<usize>) -> Result<Vec<usize>, MemoryError> {
        let poison = poison_from(range.start);
        // Nearly everything is as it was, and whole words compare fast.
        if self.is_filled_with(u64::from_ne_bytes(poison), &range)? {
            return Ok(Vec::new());
        }
        let bytes = self.read(range.start, range.len())?;
        let pairs = bytes.iter().zip(poison.iter().cycle()).zip(range);
        Ok(pairs.filter(|((byte, poison), _)| byte != poison).map(|(_, offset)| offset).collect())
    }

    fn is_filled_with(&self, word: u64, range: &Range<usize>) -> Result<bool, MemoryError> {
        let start = self.accessible(range.start, range.len(), false)?;
        // SAFETY: `accessible` found the range within one span that is mapped
        // readable for as long as this region lives, and nothing writes to it
        // meanwhile: the kernel does so only during a call, and no call is made
        // before the reference is gone.
        let bytes = unsafe { slice::from_raw_parts(start.as_ptr(), range.len()) };
        let (words, rest) = bytes.as_chunks();
        Ok(rest.is_empty() && words.iter().all(|bytes| u64::from_ne_bytes(*bytes) == word))
    }

    fn protect(&self, range: &Range<usize>, flags: ProtFlags) -> Result<(), MemoryError> {
        let start = self.checked(range)?;
        // SAFETY: the pages lie within this region's own mapping, which holds
        // no Rust object whose validity could depend on the protection.
        unsafe { mprotect(start.cast(), range.len(), flags) }.map_err(|errno| MemoryError::Call {
            call: "mprotect",
            length: range.len(),
            errno,
        })
    }

    fn checked(&self, range: &Range<usize>) -> Result<NonNull<u8>, MemoryError> {
        let start = NonNull::new(self.base.as_ptr().wrapping_add(range.start));
        start
            .filter(|_| range.start <= range.end && range.end <= self.length)
            .ok_or(MemoryError::Outside { offset: range.start, length: range.len() })
    }

    fn accessible(&self, offset: usize, length: usize, write: bool) -> Result<NonNull<u8>, MemoryError> {
        let inside = |(span, protection): &(Range<usize>, Protection)| {
            span.start <= offset
                && offset.checked_add(length).is_some_and(|end| end <= span.end)
                && (!write || *protection == Protection::ReadWrite)
        };
        if self.spans.iter().any(inside) {
            self.checked(&(offset..offset + length))
        } else {
            Err(MemoryError::Outside { offset, length })
        }
    }
}

/// The poison as it lies from `offset` on.
pub(crate) fn poison_from(offset: usize) -> [u8; 8] {
    let mut poison = POISON;
    poison.rotate_left(offset % POISON.len());
    poison
}

impl Drop for Region {
    fn drop(&mut self) {
        // SAFETY: base and length are those of the reservation, whose holes
        // have all been filled again, and the region is going away. Nothing
        // can be done about a failure, which only leaks address space.
        let _ = unsafe { munmap(self.base.cast(), self.length) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_opened_cannot_be_reached() {
        let page = page_size();
        let mut region = Region::reserve(3 * page).unwrap();
        region.open(page..2 * page, Protection::ReadWrite).unwrap();
        region.write(page, b"x").unwrap();
        assert!(region.write(page - 1, b"xx").is_err());
        assert!(region.read(2 * page - 1, 2).is_err());
        assert!(region.read(usize::MAX, 2).is_err());
    }

    #[test]
    fn read_only_pages_are_poisoned_and_refuse_writes() {
        let page = page_size();
        let mut region = Region::reserve(page).unwrap();
        region.open(0..page, Protection::ReadOnly).unwrap();
        assert_eq!(region.read_u64(0).unwrap().to_le_bytes(), POISON);
        assert!(region.write(0, b"x").is_err());
        assert!(region.touched(0..page).unwrap().is_empty());
    }

    #[test]
    fn a_changed_byte_is_found_wherever_it_lies() {
        let page = page_size();
        let mut region = Region::reserve(page).unwrap();
        region.open(0..page, Protection::ReadWrite).unwrap();
        for offset in [0, 1, 13, page - 1] {
            region.poison(0..page).unwrap();
            region.write(offset, &[0]).unwrap();
            assert_eq!(region.touched(0..page).unwrap(), [offset]);
        }
    }
}
