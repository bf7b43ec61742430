// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Control characters in foreign text: from kernels, boards, logs and files. They
//! would command a terminal, or let a field begin a line of its own.

use serde_json::Value;

/// Text on one line, without control characters.
pub fn plain(text: &str) -> String {
    text.chars().map(|character| if breaks(character) { ' ' } else { character }).collect()
}

/// Lines for a terminal. Colours stay, control characters go; so that no text begins a
/// line of a message, `indents` shifts all lines but the first, the remedy in brackets
/// and those that are indented already.
pub fn shown(text: &str, indents: bool) -> String {
    let mut shown = String::with_capacity(text.len());
    for (number, part) in text.split('\u{1b}').enumerate() {
        let colour = part.strip_prefix('[').and_then(|rest| rest.split_once('m')).filter(|(parameters, _)| {
            number > 0 && parameters.bytes().all(|byte| byte.is_ascii_digit() || byte == b';')
        });
        let rest = colour.map_or(part, |(_, rest)| rest);
        if let Some((parameters, _)) = colour.filter(|_| !indents) {
            shown.push_str(&format!("\u{1b}[{parameters}m"));
        }
        shown.extend(rest.chars().filter(|character| !breaks(*character) || matches!(character, '\n' | '\t')));
    }
    if !indents {
        return shown;
    }
    let is_own = |line: &str| line.is_empty() || line.starts_with([' ', '\t', '[']);
    let lines = shown.split('\n').enumerate();
    let lines =
        lines.map(|(number, line)| if number == 0 || is_own(line) { line.into() } else { format!("    {line}") });
    lines.collect::<Vec<_>>().join("\n")
}

/// JSON with its control characters escaped. serde_json escapes those of ASCII only,
/// but terminals obey U+0080 to U+009F too.
pub fn escaped(json: &str) -> String {
    let mut escaped = String::with_capacity(json.len());
    for character in json.chars() {
        if breaks(character) && !matches!(character, '\n' | '\t') {
            escaped.push_str(&format!("\\u{:04x}", u32::from(character)));
        } else {
            escaped.push(character);
        }
    }
    escaped
}

/// Replaces control characters in all strings of a value; a `reason` keeps its lines.
/// Whether anything was replaced.
pub(super) fn replace(value: &mut Value, keeps_lines: bool) -> bool {
    match value {
        Value::String(text) => {
            let bad = |character: char| breaks(character) && !(keeps_lines && character == '\n');
            let is_bad = text.contains(bad);
            if is_bad {
                *text = text.chars().map(|character| if bad(character) { ' ' } else { character }).collect();
            }
            is_bad
        }
        Value::Array(values) => values.iter_mut().fold(false, |found, value| replace(value, false) | found),
        Value::Object(fields) => {
            fields.iter_mut().fold(false, |found, (name, value)| replace(value, name == "reason") | found)
        }
        _ => false,
    }
}

/// Control characters, and the other line ends of Unicode.
fn breaks(character: char) -> bool {
    character.is_control() || matches!(character, '\u{2028}' | '\u{2029}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_commands_no_terminal() {
        assert_eq!(shown("a\u{1b}[2Jb\u{7}\r\n\tc\u{9b}31m\u{1b}[1;31md", false), "a[2Jb\n\tc31m\u{1b}[1;31md");
        assert_eq!(shown("a\u{1b}[1mb\nreglist: passed\n  x\n[do y]", true), "ab\n    reglist: passed\n  x\n[do y]");
    }

    #[test]
    fn json_commands_no_terminal() {
        let value = serde_json::json!({"a": "\u{1b}[2J\u{9b}31m\u{7f}\r\n\u{2028}"});
        let text = escaped(&serde_json::to_string_pretty(&value).unwrap());
        assert!(!text.contains(|c| breaks(c) && c != '\n') && text.lines().count() == 3, "{text:?}");
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
    }
}
