// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Specifications: YAML in, checked types out.
//!
//! The only room that knows serde_yaml. Nothing past it can meet an unknown
//! name, a register that stands twice or a count that does not add up.

pub mod clause;
mod consumer;
mod error;
mod features;
mod groups;
mod problems;
mod register;
mod registers;
mod series;
mod source;
mod unlisted;

#[cfg(test)]
mod tests;

pub use consumer::Consumer;
pub use error::{Problem, SpecError};
pub use groups::{Group, GroupsFile, ListedGroup};
pub use problems::problems;
pub use register::{Conditional, Exception, Gate, Register, Rule, State};
pub use registers::RegisterTable;
pub use series::Configuration;
pub use source::{Source, Text};
pub use unlisted::{Unlisted, UnlistedException};

use crate::arch::{Arch, Feature};
use clause::Clauses;

/// Everything that the suite knows about what a kernel should do.
#[derive(Debug, Clone)]
pub struct Spec {
    /// Name of the series.
    pub series: String,
    /// Every named register of the architecture.
    pub registers: RegisterTable,
    /// The groups of the whole list, in order.
    pub list: Vec<ListedGroup>,
    /// The configurations of the series, by name.
    pub configurations: Vec<Configuration>,
    /// What GET reads although no list has it.
    pub unlisted: Unlisted,
    /// Programs that save vCPUs.
    pub consumers: Vec<Consumer>,
    /// The clauses.
    pub clauses: Clauses,
}

impl Spec {
    /// Reads clauses, registers, exceptions, consumers and one series.
    ///
    /// # Errors
    /// The first problem, with file and line.
    pub fn load(source: &Source, arch: &dyn Arch, series: &str) -> Result<Self, SpecError> {
        let clauses = Clauses::load(source)?;
        let registers = RegisterTable::load(source, arch)?;
        let unlisted = Unlisted::load(source, arch, &registers)?;
        let consumers = consumer::load(source, arch, &registers)?;
        let (list, configurations) = series::load(source, arch, &registers, series)?;
        Ok(Self { series: series.to_owned(), registers, list, configurations, unlisted, consumers, clauses })
    }

    /// The names of an architecture's series, sorted.
    #[must_use]
    pub fn series_of(source: &Source, arch: &dyn Arch) -> Vec<String> {
        series::names_of(source, arch)
    }

    /// The expected list of a vCPU with `features`, in order, whether or not a
    /// configuration has them.
    #[must_use]
    pub fn expected(&self, features: &[Feature]) -> Vec<&Register> {
        self.list.iter().filter(|group| group.is_listed(features)).flat_map(|group| &group.registers).collect()
    }
}
