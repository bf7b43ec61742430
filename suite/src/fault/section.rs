// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Headings for groups of faults in reports.

use super::kinds::Fault;

/// The first fault of each section of the enum, in order, and the heading.
const SECTIONS: [(Fault, &str); 17] = [
    (Fault::RegisterMissing, "contents of the list"),
    (Fault::PmuAlways, "dependence on features"),
    (Fault::ShorterFromSecondCallOn, "lists that change"),
    (Fault::EntryHalfWritten, "count and success"),
    (Fault::E2bigIsEinval, "n too small"),
    (Fault::HeaderUnreadableIsEinval, "bad memory"),
    (Fault::GetRefused, "GET"),
    (Fault::SetRefused, "SET"),
    (Fault::SetHitsNeighbour, "independence of registers"),
    (Fault::CounterBackwards, "COUNTER"),
    (Fault::LbtUngated, "dependent registers"),
    (Fault::UnknownIsPositive, "refusals"),
    (Fault::ListBusy, "several threads"),
    (Fault::ListOnVm, "other descriptors"),
    (Fault::SetAttrFallsIntoList, "other ioctls"),
    (Fault::Warning, "the kernel's log"),
    (Fault::Oops, "crashes and hangs"),
];

impl Fault {
    /// Its heading in reports.
    pub fn section(self) -> &'static str {
        SECTIONS.iter().rev().find(|(first, _)| *first <= self).map_or("", |(_, heading)| heading)
    }
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum as _;

    use super::*;
    use crate::fault::Place;

    #[test]
    fn every_fault_has_its_section() {
        assert!(SECTIONS.is_sorted_by_key(|(first, _)| *first));
        for fault in Fault::value_variants() {
            assert_eq!(fault.section() == "crashes and hangs", fault.place() == Place::Kernel, "{fault:?}");
            assert!((1..=30).contains(&fault.section().len()), "{fault:?}");
        }
    }
}
