// SPDX-License-Identifier: Apache-2.0 OR MIT
//! How a report to paste writes foreign text.

use super::ascii;
use crate::report::markup;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Mail,
    Markdown,
}

impl Form {
    /// Foreign text, in one line.
    pub(super) fn text(self, text: &str) -> String {
        match self {
            Self::Mail => ascii::escaped(text),
            Self::Markdown => markup::text(text),
        }
    }

    /// The id of a case or a clause, or another name.
    pub(super) fn name(self, name: &str) -> String {
        match self {
            Self::Mail => ascii::escaped(name),
            Self::Markdown => markup::code(name),
        }
    }

    /// Own words that stand out.
    pub(super) fn strong(self, words: &str) -> String {
        match self {
            Self::Mail => words.to_owned(),
            Self::Markdown => format!("**{words}**"),
        }
    }
}
