// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The changes between two texts of a file, as the lines of a diff.

use std::time::{Duration, Instant};

use reglist_suite::report::coverage::{Blocks, Change, Hunk, Line};
use similar::{Algorithm, ChangeTag, capture_diff_slices_deadline, group_diff_ops};

/// Unchanged lines before and after a change.
const CONTEXT: usize = 3;
/// Longest time for the shortest diff; after it, a longer one is taken.
const LIMIT: Duration = Duration::from_secs(2);
const TAB: usize = 8;

/// The changes with their surroundings; no line has blocks yet.
pub(super) fn hunks(old: &str, new: &str) -> Vec<Hunk> {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let functions = functions(&new);
    let operations = capture_diff_slices_deadline(Algorithm::Myers, &old, &new, Some(Instant::now() + LIMIT));
    let hunk = |operations: Vec<similar::DiffOp>| {
        let changes = operations.iter().flat_map(|operation| operation.iter_changes(&old, &new));
        let lines = changes.map(|change| {
            let index = change.new_index().or(change.old_index()).unwrap_or_default();
            let function = change.new_index().and_then(|index| functions.get(index)).copied().unwrap_or_default();
            Line {
                change: match change.tag() {
                    ChangeTag::Equal => Change::Same,
                    ChangeTag::Insert => Change::Added,
                    ChangeTag::Delete => Change::Removed,
                },
                number: u32::try_from(index + 1).unwrap_or(u32::MAX),
                text: expanded(change.value()),
                function: function.to_owned(),
                blocks: Blocks::default(),
            }
        });
        Hunk { lines: lines.collect() }
    };
    group_diff_ops(operations, CONTEXT).into_iter().map(hunk).collect()
}

/// The text with spaces in place of tabs, for people.
fn expanded(text: &str) -> String {
    let mut expanded = String::new();
    let mut width = 0;
    for character in text.chars() {
        let cells = if character == '\t' { TAB - width % TAB } else { 1 };
        width += cells;
        match character {
            '\t' => expanded.extend(std::iter::repeat_n(' ', cells)),
            character => expanded.push(character),
        }
    }
    expanded
}

/// The function that each line is part of, by the form of C in the kernel: a name and
/// `(` in a line that is not indented, up to a `}` that is not.
fn functions<'t>(lines: &[&'t str]) -> Vec<&'t str> {
    let mut current = "";
    let mut functions = Vec::new();
    for line in lines {
        if let Some(name) = heading(line) {
            current = name;
        }
        functions.push(current);
        if line.starts_with('}') {
            current = "";
        }
    }
    functions
}

/// The function that begins in this line.
fn heading(line: &str) -> Option<&str> {
    let is_word = |character: char| character.is_ascii_alphanumeric() || character == '_';
    if !line.starts_with(is_word) || line.trim_end().ends_with([';', ':']) {
        return None;
    }
    let (before, _) = line.split_once('(')?;
    let name = before.rsplit(|character| !is_word(character)).next()?;
    (!name.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_numbered_and_names_its_function() {
        let old =
            "int one(void)\n{\n\treturn 1;\n}\n\nstatic int two(int a,\n\t\tint b)\n{\n\tgone();\n\treturn a;\n}\n";
        let new = old.replace("\tgone();\n", "\tif (a)\n\t\treturn b;\n") + "int x;\n";
        let hunks = hunks(old, &new);
        let changed: Vec<_> = hunks
            .iter()
            .flat_map(|hunk| &hunk.lines)
            .filter(|line| line.change != Change::Same)
            .map(|line| (line.change, line.number, line.text.as_str(), line.function.as_str()))
            .collect();
        assert_eq!(
            changed,
            [
                (Change::Removed, 9, "        gone();", ""),
                (Change::Added, 9, "        if (a)", "two"),
                (Change::Added, 10, "                return b;", "two"),
                (Change::Added, 13, "int x;", ""),
            ]
        );
        assert!(hunks.iter().flat_map(|hunk| &hunk.lines).all(|line| line.text != "int one(void)"));
    }

    #[test]
    fn labels_calls_and_macros_begin_no_function() {
        for line in ["out:", "\tfoo(a);", "#define X(a) \\", "foo(a);", "struct x {", "out_free(x):"] {
            assert_eq!(heading(line), None, "{line}");
        }
        assert_eq!(heading("static __always_inline u64 *kvm_x(struct kvm *kvm)"), Some("kvm_x"));
        assert_eq!(heading("long kvm_y(void)"), Some("kvm_y"));
    }
}
