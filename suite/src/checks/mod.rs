// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Checks: code that tests clauses, one file per theme.

mod beyond;
mod busy;
pub mod case;
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
pub mod plan;
mod restore;
mod roundtrip;
pub mod snapshot;
mod stable;

use crate::checks::case::{Case, CheckError, GET_REG_LIST};
use crate::list::ListAnswer;

/// The state in which a check wants its vCPU.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VcpuState {
    /// As a VMM has it, with the configuration's features on.
    SetUp,
    /// As KVM_CREATE_VCPU leaves it; only for the configuration without
    /// features.
    Fresh,
}

/// What a check needs to be specified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Nothing: it holds for any list, on any architecture.
    Contract,
    /// The list.
    List,
}

/// A check: what it is called, which clauses it tests, and how.
#[derive(Debug)]
pub struct Check {
    /// `theme.name`, the part of a case's id behind the configuration.
    pub name: &'static str,
    /// The clauses that its findings can be about, beside list.complete and
    /// reg.get, without which there is nothing to check.
    pub clauses: &'static [&'static str],
    /// What it does and looks at: sentences for people.
    pub does: &'static str,
    /// The state in which it wants its vCPU.
    pub state: VcpuState,
    /// What it needs to be specified.
    pub scope: Scope,
    /// The check itself.
    pub run: fn(&Case<'_>) -> Result<(), CheckError>,
}

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
        counter::CHECKS,
        restore::CHECKS,
        beyond::CHECKS,
        busy::CHECKS,
        elsewhere::CHECKS,
    ]
    .into_iter()
    .flatten()
}

/// A check of the expected list, on a vCPU that is set up.
const fn check(
    name: &'static str,
    clauses: &'static [&'static str],
    does: &'static str,
    run: fn(&Case<'_>) -> Result<(), CheckError>,
) -> Check {
    Check { name, clauses, does, state: VcpuState::SetUp, scope: Scope::List, run }
}

/// A check of what holds for any list, on a vCPU that is set up.
const fn contract(
    name: &'static str,
    clauses: &'static [&'static str],
    does: &'static str,
    run: fn(&Case<'_>) -> Result<(), CheckError>,
) -> Check {
    Check { scope: Scope::Contract, ..check(name, clauses, does, run) }
}

/// efault.stray, of any call: every byte written where none may be.
fn report_stray(case: &Case<'_>, answer: &ListAnswer, entry: Option<usize>) {
    for stray in &answer.stray {
        let observed = format!("bytes written {}, the first at reg[0] {:+}", stray.place, stray.first);
        let report = case
            .finding("efault.stray", "no write outside header and reg[]", observed)
            .ioctl(GET_REG_LIST)
            .answer(answer.result);
        if let Some(entry) = entry {
            report.entry(entry);
        }
    }
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
