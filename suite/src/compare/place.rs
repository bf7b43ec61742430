// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Good and bad memory for a call.

use std::ops::Range;

use crate::memory::{Hostile, MemoryError, Protection, Region, UserAddress, hostile_addresses, page_size};

/// Bytes that are looked at on either side of each border between pages.
const WINDOW: usize = 1024;
/// Distance of the first good address from the start of a window.
const MARGIN: usize = 64;
/// Where zeros begin in the read-only page.
const ZEROS: usize = 2 * WINDOW;
/// Distance from a list to the entry of index 2^32.
const U32_SPAN: usize = (1 << 32) * 8;
/// Bytes of as many entries as there are errnos in use (EHWPOISON).
const ERRNOS: usize = 133 * 8;

/// A place for something that a call reads or writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// In writable memory, this many bytes after an aligned address.
    Good(usize),
    /// This many bytes before inaccessible memory.
    BeforeNothing(usize),
    /// This many bytes before read-only memory.
    BeforeReadOnly(usize),
    /// In read-only memory, this many bytes before writable memory.
    BeforeWritable(usize),
    /// In read-only zeros, this many bytes after an aligned address.
    ReadOnlyZeros(usize),
    /// One of the [`hostile_addresses`], modulo their number.
    Hostile(usize),
}

impl Place {
    /// The place of `what`, for a report; empty for the usual place.
    pub(super) fn describe(self, what: &str) -> String {
        match self {
            Self::Good(0) => String::new(),
            Self::Good(offset) => format!(", {what} {offset} bytes off its alignment"),
            Self::BeforeNothing(distance) => format!(", {what} {distance} bytes before inaccessible memory"),
            Self::BeforeReadOnly(distance) => format!(", {what} {distance} bytes before read-only memory"),
            Self::BeforeWritable(distance) => {
                format!(", {what} in read-only memory {distance} bytes before writable memory")
            }
            Self::ReadOnlyZeros(offset) => format!(", {what} in read-only zeros at offset {offset}"),
            Self::Hostile(which) => format!(", {what} at hostile address {which}"),
        }
    }
}

/// Memory with every kind of place.
#[derive(Debug)]
pub(super) struct Ground {
    region: Region,
    /// Looked at, and poisoned again before each call where it is writable.
    windows: Vec<(Range<usize>, Protection)>,
    /// Where entries of lists land if an errno is used as an index.
    landing: Range<usize>,
    hostile: Vec<Hostile>,
    page: usize,
}

impl Ground {
    /// Pages without access, writable, without, writable, read-only, writable,
    /// without; and 32 GiB behind them writable ones.
    pub(super) fn new() -> Result<Self, MemoryError> {
        let page = page_size();
        let landing = U32_SPAN..U32_SPAN + 7 * page;
        let mut region = Region::reserve(landing.end + page)?;
        region.open(landing.clone(), Protection::ReadWrite)?;
        for number in [1, 3, 4, 5] {
            region.open(number * page..(number + 1) * page, Protection::ReadWrite)?;
        }
        region.write(4 * page + ZEROS, &[0; WINDOW])?;
        region.seal(4 * page..5 * page)?;
        let windows = vec![
            (page..page + WINDOW, Protection::ReadWrite),
            (2 * page - WINDOW..2 * page, Protection::ReadWrite),
            (4 * page - WINDOW..4 * page, Protection::ReadWrite),
            (4 * page..4 * page + WINDOW, Protection::ReadOnly),
            (4 * page + ZEROS..4 * page + ZEROS + WINDOW, Protection::ReadOnly),
            (5 * page - WINDOW..5 * page, Protection::ReadOnly),
            (5 * page..5 * page + WINDOW, Protection::ReadWrite),
        ];
        Ok(Self { region, windows, landing, hostile: hostile_addresses()?, page })
    }

    /// Poisons the memory that a call can write.
    pub(super) fn reset(&self) -> Result<(), MemoryError> {
        for (window, protection) in &self.windows {
            if *protection == Protection::ReadWrite {
                self.region.poison(window.clone())?;
            }
        }
        Ok(())
    }

    pub(super) fn address(&self, place: Place) -> UserAddress {
        match (self.offset(place), place) {
            (Some(offset), _) => self.region.address(offset),
            (None, Place::Hostile(which)) => {
                let count = self.hostile.len().max(1);
                self.hostile.get(which % count).map_or(UserAddress::NULL, |hostile| hostile.address)
            }
            (None, _) => UserAddress::NULL,
        }
    }

    /// Writes as much of `bytes` as memory for it can be written, from its
    /// start on.
    pub(super) fn write(&self, place: Place, bytes: &[u8]) -> Result<(), MemoryError> {
        let room = match place {
            Place::Good(_) => bytes.len(),
            Place::BeforeNothing(distance) | Place::BeforeReadOnly(distance) => distance.min(bytes.len()),
            Place::BeforeWritable(_) | Place::ReadOnlyZeros(_) | Place::Hostile(_) => return Ok(()),
        };
        match (self.offset(place), bytes.get(..room)) {
            (Some(offset), Some(bytes)) => self.region.write(offset, bytes),
            _ => Ok(()),
        }
    }

    /// The `u64` at a place where all of it can be read and written.
    pub(super) fn value(&self, place: Place) -> Option<u64> {
        self.region.read_u64(self.offset(place)?).ok()
    }

    pub(super) fn look(&self) -> Result<Vec<u8>, MemoryError> {
        let mut bytes = Vec::with_capacity(self.windows.len() * WINDOW);
        for (window, _) in &self.windows {
            bytes.extend(self.region.read(window.start, window.len())?);
        }
        Ok(bytes)
    }

    /// The bytes that landed 32 GiB behind a list at a place, where there is poison
    /// again afterwards.
    pub(super) fn look_far_behind(&self, list: Place, length: usize) -> Result<Vec<u8>, MemoryError> {
        let Some(end) = self.offset(list).map(|offset| offset + U32_SPAN) else { return Ok(Vec::new()) };
        let window = (end - ERRNOS).max(self.landing.start)..(end + length).min(self.landing.end);
        let touched = self.region.touched(window.clone())?;
        let bytes = touched.into_iter().map(|offset| self.region.read(offset, 1)).collect::<Result<Vec<_>, _>>()?;
        if !bytes.is_empty() {
            self.region.poison(window)?;
        }
        Ok(bytes.concat())
    }

    fn offset(&self, place: Place) -> Option<usize> {
        match place {
            Place::Good(offset) => Some(self.page + MARGIN + offset),
            Place::BeforeNothing(distance) => (2 * self.page).checked_sub(distance),
            Place::BeforeReadOnly(distance) => (4 * self.page).checked_sub(distance),
            Place::BeforeWritable(distance) => (5 * self.page).checked_sub(distance),
            Place::ReadOnlyZeros(offset) => Some(4 * self.page + ZEROS + offset),
            Place::Hostile(_) => None,
        }
    }
}
