// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Descriptions as text.

use std::fmt::Write as _;

use console::Style;
use reglist_suite::report::describe::{Content, Description, Entry, Part};

use super::overview::Overview;
use crate::report::paragraph::fill;

/// Column of the text after a label.
const INDENT: usize = 18;
const BEFORE_ENTRY: usize = 4;

pub(super) fn text(descriptions: &[Description], verbose: bool) -> String {
    let mut text = String::new();
    for (position, description) in descriptions.iter().enumerate() {
        if position > 0 {
            text.push('\n');
        }
        let name = Style::new().bold().apply_to(&description.name);
        let _ = writeln!(text, "{} {name}", description.kind);
        words(&mut text, "  ", 2, &description.summary);
        text.push('\n');
        parts(&mut text, description.parts.iter().filter(|part| verbose || !part.detail));
    }
    if !verbose && descriptions.iter().any(|description| description.parts.iter().any(|part| part.detail)) {
        text.push_str("\n-v prints more.\n");
    }
    text
}

pub(super) fn overview(overview: &Overview) -> String {
    let mut text = format!("reglist show NAME... explains a thing; names of series {}:\n\n", overview.series);
    parts(&mut text, overview.parts.iter());
    text
}

fn parts<'p>(text: &mut String, parts: impl Iterator<Item = &'p Part>) {
    for part in parts {
        let head = format!("  {:<width$}", format!("{}:", part.label), width = INDENT - 2);
        match &part.content {
            Content::Text(sentences) => words(text, &head, INDENT, sentences),
            Content::Items(items) => words(text, &head, INDENT, &items.join(", ")),
            Content::Entries(several) => {
                let _ = writeln!(text, "{}", head.trim_end());
                entries(text, several);
            }
        }
    }
}

fn entries(text: &mut String, entries: &[Entry]) {
    let width = entries.iter().map(|entry| entry.name.chars().count()).max().unwrap_or_default();
    for Entry { name, text: sentences } in entries {
        let head = format!("{}{name:<width$}  ", " ".repeat(BEFORE_ENTRY));
        words(text, &head, BEFORE_ENTRY + width + 2, sentences);
    }
}

fn words(text: &mut String, head: &str, indent: usize, words: &str) {
    fill(text, head, &" ".repeat(indent), words);
}
