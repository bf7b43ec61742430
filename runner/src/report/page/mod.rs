// SPDX-License-Identifier: Apache-2.0 OR MIT
//! A run as one HTML file that needs nothing else, or two runs beside each
//! other. A function of their events and of this program's specifications.

mod clauses;
mod differences;
mod environment;
mod findings;
mod fit;
mod graph;
mod lists;
mod mark;
mod order;
mod output;
mod overview;
mod registers;
mod specification;
mod template;
mod view;
mod words;

#[cfg(test)]
mod tests;

use std::collections::HashMap;

pub(crate) use fit::Input;
pub(crate) use output::{Output, PageError, leave};

use crate::report::diff::compare::{Comparison, Kind};
use clauses::Section;
use differences::Differences;
use environment::Fact;
use findings::Findings;
use order::Order;
use overview::Overview;
use registers::Registers;
use view::{View, Views};

/// Everything that the page shows.
#[derive(Debug)]
struct Page {
    /// What stands in the window's title.
    title: String,
    heading: String,
    /// Of the older run, if there is one, then of the newer one.
    overviews: Vec<Overview>,
    differences: Option<Differences>,
    environment: Vec<Fact>,
    findings: Findings,
    registers: Registers,
    sections: Vec<Section>,
    /// How many cases there are, in words.
    cases: String,
    order: Order,
}

/// The text of the page of a run, or of one compared with an `old` one.
///
/// # Errors
/// Where the template cannot be filled in, which no run can cause.
pub(crate) fn text(new: &Input, old: Option<&Input>) -> askama::Result<String> {
    template::text(&Page::of(new, old))
}

impl Page {
    fn of(new: &Input, old: Option<&Input>) -> Self {
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
        let (word, heading) = match (&differences, &views.old) {
            (Some(differences), Some(old)) => {
                let old = overview::subject(old);
                (differences.word, format!("KVM_GET_REG_LIST on {subject}, compared with {old}"))
            }
            _ => {
                let word = overviews.last().map_or("", |overview| overview.word);
                (word, format!("KVM_GET_REG_LIST on {subject}"))
            }
        };
        Self {
            title: format!("{word}: {heading}"),
            heading,
            overviews,
            differences,
            environment: environment::environment(&views),
            findings: Findings::of(&views.new, &registers.anchors),
            order: Order::of(&views, &rows, &registers.anchors),
            cases: clauses::number(&views),
            registers,
            sections,
        }
    }
}
