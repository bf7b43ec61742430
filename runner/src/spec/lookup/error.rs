// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Errors of `reglist show`.

use reglist_suite::spec::SpecError;

#[derive(Debug, thiserror::Error)]
pub(crate) enum ShowError {
    #[error(transparent)]
    Spec(#[from] SpecError),
    #[error("unknown architecture `{name}`\n[known: {known}]")]
    Architecture { name: String, known: String },
    #[error("`{word}` is not an id: {what}\n[write 0x and at most 16 hexadecimal digits, such as 0x9030000000010000]")]
    Number { word: String, what: String },
    #[error("unknown name `{word}`\n[{remedy}]")]
    Unknown { word: String, remedy: String },
}
