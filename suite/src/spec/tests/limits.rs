// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Files that would need much time or memory are refused.

use std::fmt::Write as _;
use std::fs;
use std::time::{Duration, Instant};

use nix::sys::stat::Mode;
use nix::unistd::mkfifo;

use super::{BASE, CLAUSES, GROUPS, REGISTERS, Tree, neutral};
use crate::spec::SpecError;

/// The refusal of a tree, in time.
fn refusal(tree: &Tree) -> SpecError {
    let start = Instant::now();
    let error = tree.load("v5").expect_err("the tree is broken");
    assert!(start.elapsed() < Duration::from_secs(30), "took {:?}", start.elapsed());
    error
}

fn message(tree: &Tree) -> String {
    neutral(&refusal(tree), tree.0.path())
}

#[test]
fn a_file_has_a_largest_size() {
    let tree = Tree::new();
    tree.write(CLAUSES, "# ".to_owned() + &"x".repeat(1 << 20));
    insta::assert_snapshot!(message(&tree), @"
    DIR/clauses.yaml:LINE: larger than 1 MiB
    [specs/README.md lists the files of a specification directory]
    ");
}

#[test]
fn only_regular_files_are_read() {
    let tree = Tree::new();
    fs::remove_file(tree.path(BASE)).unwrap();
    mkfifo(&tree.path(BASE), Mode::S_IRWXU).unwrap();
    insta::assert_snapshot!(message(&tree), @"
    DIR/loongarch64/v5/base.yaml:LINE: cannot be read: not a regular file
    [specs/README.md lists the files of a specification directory]
    ");
}

#[test]
fn nested_brackets_are_limited() {
    let tree = Tree::new();
    tree.write(CLAUSES, format!("clauses: {}", "[".repeat(1 << 19)));
    insta::assert_snapshot!(message(&tree), @"
    DIR/clauses.yaml:LINE: more than 8192 brackets
    [write each key on a line of its own, without `{` and `[`]
    ");
}

#[test]
fn groups_are_limited() {
    let tree = Tree::new();
    let mut text = "list: [g0]\ngroups:\n".to_owned();
    (0..20_000).for_each(|number| writeln!(text, "  g{number}:\n    include:\n    - g{}", number + 1).unwrap());
    tree.write(GROUPS, text);
    insta::assert_snapshot!(message(&tree), @"
    DIR/loongarch64/v5/groups.yaml:LINE: key `groups`: more than 256 groups
    [list the registers in fewer groups]
    ");
}

#[test]
fn a_group_that_many_others_include_is_read_once() {
    let tree = Tree::new();
    let mut groups = "groups:\n  g0: {}\n".to_owned();
    (1..200).for_each(|number| writeln!(groups, "  g{number}: {{include: [g{0}, g{0}]}}", number - 1).unwrap());
    let text = tree.read(GROUPS).replace("groups:\n", &groups).replace("include: [timer]", "include: [g199, timer]");
    tree.write(GROUPS, text);
    let start = Instant::now();
    tree.load("v5").unwrap();
    assert!(start.elapsed() < Duration::from_secs(30), "took {:?}", start.elapsed());
}

#[test]
fn values_are_limited() {
    let tree = Tree::new();
    let many = format!("\n    values: [{}]\n", "0, ".repeat(65));
    let values = "\n    values: [0x5555555555555555, 0xaaaaaaaaaaaaaaaa]\n";
    tree.write(REGISTERS, tree.read(REGISTERS).replacen(values, &many, 1));
    insta::assert_snapshot!(message(&tree), @"
    DIR/loongarch64/registers.yaml:LINE: register `CRMD`: key `values`: more than 64 values
    [keep the values that differ most]
    ");
}

#[test]
fn many_clauses_are_compared_in_time() {
    let tree = Tree::new();
    let mut text = "clauses:\n".to_owned();
    for number in (0..8000).chain([7999]) {
        write!(text, "  - id: a.b{number}\n    level: must\n    demand: d\n    why: w\n    source: [API]\n").unwrap();
    }
    tree.write(CLAUSES, text);
    insta::assert_snapshot!(message(&tree), @"
    DIR/clauses.yaml:LINE: key `id`: `a.b7999` is a duplicate
    [remove one of the two]
    ");
}
