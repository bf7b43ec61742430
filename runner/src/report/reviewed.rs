// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The words of a review, for text and page.

use std::fmt::Write as _;

use reglist_suite::report::review::{Note, Review, StackUse};

use super::words::{count, plain};

/// The number of notes.
pub(crate) fn outcome(review: &Review) -> String {
    match review.count() {
        0 => "nothing to note".to_owned(),
        number => count(number, "note"),
    }
}

/// A note with its place and its check.
pub(crate) fn sentence(note: &Note) -> String {
    let mut place = plain(&note.file);
    if let Some(line) = note.line {
        let _ = write!(place, ":{line}");
    }
    if let Some(function) = &note.function {
        let _ = write!(place, ", {}", plain(function));
    }
    format!("{place}: {} ({})", plain(&note.message), plain(&note.check))
}

/// The stack of a function, such as `walk 240 bytes (was 16)`.
pub(crate) fn stack(used: &StackUse) -> String {
    let base = used.base.map_or_else(|| "new".to_owned(), |base| format!("was {base}"));
    format!("{} {} bytes ({base})", plain(&used.function), used.bytes)
}
