// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The examples of a page: changes to the project, and commands with what they
//! print.

use std::fs;
use std::path::{Path, PathBuf};

use pulldown_cmark::{CodeBlockKind, Event, Parser, Tag, TagEnd};

/// The word that marks a block as a part of an example.
const MARK: &str = "example";

/// The project's folder.
pub(crate) fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// What a page has to be carried out.
#[derive(Debug)]
pub(crate) struct Page {
    /// The page, below the project's folder.
    pub(crate) file: String,
    /// Changes to the project, in the page's order.
    pub(crate) changes: Vec<Block>,
    /// What is typed, in the page's order.
    pub(crate) commands: Vec<Block>,
}

/// A block of a page.
#[derive(Debug)]
pub(crate) struct Block {
    /// Page and line, for messages.
    pub(crate) place: String,
    /// What it says.
    pub(crate) text: String,
}

impl Page {
    /// Reads a page below the project's folder.
    pub(crate) fn read(file: &str) -> Self {
        let text = fs::read_to_string(project().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
        Self::of(file, &text)
    }

    /// A page with its text.
    pub(crate) fn of(file: &str, text: &str) -> Self {
        let mut page = Self { file: file.to_owned(), changes: Vec::new(), commands: Vec::new() };
        let mut open: Option<(String, Block)> = None;
        for (event, range) in Parser::new(text).into_offset_iter() {
            match (event, &mut open) {
                (Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(words))), _) => {
                    let line = text[..range.start].matches('\n').count() + 1;
                    let block = Block { place: format!("{file}:{line}"), text: String::new() };
                    open = kind(&words).map(|kind| (kind.to_owned(), block));
                }
                (Event::Text(part), Some((_, block))) => block.text.push_str(&part),
                (Event::End(TagEnd::CodeBlock), _) => match open.take() {
                    Some((kind, block)) if kind == "diff" => page.changes.push(block),
                    Some((kind, block)) if kind == "console" => page.commands.push(block),
                    Some((kind, block)) => panic!("{}: `{kind}` is neither a diff nor a console", block.place),
                    None => {}
                },
                _ => {}
            }
        }
        page
    }
}

/// The kind of a block that is a part of an example.
fn kind(words: &str) -> Option<&str> {
    let mut words = words.split_whitespace();
    let kind = words.next()?;
    words.any(|word| word == MARK).then_some(kind)
}

#[test]
fn only_marked_blocks_belong_to_examples() {
    let page = Page::of(
        "a.md",
        "text\n\n```diff example\n+a\n+b\n```\n\n```console\n$ rm -r /\n```\n\n- x\n\n  ```console example\n  $ true\n  ```\n",
    );
    let places: Vec<_> = page.changes.iter().chain(&page.commands).map(|block| &*block.place).collect();
    assert_eq!(places, ["a.md:3", "a.md:14"]);
    assert_eq!((&*page.changes[0].text, &*page.commands[0].text), ("+a\n+b\n", "$ true\n"));
}
