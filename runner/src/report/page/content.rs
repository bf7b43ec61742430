// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Everything on the page.

use std::collections::HashMap;

use super::clauses::{self, Section};
use super::differences::Differences;
use super::environment::{self, Fact};
use super::findings::Findings;
use super::fit::Input;
use super::order::Order;
use super::overview::{self, Overview};
use super::patch::Patch;
use super::registers::Registers;
use super::view::{View, Views};
use crate::report::diff::compare::{Comparison, Kind};

#[derive(Debug)]
pub(super) struct Page {
    pub(super) title: String,
    pub(super) heading: String,
    /// Of the older run, if any, then of the newer run.
    pub(super) overviews: Vec<Overview>,
    pub(super) differences: Option<Differences>,
    pub(super) environment: Vec<Fact>,
    pub(super) findings: Findings,
    pub(super) patch: Option<Patch>,
    pub(super) registers: Registers,
    pub(super) sections: Vec<Section>,
    pub(super) cases: String,
    pub(super) order: Order,
}

impl Page {
    pub(super) fn of(new: &Input, old: Option<&Input>) -> Self {
        let views = Views { new: View::of(new), old: old.map(View::of) };
        let comparison = old.map(|old| Comparison::of_runs((&old.file, &old.run), (&new.file, &new.run)));
        let registers = Registers::of(&views);
        let kinds: HashMap<&str, Kind> = comparison
            .iter()
            .flat_map(|comparison| &comparison.changes)
            .map(|change| (change.case.as_str(), change.kind))
            .collect();
        let sections = clauses::sections(&views, &kinds, &registers.anchors);
        let mut overviews = vec![Overview::of(&views.new, &sections, |section| section.word)];
        if let Some(old) = &views.old {
            overviews.insert(0, Overview::of(old, &sections, |section| section.before.unwrap_or_default()));
        }
        let differences = comparison.as_ref().map(|comparison| Differences::of(comparison, &views, &registers.anchors));
        let rows: Vec<u64> =
            registers.sections.iter().flat_map(|section| &section.rows).map(|row| row.number).collect();
        let subject = overview::subject(&views.new);
        let old = views.old.as_ref().map(|old| format!(", compared with {}", overview::subject(old)));
        let heading = format!("KVM_GET_REG_LIST on {subject}{}", old.unwrap_or_default());
        let word = differences.as_ref().map(|differences| differences.word);
        let word = word.or(overviews.last().map(|overview| overview.word)).unwrap_or_default();
        Self {
            title: format!("{word}: {heading}"),
            heading,
            overviews,
            differences,
            environment: environment::environment(&views),
            patch: Patch::of(&views.new),
            findings: Findings::of(&views.new, &registers.anchors),
            order: Order::of(&views, &rows, &registers.anchors),
            cases: clauses::number(&views),
            registers,
            sections,
        }
    }
}
