// SPDX-License-Identifier: Apache-2.0 OR MIT
//! A list in the languages of other programs.

pub(crate) mod c;
#[cfg(test)]
mod compiler;
pub(crate) mod csv;
pub(crate) mod rust;

/// The name of a list in a program: architecture, series and configuration.
fn list_name(list: &super::show::List) -> String {
    let word = |name: &str| name.replace(|c: char| !c.is_ascii_alphanumeric(), "_");
    [list.architecture, &list.series, &list.configuration].map(word).join("_")
}
