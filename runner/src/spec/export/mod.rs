// SPDX-License-Identifier: Apache-2.0 OR MIT
//! A list in the languages of other programs.

pub(crate) mod c;
#[cfg(test)]
mod compiler;
pub(crate) mod csv;
pub(crate) mod rust;

use reglist_suite::spec::Configuration;

use super::show::{Entry, List};

/// The name of a list in a program.
fn list_name(list: &List) -> String {
    name_of(list, &list.configuration)
}

/// The name of the list of a configuration: architecture, series and configuration.
fn name_of(list: &List, configuration: &str) -> String {
    let word = |name: &str| name.replace(|c: char| !c.is_ascii_alphanumeric(), "_");
    [list.architecture, &list.series, configuration].map(word).join("_")
}

/// The configurations of the union that list a register; none if all do.
fn listed(list: &List, entry: &Entry) -> Option<String> {
    list.listed_in(entry).filter(|listed| listed != Configuration::ALL)
}
