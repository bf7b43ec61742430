// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Addresses that the kernel must refuse.

use super::region::{MemoryError, Protection, Region, UserAddress, page_size};

/// An address with less access than a call needs.
#[derive(Debug)]
pub struct Hostile {
    /// Name for findings.
    pub what: &'static str,
    /// The address.
    pub address: UserAddress,
    /// Whether the kernel can read there; writing fails everywhere here.
    pub readable: bool,
    region: Option<Region>,
}

impl Hostile {
    /// Whether read-only memory is unchanged.
    pub fn untouched(&self) -> Result<bool, MemoryError> {
        match &self.region {
            Some(region) if self.readable => Ok(region.touched(0..page_size())?.is_empty()),
            _ => Ok(true),
        }
    }
}

/// Every kind of unwritable address. Most of them are also unreadable.
///
/// Kernel addresses are chosen so that a kernel which misses its access check
/// faults in nothing of use: the top of the address space, and segments that
/// are not mapped (LoongArch reference manual, 5.2: XSPRANGE and the start of
/// XKVRANGE). Its direct windows are left out, where a write would reach memory.
pub fn hostile_addresses() -> Result<Vec<Hostile>, MemoryError> {
    let page = page_size();
    let fixed = |what, address| Hostile { what, address, readable: false, region: None };

    let no_access = Region::reserve(page)?;
    let mut read_only = Region::reserve(page)?;
    read_only.open(0..page, Protection::ReadOnly)?;
    let mut file_end = Region::reserve(2 * page)?;
    file_end.map_file_end(0..page)?;

    let of = |what, region: Region, offset, readable| Hostile {
        what,
        address: region.address(offset),
        readable,
        region: Some(region),
    };
    Ok(vec![
        fixed("NULL", UserAddress::NULL),
        fixed("unmapped memory", UserAddress::NEVER_MAPPED),
        of("inaccessible memory (PROT_NONE)", no_access, 0, false),
        of("memory beyond a file's end", file_end, page, false),
        fixed("the last 8 bytes of the address space", UserAddress::upper_half(0x7fff_ffff_ffff_fff8)),
        fixed("the last byte of the address space", UserAddress::upper_half(0x7fff_ffff_ffff_ffff)),
        fixed("the last page of the address space", UserAddress::upper_half(0x7fff_ffff_ffff_f000)),
        fixed("the start of the kernel's mapped segment", UserAddress::upper_half(0x4000_0000_0000_0000)),
        of("read-only memory", read_only, 0, true),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_an_address_of_its_own() {
        let addresses: Vec<UserAddress> = hostile_addresses().unwrap().iter().map(|hostile| hostile.address).collect();
        for (position, address) in addresses.iter().enumerate() {
            assert!(!addresses.iter().skip(position + 1).any(|other| other == address), "{address:?}");
        }
    }
}
