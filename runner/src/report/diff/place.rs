// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The places of facts.

/// The place of a fact: a configuration, or one of several runs, whose words
/// name the configuration.
pub(super) fn place(configuration: &str, run: Option<&str>) -> String {
    run.unwrap_or(configuration).to_owned()
}
