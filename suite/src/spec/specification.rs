// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The specification of one series.

use super::clause::Clauses;
use super::consumer::{self, Consumer};
use super::error::SpecError;
use super::groups::ListedGroup;
use super::register::Register;
use super::registers::RegisterTable;
use super::series::{self, Configuration};
use super::source::Source;
use super::unlisted::Unlisted;
use crate::arch::{Arch, Feature};

/// All requirements on a kernel.
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
    /// Unlisted registers that GET reads.
    pub unlisted: Unlisted,
    /// Programs that save vCPUs.
    pub consumers: Vec<Consumer>,
    /// The clauses.
    pub clauses: Clauses,
}

impl Spec {
    /// Reads clauses, registers, exceptions, consumers and one series.
    pub fn load(source: &Source, arch: &dyn Arch, series: &str) -> Result<Self, SpecError> {
        let clauses = Clauses::load(source)?;
        let registers = RegisterTable::load(source, arch)?;
        let unlisted = Unlisted::load(source, arch, &registers)?;
        let consumers = consumer::load(source, arch, &registers).collect::<Result<_, _>>()?;
        let (list, configurations) = series::load(source, arch, &registers, series)?;
        let configurations = configurations.into_iter().collect::<Result<_, _>>()?;
        Ok(Self { series: series.to_owned(), registers, list, configurations, unlisted, consumers, clauses })
    }

    /// The names of an architecture's series, sorted.
    pub fn series_of(source: &Source, arch: &dyn Arch) -> Vec<String> {
        series::names_of(source, arch)
    }

    /// The expected list of a vCPU with `features`, in order, whether or not a
    /// configuration has them.
    pub fn expected(&self, features: &[Feature]) -> Vec<&Register> {
        self.list.iter().filter(|group| group.is_listed(features)).flat_map(|group| &group.registers).collect()
    }
}

/// The first problem of every file that the architecture's specifications are
/// made of, its series all of them, in the order in which they are read; none
/// where all can be loaded.
///
/// Leaves out checks that depend on a wrong file: without
/// registers there is nothing else, without groups no configuration.
pub fn problems(source: &Source, arch: &dyn Arch) -> Vec<SpecError> {
    let mut problems: Vec<SpecError> = Clauses::load(source).err().into_iter().collect();
    let table = match RegisterTable::load(source, arch) {
        Ok(table) => table,
        Err(problem) => {
            problems.push(problem);
            return problems;
        }
    };
    problems.extend(Unlisted::load(source, arch, &table).err());
    problems.extend(consumer::load(source, arch, &table).filter_map(Result::err));
    for name in series::names_of(source, arch) {
        match series::load(source, arch, &table, &name) {
            Ok((_, configurations)) => problems.extend(configurations.into_iter().filter_map(Result::err)),
            Err(problem) => problems.push(problem),
        }
    }
    problems
}
