// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The type of a check.

use super::case::{Case, CheckError};

/// State of the vCPU when a check starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VcpuState {
    /// Set up as by a VMM, with the features of the configuration on.
    SetUp,
    /// Just created, nothing SET; only for the configuration without features.
    Fresh,
}

/// The part of the specification that a check needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// None: the check applies to any list on any architecture.
    Contract,
    /// The expected list.
    List,
}

/// Code that tests clauses.
#[derive(Debug)]
pub struct Check {
    /// `theme.name`: the id of its cases without the configuration.
    pub name: &'static str,
    /// The clauses that it reports on. It can also report on list.complete and
    /// reg.get, because without a list and values there is nothing to check.
    pub clauses: &'static [&'static str],
    /// Description for users, in sentences.
    pub does: &'static str,
    /// State of the vCPU when it starts.
    pub state: VcpuState,
    /// The part of the specification that it needs.
    pub scope: Scope,
    /// Whether it SETs what the kernel must refuse. A wrong kernel does not refuse it, so that
    /// no board is asked.
    pub lab_only: bool,
    pub(super) run: fn(&Case<'_>) -> Result<(), CheckError>,
}

impl Check {
    pub(crate) fn on(&self, case: &Case<'_>) -> Result<(), CheckError> {
        let result = (self.run)(case);
        case.unknown_clause.get().map_or(result, |clause| Err(CheckError::UnknownClause(clause)))
    }
}

/// A check of the expected list, on a vCPU that is set up.
pub(super) const fn check(
    name: &'static str,
    clauses: &'static [&'static str],
    does: &'static str,
    run: fn(&Case<'_>) -> Result<(), CheckError>,
) -> Check {
    Check { name, clauses, does, state: VcpuState::SetUp, scope: Scope::List, lab_only: false, run }
}

/// A check of what the kernel refuses to SET, on a vCPU that is set up.
pub(super) const fn refusal(
    name: &'static str,
    clauses: &'static [&'static str],
    does: &'static str,
    run: fn(&Case<'_>) -> Result<(), CheckError>,
) -> Check {
    Check { lab_only: true, ..check(name, clauses, does, run) }
}

/// A check of what holds for any list, on a vCPU that is set up.
pub(super) const fn contract(
    name: &'static str,
    clauses: &'static [&'static str],
    does: &'static str,
    run: fn(&Case<'_>) -> Result<(), CheckError>,
) -> Check {
    Check { scope: Scope::Contract, ..check(name, clauses, does, run) }
}
