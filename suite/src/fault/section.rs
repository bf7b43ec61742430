// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Faults of one kind, which reports show below one heading.

use super::kinds::Fault;

/// The first fault of each section of the enum, in its order, and a heading.
const SECTIONS: [(Fault, &str); 14] = [
    (Fault::RegisterMissing, "the list's contents"),
    (Fault::PmuAlways, "features that decide about it"),
    (Fault::ShorterFromSecondCallOn, "lists that change"),
    (Fault::EntryHalfWritten, "the count, and success"),
    (Fault::E2bigIsEinval, "too small"),
    (Fault::HeaderUnreadableIsEinval, "bad memory"),
    (Fault::GetRefused, "GET"),
    (Fault::SetRefused, "SET"),
    (Fault::SetHitsNeighbour, "registers apart"),
    (Fault::CounterBackwards, "COUNTER"),
    (Fault::LbtUngated, "what registers depend on"),
    (Fault::ListBusy, "several threads"),
    (Fault::ListOnVm, "elsewhere"),
    (Fault::Oops, "trouble"),
];

impl Fault {
    /// The heading below which reports show it, in a few words.
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
            assert_eq!(fault.section() == "trouble", fault.place() == Place::Kernel, "{fault:?}");
            assert!((1..=30).contains(&fault.section().len()), "{fault:?}");
        }
    }
}
