// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The overview of all names.

use clap::ValueEnum as _;
use reglist_suite::checks;
use reglist_suite::fault::Fault;
use reglist_suite::report::describe::{Content, Part};
use serde::Serialize;

use super::find::Index;

/// All names by kind.
#[derive(Debug, Serialize)]
pub(crate) struct Overview {
    pub(super) series: String,
    /// Names, or numbers of long lists.
    pub(super) parts: Vec<Part>,
}

impl Overview {
    /// With `verbose`, all names.
    pub(super) fn of(index: &Index<'_>, verbose: bool) -> Self {
        let spec = index.catalogue.spec();
        let registers: Vec<String> = spec.registers.all().iter().map(|register| register.name.clone()).collect();
        let faults: Vec<String> = Fault::value_variants().iter().map(|fault| fault.name()).collect();
        let cases: Vec<String> = index.cases.iter().map(|case| case.id.clone()).collect();
        let checks: Vec<String> = checks::all().map(|check| check.name.to_owned()).collect();
        let listed = spec.list.iter().flat_map(|group| &group.registers).next();
        let by_id = listed.map(|register| format!("{}, also by id: {:#018x}", register.name, register.id));
        let many = |names: Vec<String>, example: Option<String>| match example.or_else(|| names.first().cloned()) {
            Some(example) if !verbose => Content::Text(format!("{}, such as {example}", names.len())),
            _ => Content::Items(names),
        };
        let families = spec.registers.families().map(str::to_owned).collect();
        let parts = vec![
            part("registers", many(registers, by_id)),
            part("families", Content::Items(families)),
            part("groups", Content::Items(spec.list.iter().map(|group| group.name.clone()).collect())),
            part(
                "configurations",
                Content::Items(spec.configurations.iter().map(|known| known.name.clone()).collect()),
            ),
            part("clauses", Content::Items(spec.clauses.clauses.iter().map(|clause| clause.id.clone()).collect())),
            part("themes", Content::Items(index.catalogue.themes().into_iter().map(str::to_owned).collect())),
            part("checks", many(checks, None)),
            part("cases", many(cases, None)),
            part("faults", many(faults, None)),
        ];
        let is_empty = |part: &Part| matches!(&part.content, Content::Items(items) if items.is_empty());
        Self { series: spec.series.clone(), parts: parts.into_iter().filter(|part| !is_empty(part)).collect() }
    }
}

fn part(label: &'static str, content: Content) -> Part {
    Part { label, detail: false, content }
}
