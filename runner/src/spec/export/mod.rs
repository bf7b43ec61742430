// SPDX-License-Identifier: Apache-2.0 OR MIT
//! A list in the languages of other programs.

pub(crate) mod c;
#[cfg(test)]
mod compiler;
pub(crate) mod csv;
pub(crate) mod rust;
pub(crate) mod selftest;

use reglist_suite::spec::Configuration;

use super::show::{Entry, List};

/// The name of a list in a program.
fn list_name(list: &List) -> String {
    name_of(list, &list.configuration)
}

/// The name of the list of a configuration: architecture, series and configuration.
fn name_of(list: &List, configuration: &str) -> String {
    [list.architecture, &list.series, configuration].map(word).join("_")
}

/// A name of a specification as a part of an identifier.
fn word(name: &str) -> String {
    name.replace(|c: char| !c.is_ascii_alphanumeric(), "_")
}

/// An id in the kernel's macros; a number where the uapi headers have none.
fn id(list: &List, id: u64) -> String {
    list.arch.uapi_expression(id).unwrap_or_else(|| format!("{id:#018x}ULL"))
}

/// Text of a specification that does not end the C comment around it.
fn comment(text: &str) -> String {
    text.replace("*/", "* /")
}

/// The configurations of the union that list a register; none if all do.
fn listed(list: &List, entry: &Entry) -> Option<String> {
    list.listed_in(entry).filter(|listed| listed != Configuration::ALL)
}
