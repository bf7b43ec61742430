// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Foreign text in Markdown.

use super::words::plain;

/// Text in one line; as code if it has Markdown syntax.
pub(crate) fn text(text: &str) -> String {
    let text = plain(text);
    if is_harmless(&text) { text } else { code(&text) }
}

/// A name, as code.
pub(crate) fn code(name: &str) -> String {
    let name = plain(name);
    if name.is_empty() { name } else { format!("`{}`", name.replace('`', "'")) }
}

/// Whether a text has no Markdown syntax.
fn is_harmless(words: &str) -> bool {
    let inside = |at: usize| {
        let before = words.get(..at).and_then(|before| before.chars().next_back());
        let after = words.get(at + 1..).and_then(|after| after.chars().next());
        [before, after].into_iter().all(|c| c.is_some_and(char::is_alphanumeric))
    };
    words.char_indices().all(|(at, c)| match c {
        // Inside a word, `_` is not emphasis.
        '_' => inside(at),
        c => !"*`<>[]\\&~$|#@".contains(c),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn syntax_is_code() {
        assert_eq!(text("in case lbt.restore.cold_start,\n  5 of 7"), "in case lbt.restore.cold_start, 5 of 7");
        assert_eq!(text("<b> `x`"), "`<b> 'x'`");
        assert_eq!(text("_x_"), "`_x_`");
        assert_eq!((code("a"), code("")), ("`a`".to_owned(), String::new()));
    }
}
