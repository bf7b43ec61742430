// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Lookups that fail.

use reglist_suite::spec::SpecError;

#[derive(Debug, thiserror::Error)]
pub(crate) enum ShowError {
    #[error(transparent)]
    Spec(#[from] SpecError),
    #[error("`{name}` is no architecture that has a specification\n[known: {known}]")]
    Architecture { name: String, known: String },
    #[error("`{word}` is no id: {what}\n[an id has at most 16 hexadecimal digits behind 0x, as 0x9030000000010000]")]
    Number { word: String, what: String },
    #[error("nothing is called `{word}`\n[{remedy}]")]
    Unknown { word: String, remedy: String },
}
