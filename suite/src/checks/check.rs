// SPDX-License-Identifier: Apache-2.0 OR MIT
//! What a check is.

use super::case::{Case, CheckError};

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

impl Check {
    /// Runs it on a case.
    ///
    /// # Errors
    /// Why it ended before its end, or the clause that it reports about and the
    /// specification has not.
    pub fn on(&self, case: &Case<'_>) -> Result<(), CheckError> {
        let result = (self.run)(case);
        case.unknown_clause().map_or(result, |clause| Err(CheckError::UnknownClause(clause)))
    }
}

/// A check of the expected list, on a vCPU that is set up.
pub(super) const fn check(
    name: &'static str,
    clauses: &'static [&'static str],
    does: &'static str,
    run: fn(&Case<'_>) -> Result<(), CheckError>,
) -> Check {
    Check { name, clauses, does, state: VcpuState::SetUp, scope: Scope::List, run }
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
