// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Paragraphs for a terminal of 80 columns, or of another width.

use std::fmt::Write as _;

use console::Style;

pub(crate) const WIDTH: usize = 80;
/// Column of the text after a label.
const INDENT: usize = 14;

pub(crate) fn labelled(text: &mut String, label: &str, words: &str) {
    let mut head = format!("  {:<width$}", format!("{label}:"), width = INDENT - 2);
    if head.ends_with(':') {
        head.push(' ');
    }
    fill(text, &head, &" ".repeat(INDENT), words);
}

/// A paragraph; lines after the first are indented.
pub(crate) fn hanging(text: &mut String, words: &str) {
    indented(text, 0, words);
}

/// An indented [`hanging`] paragraph.
pub(crate) fn indented(text: &mut String, columns: usize, words: &str) {
    fill(text, &" ".repeat(columns), &" ".repeat(columns + 2), words);
}

/// A title with items; nothing without items.
pub(crate) fn titled(text: &mut String, title: &str, items: &[String]) {
    if !items.is_empty() {
        let _ = writeln!(text, "\n{}", Style::new().cyan().apply_to(title));
        items.iter().for_each(|item| indented(text, 2, item));
    }
}

/// Wraps words after a head; `next` is the head of further lines. A no-break space keeps its words on one line.
pub(crate) fn fill(text: &mut String, head: &str, next: &str, words: &str) {
    fill_to(WIDTH, text, head, next, words);
}

/// [`fill`] for lines of `width` columns. A word alone can be wider.
pub(crate) fn fill_to(width: usize, text: &mut String, head: &str, next: &str, words: &str) {
    let mut line = head.to_owned();
    let mut empty = true;
    for word in words.split_ascii_whitespace() {
        if !empty && console::measure_text_width(&line) + 1 + console::measure_text_width(word) > width {
            let _ = writeln!(text, "{line}");
            line = next.to_owned();
            empty = true;
        }
        if !empty {
            line.push(' ');
        }
        line.push_str(&word.replace('\u{a0}', " "));
        empty = false;
    }
    let _ = writeln!(text, "{}", line.trim_end());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn further_lines_are_indented() {
        let (mut text, mut names) = (String::new(), String::new());
        hanging(&mut text, &"word ".repeat(20));
        labelled(&mut text, "observed", &"word ".repeat(20));
        labelled(&mut text, "12 registers", &["ERA"; 20].join(", "));
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines.iter().all(|line| line.len() <= WIDTH), "{text}");
        assert!(lines[1].starts_with("  word") && lines[3].starts_with("              word"), "{text}");
        labelled(&mut names, "22 registers", &["CSR\u{a0}0x9"; 22].join(", "));
        assert!(names.lines().all(|line| line.ends_with(['9', ','])), "{names}");
        assert!(lines[4].starts_with("  12 registers: ERA, ERA,") && text.ends_with(" ERA\n"), "{text}");
    }
}
