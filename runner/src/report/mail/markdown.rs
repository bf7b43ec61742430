// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Blocks as Markdown. Paragraphs have no line breaks, because GitHub keeps every break.

use std::fmt::Write as _;

use super::block::{Block, Item};

pub(super) fn laid_out(blocks: &[Block]) -> String {
    let mut text = String::new();
    for block in blocks {
        if !text.is_empty() {
            text.push('\n');
        }
        let _ = match block {
            Block::Title(words) => writeln!(text, "## {words}"),
            Block::Heading(words) => writeln!(text, "### {words}"),
            Block::Paragraph(words) => writeln!(text, "{words}"),
            Block::List(items) => items.iter().try_for_each(|item| listed(&mut text, item)),
            // A line of code begins with own words, so it cannot end the code.
            Block::Command(words) => writeln!(text, "```sh\n{}\n```", words.join(" ")),
            Block::Tag(line) => writeln!(text, "```\n{line}\n```"),
        };
    }
    text
}

fn listed(text: &mut String, item: &Item) -> std::fmt::Result {
    writeln!(text, "- {}", item.words)?;
    item.below.iter().try_for_each(|words| writeln!(text, "  - {words}"))
}
