// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Phrases that several descriptions use.

/// `a, b or c`.
pub(super) fn enumerate(items: &[&str], last: &str) -> String {
    match items {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [others @ .., end] => format!("{} {last} {end}", others.join(", ")),
    }
}

/// Adds a capital and a full stop.
pub(super) fn sentence(words: &str) -> String {
    let words = words.trim();
    let mut letters = words.chars();
    let first: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
    let end = if words.ends_with('.') { "" } else { "." };
    format!("{first}{}{end}", letters.as_str())
}

/// `1 case`, `2 cases`.
pub(super) fn count(number: usize, word: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {word}{plural}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_enumerated() {
        assert_eq!(enumerate(&[], "or"), "");
        assert_eq!(enumerate(&["a"], "or"), "a");
        assert_eq!(enumerate(&["a", "b", "c"], "or"), "a, b or c");
    }

    #[test]
    fn sentences_begin_and_end() {
        assert_eq!(sentence("lists no id twice"), "Lists no id twice.");
        assert_eq!(sentence("So."), "So.");
        assert_eq!(sentence(""), ".");
    }
}
