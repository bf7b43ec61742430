// SPDX-License-Identifier: Apache-2.0 OR MIT
//! A comparison as JSON.

use std::collections::BTreeMap;

use serde::Serialize;

use super::compare::{Change, Comparison, Kind, KnownUse};
use super::facts::FactChange;
use super::registers::Registers;
use super::sections::verdict;
use super::side::{Difference, Side};

/// Version of the format; readers must refuse a newer one.
const FORMAT: u32 = 1;

#[derive(Debug, Serialize)]
pub(crate) struct Document<'c> {
    format: u32,
    verdict: String,
    regressions: usize,
    old: &'c Side,
    new: &'c Side,
    differences: &'c [Difference],
    compared: usize,
    /// Has every kind, even without cases.
    cases: BTreeMap<String, Vec<&'c Change>>,
    registers: &'c Registers,
    facts: &'c [FactChange],
    #[serde(skip_serializing_if = "Option::is_none")]
    known: Option<&'c KnownUse>,
}

impl<'c> Document<'c> {
    pub(crate) fn of(comparison: &'c Comparison) -> Self {
        Self {
            format: FORMAT,
            verdict: verdict(comparison).0.replace(' ', "_"),
            regressions: comparison.regressions(),
            old: &comparison.old,
            new: &comparison.new,
            differences: &comparison.differences,
            compared: comparison.compared,
            cases: Kind::all().map(|kind| (name(kind), comparison.of_kind(kind).collect())).collect(),
            registers: &comparison.registers,
            facts: &comparison.facts,
            known: comparison.known.as_ref(),
        }
    }
}

fn name(kind: Kind) -> String {
    serde_json::to_value(kind).ok().and_then(|name| Some(name.as_str()?.to_owned())).unwrap_or_default()
}
