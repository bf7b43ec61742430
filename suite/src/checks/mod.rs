// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Checks: code that tests clauses, one file per theme.

mod beyond;
mod busy;
pub(crate) mod case;
mod check;
mod contents;
mod count;
mod counter;
mod e2big;
mod efault_array;
mod efault_header;
mod elsewhere;
mod follows;
mod gated;
mod independent;
pub mod message;
mod neighbour;
pub mod plan;
mod refused;
mod restore;
mod roundtrip;
pub(crate) mod snapshot;
mod stable;

pub use check::{Check, Scope, VcpuState};

/// The clause that the harness checks in every case: what the kernel logs about it.
pub const IN_EVERY_CASE: &str = "kernel.quiet";

/// Every check, in the order in which they run.
pub fn all() -> impl Iterator<Item = &'static Check> {
    [
        count::CHECKS,
        contents::CHECKS,
        stable::CHECKS,
        follows::CHECKS,
        e2big::CHECKS,
        efault_header::CHECKS,
        efault_array::CHECKS,
        roundtrip::CHECKS,
        independent::CHECKS,
        gated::CHECKS,
        refused::CHECKS,
        counter::CHECKS,
        restore::CHECKS,
        beyond::CHECKS,
        busy::CHECKS,
        elsewhere::CHECKS,
        neighbour::CHECKS,
    ]
    .into_iter()
    .flatten()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_check_says_in_sentences_what_it_does() {
        let mut said = BTreeSet::new();
        for Check { name, does, .. } in all() {
            assert!(does.starts_with(|c: char| c.is_ascii_uppercase()) && does.ends_with('.'), "{name}: {does}");
            assert!(!does.contains("  "), "{name}: {does}");
            assert!(said.insert(does), "{name}: {does}");
        }
    }

    #[test]
    fn a_check_that_is_like_another_names_one_that_exists() {
        let names: BTreeSet<&str> = all().map(|check| check.name).collect();
        for Check { name, does, .. } in all() {
            if let Some((other, _)) = does.strip_prefix("As ").and_then(|rest| rest.split_once(',')) {
                assert!(names.contains(other), "{name}: {does}");
            }
        }
    }
}
