// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The plan: every check in every configuration. Ids of cases never change.

use crate::checks::{self, Check, Scope, VcpuState};
use crate::spec::{Configuration, Spec};

/// A check in a configuration.
#[derive(Debug, Clone)]
pub struct PlannedCase<'a> {
    /// `configuration.theme.name`.
    pub id: String,
    /// The configuration.
    pub configuration: &'a Configuration,
    /// The check.
    pub check: &'static Check,
}

/// Every case of the series, or only those of the named configurations.
pub fn plan<'a>(spec: &'a Spec, only: &[String]) -> Vec<PlannedCase<'a>> {
    let mut plan = Vec::new();
    for configuration in &spec.configurations {
        if !only.is_empty() && !only.contains(&configuration.name) {
            continue;
        }
        for check in checks::all() {
            if check.state == VcpuState::Fresh && !configuration.features.is_empty() {
                continue;
            }
            if check.scope == Scope::List && configuration.contract_only {
                continue;
            }
            let id = format!("{}.{}", configuration.name, check.name);
            plan.push(PlannedCase { id, configuration, check });
        }
    }
    plan
}

#[cfg(test)]
mod tests;
