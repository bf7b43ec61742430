// SPDX-License-Identifier: Apache-2.0 OR MIT
//! KVM_GET_REG_LIST in memory that detects every stray write.
//!
//! ```text
//!  guard | poison ... header reg[0] reg[1] ... | beyond     ...     | landing zone
//!          <------------- writable ----------->  nothing, or          about reg +
//!                                                read-only            32 GiB
//! ```
//!
//! `reg[]` can end exactly where writable memory ends. A kernel that keeps an errno
//! in an unsigned variable and uses it as an index writes to the landing zone:
//! `reg + (u32)-EFAULT` is 32 GiB - 112 bytes past `reg[]`.

use std::ops::Range;

use nix::errno::Errno;

use crate::kvm::Answer;
use crate::memory::{MemoryError, Protection, Region, UserAddress, page_size, poison_from};

/// Size of the header, `n`, and of an entry.
const WORD: usize = 8;
/// Bytes watched before the header: more than a small negative errno as an
/// index reaches back.
const BEFORE: usize = 2048;
/// Most bytes of [`Placement::slack`].
const SLACK: usize = 256;
/// Distance from `reg[]` to the entry of index 2^32.
const U32_SPAN: usize = (1 << 32) * WORD;
/// Linux's errno values end at 4095 (MAX_ERRNO), and so does their shadow.
const ERRNO_SHADOW: usize = 4096 * WORD;

/// Memory after the writable part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beyond {
    /// Nothing.
    Unmapped,
    /// Inaccessible pages (PROT_NONE).
    NoAccess,
    /// Pages that can be read.
    ReadOnly,
    /// Pages past the end of a mapped file.
    FileEnd,
}

impl Beyond {
    /// For findings.
    pub fn what(self) -> &'static str {
        match self {
            Self::Unmapped => "unmapped",
            Self::NoAccess => "inaccessible",
            Self::ReadOnly => "read-only",
            Self::FileEnd => "beyond a file's end",
        }
    }
}

/// Position of a list, and its `n` before the call.
#[derive(Debug, Clone, Copy)]
pub struct Placement {
    /// The header's `n`.
    pub n: u64,
    /// Entries that fit before the writable memory, less `slack`, ends.
    pub capacity: usize,
    /// Bytes between these entries and the end of the writable memory. A value that is
    /// not a multiple of 8 misaligns the header.
    pub slack: usize,
}

/// Bytes written outside header and `reg[]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stray {
    /// Distance in bytes of the first one from `reg[0]`.
    pub first: i64,
    /// Number of bytes.
    pub bytes: usize,
    /// Their place, for findings.
    pub place: &'static str,
}

/// The result of a call.
#[derive(Debug)]
pub struct ListAnswer {
    /// Return value or errno.
    pub result: Answer,
    /// The header's `n` after the call.
    pub n: u64,
    /// The entries after the call, as far as they fit; `None` if unwritten.
    pub slots: Vec<Option<u64>>,
    /// Bytes written elsewhere.
    pub stray: Vec<Stray>,
}

impl ListAnswer {
    /// The first `count` entries, if all of them were written.
    pub fn ids(&self, count: usize) -> Option<Vec<u64>> {
        self.slots.get(..count)?.iter().copied().collect()
    }

    /// The `n` of E2BIG, if it is more than the room and at most `limit`.
    pub fn asks_for_more(&self, limit: u64) -> Option<usize> {
        let wanted = usize::try_from(self.n).ok()?;
        let plausible = self.result == Err(Errno::E2BIG) && wanted > self.slots.len() && self.n <= limit;
        plausible.then_some(wanted)
    }

    /// Number of leading entries written.
    pub fn written_prefix(&self) -> usize {
        self.slots.iter().take_while(|slot| slot.is_some()).count()
    }
}

/// Reusable memory for lists.
#[derive(Debug)]
pub struct ListMemory {
    region: Region,
    writable: Range<usize>,
    hole: Option<Range<usize>>,
    read_only: Option<Range<usize>>,
    landing: Option<Range<usize>>,
}

impl ListMemory {
    /// Memory for up to `entries` entries, followed by `beyond`.
    pub fn new(entries: usize, beyond: Beyond, landing_zone: bool) -> Result<Self, MemoryError> {
        let page = page_size();
        let room = (BEFORE + (entries + 1) * WORD + SLACK).next_multiple_of(page);
        let behind = (entries * WORD + page).next_multiple_of(page);
        let writable = page..page + room;
        let landing = landing_zone.then(|| {
            let start = (writable.start + U32_SPAN - ERRNO_SHADOW) / page * page;
            let end = (writable.end + U32_SPAN + entries * WORD).next_multiple_of(page);
            start..end
        });
        let length = landing.as_ref().map_or(writable.end + behind, |landing| landing.end) + page;

        let mut region = Region::reserve(length)?;
        if beyond == Beyond::FileEnd {
            region.map_file_end(writable.clone())?;
        } else {
            region.open(writable.clone(), Protection::ReadWrite)?;
        }
        let after = writable.end..writable.end + behind;
        if beyond == Beyond::ReadOnly {
            region.open(after.clone(), Protection::ReadOnly)?;
        }
        let hole = (beyond == Beyond::Unmapped).then(|| after.clone());
        let near = after.start..after.end.min(after.start + entries * WORD + BEFORE);
        let read_only = (beyond == Beyond::ReadOnly).then_some(near);
        if let Some(landing) = &landing {
            region.open(landing.clone(), Protection::ReadWrite)?;
        }
        Ok(Self { region, writable, hole, read_only, landing })
    }

    /// Poisons the memory, writes a header, makes the call and checks the memory.
    pub fn call(
        &mut self,
        placement: Placement,
        ioctl: impl FnOnce(UserAddress) -> Answer,
    ) -> Result<ListAnswer, MemoryError> {
        let Placement { n, capacity, slack } = placement;
        let size = (capacity + 1) * WORD + slack;
        let Some(header) = self.writable.end.checked_sub(size).filter(|start| *start >= self.writable.start) else {
            return Err(MemoryError::Outside { offset: self.writable.start, length: size });
        };
        let array = header + WORD..header + WORD + capacity * WORD;

        let low = header.saturating_sub(BEFORE).max(self.writable.start);
        self.region.poison(low..self.writable.end)?;
        self.region.write(header, &n.to_le_bytes())?;
        let list = self.region.address(header);
        let result = match &self.hole {
            Some(hole) => self.region.with_hole(hole, || ioctl(list))?,
            None => ioctl(list),
        };

        let bytes = self.region.read(array.start, array.len())?;
        let poison = poison_from(array.start);
        let slots = bytes.chunks_exact(WORD).map(|word| slot(word, poison)).collect();
        let mut stray = Vec::new();
        stray.extend(self.look(low..header, array.start, "before the header")?);
        stray.extend(self.look(array.end..self.writable.end, array.start, "after reg[]")?);
        if let Some(range) = &self.read_only {
            stray.extend(self.look(range.clone(), array.start, "in read-only memory")?);
        }
        if self.landing.is_some() {
            // Every index from -4095 on in 32 bits, and a list from there.
            let zero = array.start + U32_SPAN;
            let range = zero - ERRNO_SHADOW..zero + array.len();
            let place = "about 32 GiB beyond reg[], as if -EFAULT were an index";
            if let Some(landed) = self.look(range.clone(), array.start, place)? {
                stray.push(landed);
                self.region.poison(range)?;
            }
        }
        let n = self.region.read_u64(header)?;
        Ok(ListAnswer { result, n, slots, stray })
    }

    fn look(&self, range: Range<usize>, array: usize, place: &'static str) -> Result<Option<Stray>, MemoryError> {
        let touched = self.region.touched(range)?;
        let first = touched.first().map(|first| *first as i64 - array as i64);
        Ok(first.map(|first| Stray { first, bytes: touched.len(), place }))
    }
}

fn slot(word: &[u8], poison: [u8; WORD]) -> Option<u64> {
    word.try_into().ok().filter(|word| *word != poison).map(u64::from_le_bytes)
}

#[cfg(test)]
mod tests;
