// SPDX-License-Identifier: Apache-2.0 OR MIT
//! What somebody types, and what the commands are to print.

/// Stands for any lines, also none.
const ANY: &str = "...";

/// A command with its output.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Command<'a> {
    /// What is typed; a line that ends with a backslash goes on in the next.
    pub(crate) typed: String,
    /// What is printed.
    pub(crate) printed: Vec<&'a str>,
}

/// The commands of a block.
pub(crate) fn commands(text: &str) -> Vec<Command<'_>> {
    let mut commands: Vec<Command<'_>> = Vec::new();
    for line in text.lines() {
        let goes_on = commands.last().is_some_and(|command| command.typed.ends_with('\\'));
        match (line.strip_prefix("$ "), commands.last_mut()) {
            (_, Some(command)) if goes_on => {
                command.typed.push('\n');
                command.typed.push_str(line);
            }
            (Some(typed), _) => commands.push(Command { typed: typed.to_owned(), printed: Vec::new() }),
            (None, Some(command)) => command.printed.push(line),
            (None, None) => panic!("`{line}` is printed by no command"),
        }
    }
    commands
}

/// Whether the lines are those that are expected.
pub(crate) fn fits(expected: &[&str], printed: &[&str]) -> bool {
    match (expected.split_first(), printed.split_first()) {
        (None, _) => printed.is_empty(),
        (Some((&ANY, rest)), _) => {
            (0..=printed.len()).any(|skipped| fits(rest, printed.get(skipped..).unwrap_or_default()))
        }
        (Some((line, rest)), Some((other, others))) => line.trim_end() == other.trim_end() && fits(rest, others),
        (Some(_), None) => false,
    }
}

#[test]
fn commands_go_on_behind_a_backslash() {
    let command =
        |typed: &str, printed: &[&'static str]| Command { typed: typed.to_owned(), printed: printed.to_vec() };
    let text = "$ a \\\n  b\none\n\ntwo\n$ c\n";
    assert_eq!(commands(text), [command("a \\\n  b", &["one", "", "two"]), command("c", &[])]);
}

#[test]
fn dots_stand_for_any_lines() {
    for (expected, printed, fit) in [
        (&["a", "...", "c"][..], &["a", "c"][..], true),
        (&["a", "...", "c"], &["a", "b", "b", "c"], true),
        (&["..."], &[], true),
        (&["a", "...", "c"], &["a", "c", "d"], false),
        (&["a "], &["a"], true),
        (&[], &["a"], false),
        (&["a"], &[], false),
    ] {
        assert_eq!(fits(expected, printed), fit, "{expected:?} {printed:?}");
    }
}
