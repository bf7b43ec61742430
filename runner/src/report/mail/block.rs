// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The parts of a report to paste, in a form's own text but not yet in lines.

#[derive(Debug)]
pub(super) enum Block {
    Title(String),
    Heading(String),
    Paragraph(String),
    List(Vec<Item>),
    /// The words of a command, quoted for a shell.
    Command(Vec<String>),
    /// A line that stays one line, for other programs.
    Tag(String),
}

#[derive(Debug)]
pub(super) struct Item {
    pub(super) words: String,
    pub(super) below: Vec<String>,
}

impl Item {
    pub(super) fn new(words: String) -> Self {
        Self { words, below: Vec::new() }
    }
}

/// A list below its heading; nothing without items.
pub(super) fn headed(heading: String, items: Vec<Item>) -> Vec<Block> {
    if items.is_empty() { Vec::new() } else { vec![Block::Heading(heading), Block::List(items)] }
}
