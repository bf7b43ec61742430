// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Checks: code that tests clauses, one file per theme.

mod contents;
mod count;
mod e2big;
mod efault_array;
mod efault_header;
mod roundtrip;

use crate::case::{Case, CheckError, GET_REG_LIST};
use crate::memory::ListAnswer;

/// The state in which a check wants its vCPU.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VcpuState {
    /// As a VMM has it, with the configuration's features on.
    SetUp,
    /// As KVM_CREATE_VCPU leaves it; only for the configuration without
    /// features.
    Fresh,
}

/// A check: what it is called, which clauses it tests, and how.
#[derive(Debug)]
pub struct Check {
    /// `theme.name`, the part of a case's id behind the configuration.
    pub name: &'static str,
    /// The clauses that its findings can be about.
    pub clauses: &'static [&'static str],
    /// The state in which it wants its vCPU.
    pub state: VcpuState,
    /// The check itself.
    pub run: fn(&Case<'_>) -> Result<(), CheckError>,
}

/// Every check, in the order in which they run.
pub fn all() -> impl Iterator<Item = &'static Check> {
    [count::CHECKS, contents::CHECKS, e2big::CHECKS, efault_header::CHECKS, efault_array::CHECKS, roundtrip::CHECKS]
        .into_iter()
        .flatten()
}

/// A check on a vCPU that is set up.
const fn check(
    name: &'static str,
    clauses: &'static [&'static str],
    run: fn(&Case<'_>) -> Result<(), CheckError>,
) -> Check {
    Check { name, clauses, state: VcpuState::SetUp, run }
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
