// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Words in lines that every terminal can show.

use std::fmt::Write as _;

/// Columns of a terminal that everybody has.
pub(crate) const WIDTH: usize = 80;
/// Column in which text begins behind a label.
const INDENT: usize = 14;

/// Text under a label.
pub(crate) fn labelled(text: &mut String, label: &str, words: &str) {
    let words = words.split_whitespace().map(str::to_owned);
    fill(text, &head(label), INDENT, words);
}

/// Items under a label, with commas between them.
pub(crate) fn list(text: &mut String, label: &str, items: &[&str]) {
    fill(text, &head(label), INDENT, enumerated(items).into_iter());
}

/// A paragraph whose further lines are a little indented.
pub(crate) fn hanging(text: &mut String, words: &str) {
    fill(text, "", 2, words.split_whitespace().map(str::to_owned));
}

/// Items in one line, with commas between them.
pub(super) fn joined(items: &[&str]) -> String {
    enumerated(items).join(" ")
}

fn head(label: &str) -> String {
    let mut head = format!("  {:<width$}", format!("{label}:"), width = INDENT - 2);
    if head.ends_with(':') {
        head.push(' ');
    }
    head
}

/// The items, each but the last with a comma.
pub(crate) fn enumerated(items: &[&str]) -> Vec<String> {
    let last = items.len().saturating_sub(1);
    let with_comma =
        |(position, item): (usize, &&str)| if position == last { (*item).to_owned() } else { format!("{item},") };
    items.iter().enumerate().map(with_comma).collect()
}

/// Words after a head, broken before the last column.
pub(crate) fn fill(text: &mut String, head: &str, indent: usize, words: impl Iterator<Item = String>) {
    let mut line = head.to_owned();
    let mut empty = true;
    for word in words {
        if !empty && console::measure_text_width(&line) + 1 + console::measure_text_width(&word) > WIDTH {
            let _ = writeln!(text, "{line}");
            line = " ".repeat(indent);
            empty = true;
        }
        if !empty {
            line.push(' ');
        }
        line.push_str(&word);
        empty = false;
    }
    let _ = writeln!(text, "{}", line.trim_end());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn further_lines_are_indented() {
        let mut text = String::new();
        hanging(&mut text, &"word ".repeat(20));
        labelled(&mut text, "observed", &"word ".repeat(20));
        list(&mut text, "12 registers", &["ERA"; 20]);
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines.iter().all(|line| line.len() <= WIDTH), "{text}");
        assert!(lines[1].starts_with("  word") && lines[3].starts_with("              word"), "{text}");
        assert!(lines[4].starts_with("  12 registers: ERA, ERA,") && text.ends_with(" ERA\n"), "{text}");
    }
}
