// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Foreign text in a mail of ASCII.

use std::fmt::Write as _;

use crate::report::words::plain;

/// The end of names such as `Tested-by`.
const OF_PERSONS: &str = "-by";
/// Names that b4 takes for those of tags without a person.
const OTHERS: [&str; 7] = ["base-commit", "buglink", "change-id", "date", "fixes", "link", "subject"];

/// Text in one line of printable ASCII. Other characters are escaped as in JSON.
///
/// From a reply, b4 takes every line `NAME: VALUE` for a tag of the mail's author if it has
/// an address or a known name, also an indented one. Foreign text must not become one when
/// lines are wrapped, so these colons and all `@` are escaped too.
pub(super) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in plain(text).chars() {
        let acts = character == '@' || character == ':' && is_name(&escaped);
        if !acts && (character == ' ' || character.is_ascii_graphic()) {
            escaped.push(character);
            continue;
        }
        for unit in character.encode_utf16(&mut [0; 2]) {
            let _ = write!(escaped, "\\u{unit:04x}");
        }
    }
    escaped
}

/// Whether a text ends in the name of a tag.
fn is_name(text: &str) -> bool {
    let word = text.rsplit(' ').next().unwrap_or_default().to_ascii_lowercase();
    word.ends_with(OF_PERSONS) || OTHERS.contains(&word.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_characters_are_escaped_as_in_json() {
        assert_eq!(escaped("a\u{e9}\u{1f600}\tb\n c"), "a\\u00e9\\ud83d\\ude00 b c");
        let json = format!("\"{}\"", escaped("\u{e9}\u{1f600}\u{a0}x"));
        assert_eq!(serde_json::from_str::<String>(&json).unwrap(), "\u{e9}\u{1f600} x");
    }

    #[test]
    fn foreign_text_has_no_tag() {
        assert_eq!(escaped("x Reviewed-BY: a"), "x Reviewed-BY\\u003a a");
        assert_eq!(escaped("Fixes: a, Link: b"), "Fixes\\u003a a, Link\\u003a b");
        assert_eq!(escaped("Observed: x@y.z"), "Observed: x\\u0040y.z");
        assert_eq!(escaped("stand-by a: b, prefixes: c"), "stand-by a: b, prefixes: c");
    }
}
