// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The overview of all names.

use reglist_suite::report::describe::{Content, Part};
use serde::Serialize;

use super::find::Index;

/// Kinds with a number and an example in place of all names.
const LONG: [&str; 4] = ["registers", "checks", "cases", "faults"];

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
        let spec = index.catalogue.spec;
        let listed = spec.list.iter().flat_map(|group| &group.registers).next();
        let by_id = listed.map(|register| format!("{}, also by id: {:#018x}", register.name, register.id));
        let part = |(label, names): (&'static str, Vec<String>)| {
            let example = by_id.as_ref().filter(|_| label == "registers").or(names.first())?;
            let content = if LONG.contains(&label) && !verbose {
                Content::Text(format!("{}, such as {example}", names.len()))
            } else {
                Content::Items(names)
            };
            Some(Part { label, detail: false, content })
        };
        Self { series: spec.series.clone(), parts: index.names().into_iter().filter_map(part).collect() }
    }
}
