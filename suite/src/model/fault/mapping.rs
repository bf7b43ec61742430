// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The mapping at an address of this process.

use std::fs;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mapping {
    None,
    Memory,
    File,
}

impl Mapping {
    /// As /proc/self/maps says: bounds, permissions, offset, device, and an inode
    /// that is 0 for memory.
    pub(super) fn at(address: u64) -> Self {
        let hexadecimal = |digits| u64::from_str_radix(digits, 16).ok();
        let maps = fs::read_to_string("/proc/self/maps").unwrap_or_default();
        let found = maps.lines().find_map(|line| {
            let mut fields = line.split_ascii_whitespace();
            let (start, end) = fields.next()?.split_once('-')?;
            let range = hexadecimal(start)?..hexadecimal(end)?;
            range.contains(&address).then(|| if fields.nth(3) == Some("0") { Self::Memory } else { Self::File })
        });
        found.unwrap_or(Self::None)
    }
}
