// SPDX-License-Identifier: Apache-2.0 OR MIT
//! `spec order`: an order in which a restore can SET the registers.

mod dependency;
mod limits;
mod sort;
#[cfg(test)]
mod tests;
mod text;

use std::path::Path;

use reglist_suite::arch::Feature;
use reglist_suite::spec::Spec;
use serde::Serialize;

use super::error::Error;
use super::show::List;
use dependency::{Dependency, Listing};
use limits::{Refused, Reloading};

/// Version of the document; readers must refuse a newer one.
const FORMAT: u32 = 1;

/// The order of a restore, and what else a restore must heed.
#[derive(Debug, Serialize)]
pub(crate) struct Order {
    format: u32,
    architecture: &'static str,
    series: String,
    configuration: String,
    features: Vec<Feature>,
    steps: Vec<Step>,
    dependencies: Vec<Dependency>,
    /// What must be SET before the list is read.
    list_after: Vec<Listing>,
    /// Registers that no restore may GET between two SETs.
    reloading: Vec<Reloading>,
    /// Values that SET refuses although GET returned them.
    refused: Vec<Refused>,
    #[serde(skip)]
    head: String,
}

/// A SET of the restore.
#[derive(Debug, Serialize)]
struct Step {
    /// From 1.
    step: usize,
    /// Index in `reg[]`.
    entry: usize,
    id: String,
    name: String,
    group: String,
    /// Names of the registers that must be SET before.
    after: Vec<String>,
    /// "SET ...": what the specification's text adds.
    set: Option<String>,
}

impl Order {
    /// The order for `configuration`, or for all together.
    pub(crate) fn of(
        directory: Option<&Path>,
        architecture: Option<&str>,
        series: Option<&str>,
        configuration: &str,
    ) -> Result<Self, Error> {
        let (list, spec) = List::load(directory, architecture, series, configuration)?;
        Self::new(&list, &spec)
    }

    fn new(list: &List, spec: &Spec) -> Result<Self, Error> {
        let dependencies = dependency::all(list, spec);
        let needs = dependency::needs(list, &dependencies);
        let name = |position: usize| list.registers.get(position).map_or("", |entry| entry.name.as_str());
        let order = sort::stable(list.registers.len(), &needs).map_err(|circle| {
            let registers = circle.into_iter().map(name).collect::<Vec<_>>().join(" after ");
            Error::Circle { registers }
        })?;
        let sorted = order.iter().filter_map(|position| list.registers.get(*position)).enumerate();
        let steps = sorted.map(|(position, entry)| Step {
            step: position + 1,
            entry: entry.entry,
            id: entry.id.clone(),
            name: entry.name.clone(),
            group: entry.group.clone(),
            after: dependency::before(entry.register.id, &dependencies),
            set: entry.register.set.clone(),
        });
        Ok(Self {
            format: FORMAT,
            architecture: list.architecture,
            series: list.series.clone(),
            configuration: list.configuration.clone(),
            features: list.features.clone(),
            steps: steps.collect(),
            list_after: dependency::listings(list, spec),
            reloading: limits::reloading(list),
            refused: limits::refused(list),
            dependencies,
            head: list.head(),
        })
    }
}
