// SPDX-License-Identifier: Apache-2.0 OR MIT
//! A guess.

use std::fmt;

/// What a run looks like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Guess {
    /// A fault of the suite: its name and its sentence.
    Fault { name: String, sentence: String },
    /// A form of the lists, in words.
    List(String),
}

impl fmt::Display for Guess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fault { name, sentence } => write!(f, "looks like {name}: {sentence}"),
            Self::List(words) => write!(f, "looks like {words}"),
        }
    }
}
