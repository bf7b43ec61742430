// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The worked examples in the project's pages: each is carried out on a copy of
//! the project, and shows what its page says it shows.
//!
//! A page links the patches in the folder `examples` beside it, all of them. A
//! `console` block that is marked with the word `example` contains
//! commands and their output; a line `...` matches any lines. The test applies the
//! patches of all pages to one copy, builds it once, and runs all commands, page by
//! page.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on fails; clippy knows only functions marked as tests"
)]

mod console;
mod page;
mod tree;

use page::Page;
use tree::Tree;

/// Pages whose examples need no more than the project.
const PAGES: [&str; 3] = ["specs/README.md", "suite/README.md", "runner/README.md"];
/// The page whose examples are of the project as it is, on the model.
const FIRST_PAGE: &str = "README.md";
/// Pages whose examples build and boot kernels.
const LAB_PAGES: [&str; 1] = ["ci/lab/variants/README.md"];

#[test]
fn the_first_page_shows_what_is_to_be_seen() {
    let page = Page::read(FIRST_PAGE);
    assert!(page.patches.is_empty() && !page.commands.is_empty());
    let place = tempfile::tempdir().unwrap();
    let tree = Tree::unchanged(place.path());
    page.commands.iter().for_each(|commands| tree.run(commands));
}

#[test]
fn the_worked_examples_do_what_their_pages_say() {
    let pages = PAGES.map(Page::read);
    for page in &pages {
        assert!(!page.patches.is_empty() && !page.commands.is_empty(), "{} has no example", page.file);
    }
    let tree = Tree::with(pages.iter().flat_map(|page| &page.patches));
    pages.iter().flat_map(|page| &page.commands).for_each(|commands| tree.run(commands));
}

#[test]
fn what_is_said_of_kernels_is_what_the_lab_finds() {
    if std::env::var_os("REGLIST_TEST_LAB").is_none() {
        eprintln!("skipped: it builds kernels; set REGLIST_TEST_LAB=1 to run it");
        return;
    }
    let tree = Tree::unchanged(&page::project());
    for page in LAB_PAGES.map(Page::read) {
        assert!(page.patches.is_empty() && !page.commands.is_empty(), "{}", page.file);
        page.commands.iter().for_each(|commands| tree.run(commands));
    }
}
