// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Foreign words on a page: what a browser would obey is taken out of them, and
//! anchors are made of them that never change.

use std::fmt::Write as _;

pub(super) use crate::report::diff::words::count;

/// Words of which no character changes those around it: control characters
/// (but line ends) and marks of direction are replaced, and what is longer than
/// `most` characters is cut.
pub(super) fn plain(words: &str, most: usize) -> String {
    let mut plain: String = words.chars().take(most).map(shown).collect();
    let more = words.chars().skip(most).count();
    if more > 0 {
        let _ = write!(plain, " ... ({more} more characters)");
    }
    plain
}

fn shown(character: char) -> char {
    let is_mark = matches!(
        character,
        '\u{061c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
    );
    let is_noncharacter = u32::from(character) & 0xfffe == 0xfffe || matches!(character, '\u{fdd0}'..='\u{fdef}');
    match character {
        '\n' => character,
        '\t' => ' ',
        _ if character.is_control() || is_mark || is_noncharacter => '\u{fffd}',
        _ => character,
    }
}

/// The anchor of a thing of that kind. It depends on the name alone; two names
/// have two anchors.
pub(super) fn anchor(kind: &str, name: &str) -> String {
    let mut anchor = format!("{kind}-");
    for character in name.chars() {
        match character {
            'a'..='z' | 'A'..='Z' | '0'..='9' | '_' | '.' | '-' => anchor.push(character),
            other => {
                let _ = write!(anchor, "~{:x}~", u32::from(other));
            }
        }
    }
    anchor
}

/// A case's time.
pub(super) fn milliseconds(microseconds: u64) -> String {
    format!("{:.1} ms", microseconds as f64 / 1e3)
}

/// The time of many cases.
pub(super) fn seconds(microseconds: u64) -> String {
    format!("{:.1} s", microseconds as f64 / 1e6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_browser_would_obey_is_replaced() {
        assert_eq!(plain("a\u{202e}b\u{0}c\td\ne", 99), "a\u{fffd}b\u{fffd}c d\ne");
        assert_eq!(plain("\u{5d0}\u{645}", 99), "\u{5d0}\u{645}");
        assert_eq!(plain("abcdef", 4), "abcd ... (2 more characters)");
    }

    #[test]
    fn anchors_are_plain_and_distinct() {
        assert_eq!(anchor("case", "pmu_lbt.efault.array_unmapped"), "case-pmu_lbt.efault.array_unmapped");
        assert_eq!(anchor("register", "a b\""), "register-a~20~b~22~");
        assert_ne!(anchor("x", "~20~"), anchor("x", " "));
    }
}
