// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The examples of a page: patches to the project, and commands with what they
//! print.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use pulldown_cmark::{CodeBlockKind, Event, Parser, Tag, TagEnd};

/// The word that marks a block as a part of an example.
const MARK: &str = "example";
/// The folder of a page's patches, beside the page.
const FOLDER: &str = "examples";

/// The project's folder.
pub(crate) fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// What a page has to be carried out.
#[derive(Debug)]
pub(crate) struct Page {
    /// The page, below the project's folder.
    pub(crate) file: String,
    /// The patches that the page links, below the project's folder and sorted.
    pub(crate) patches: BTreeSet<PathBuf>,
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
    /// Reads a page below the project's folder, which links every patch in its
    /// folder of examples and no other.
    pub(crate) fn read(file: &str) -> Self {
        let text = fs::read_to_string(project().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
        let page = Self::of(file, &text);
        let folder = Path::new(file).with_file_name(FOLDER);
        let names = fs::read_dir(project().join(&folder)).into_iter().flatten();
        let there: BTreeSet<PathBuf> = names.map(|entry| folder.join(entry.unwrap().file_name())).collect();
        for patch in &there {
            assert!(page.patches.contains(patch), "{file} does not link {}", patch.display());
        }
        for patch in &page.patches {
            assert!(there.contains(patch), "{file} links {}, which does not exist", patch.display());
        }
        page
    }

    /// A page with its text.
    fn of(file: &str, text: &str) -> Self {
        let mut page = Self { file: file.to_owned(), patches: BTreeSet::new(), commands: Vec::new() };
        let mut open: Option<Block> = None;
        for (event, range) in Parser::new(text).into_offset_iter() {
            match (event, &mut open) {
                (Event::Start(Tag::Link { dest_url, .. }), _)
                    if Path::new(&*dest_url).parent() == Some(Path::new(FOLDER)) =>
                {
                    page.patches.insert(Path::new(file).with_file_name(&*dest_url));
                }
                (Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(words))), _) => {
                    let line = text[..range.start].matches('\n').count() + 1;
                    let block = Block { place: format!("{file}:{line}"), text: String::new() };
                    open = kind(&words).map(|kind| {
                        assert!(kind == "console", "{}: an example is a console, not `{kind}`", block.place);
                        block
                    });
                }
                (Event::Text(part), Some(block)) => block.text.push_str(&part),
                (Event::End(TagEnd::CodeBlock), _) => page.commands.extend(open.take()),
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
fn only_marked_blocks_and_linked_patches_belong_to_examples() {
    let page = Page::of(
        "a/b.md",
        "[x](examples/x.patch), [w](../examples/w.patch)\n\n```console\n$ rm -r /\n```\n\n- [y](examples/y.patch)\n\n  \
         ```console example\n  $ true\n  ```\n",
    );
    assert!(page.patches.iter().eq([Path::new("a/examples/x.patch"), Path::new("a/examples/y.patch")]));
    let blocks: Vec<_> = page.commands.iter().map(|block| (&*block.place, &*block.text)).collect();
    assert_eq!(blocks, [("a/b.md:9", "$ true\n")]);
}
