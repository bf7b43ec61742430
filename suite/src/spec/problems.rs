// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Checks every file of an architecture, where a run stops at the first error.

use super::clause::Clauses;
use super::consumer;
use super::error::SpecError;
use super::registers::RegisterTable;
use super::series;
use super::source::Source;
use super::unlisted::Unlisted;
use crate::arch::Arch;

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
