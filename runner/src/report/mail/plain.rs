// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Blocks as lines of a mail.

use std::fmt::Write as _;

use super::block::{Block, Item};
use crate::report::paragraph::fill_to;

/// What mailing lists ask for: room for `> ` in replies.
pub(super) const WIDTH: usize = 72;
/// Before the words of a command's further lines.
const FURTHER: &str = "       ";
/// Behind each line of a command but its last.
const CONTINUED: &str = " \\";

pub(super) fn laid_out(blocks: &[Block]) -> String {
    let mut text = String::new();
    for block in blocks {
        if !text.is_empty() {
            text.push('\n');
        }
        match block {
            Block::Title(words) | Block::Paragraph(words) => fill_to(WIDTH, &mut text, "", "  ", words),
            Block::Heading(words) => fill_to(WIDTH, &mut text, "", "  ", &format!("{words}:")),
            Block::List(items) => items.iter().for_each(|item| listed(&mut text, item)),
            Block::Command(words) => command(&mut text, words),
            Block::Tag(line) => {
                let _ = writeln!(text, "{line}");
            }
        }
    }
    text
}

fn listed(text: &mut String, item: &Item) {
    fill_to(WIDTH, text, "- ", "  ", &item.words);
    item.below.iter().for_each(|words| fill_to(WIDTH, text, "  - ", "    ", words));
}

/// A command in lines that a shell joins. An option and its value share a line if they fit.
fn command(text: &mut String, words: &[String]) {
    let mut line = String::from("   ");
    for (number, word) in words.iter().enumerate() {
        let fits = |columns: usize| columns + CONTINUED.len() <= WIDTH;
        let value = words.get(number + 1).filter(|_| word.starts_with("--")).map_or(0, |value| 1 + value.len());
        let alone = line.len() + 1 + word.len();
        let fits_next = fits(FURTHER.len() + 1 + word.len() + value);
        if number > 0 && (!fits(alone) || !fits(alone + value) && fits_next) {
            let _ = writeln!(text, "{line}{CONTINUED}");
            line = FURTHER.to_owned();
        }
        line.push(' ');
        line.push_str(word);
    }
    let _ = writeln!(text, "{line}");
}
