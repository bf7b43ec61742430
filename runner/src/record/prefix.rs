// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Prefixes of log lines: kernel levels and times, other loggers' times and
//! names, `# ` of kselftest's runner, indentation.

/// The line without the prefix, which stood before a document's first line; none if
/// it is not part of the document.
pub(crate) fn strip<'l>(prefix: &str, line: &'l str) -> Option<&'l str> {
    let (after, before) = (without_printk(line), without_printk(prefix));
    // The kernel's log and a program's output are separate documents on one console.
    if after.is_some() == before.is_some() {
        // The width of the kernel's time grows.
        if let Some(rest) = after.unwrap_or(line).strip_prefix(before.unwrap_or(prefix)) {
            return Some(rest);
        }
    }
    if prefix.trim().is_empty() {
        return None;
    }
    let mut rest = line.chars();
    for expected in prefix.chars() {
        if class(rest.next()?) != class(expected) {
            return None;
        }
    }
    Some(rest.as_str())
}

/// Whether two documents have the same prefix, except times.
pub(crate) fn is_same(one: &str, other: &str) -> bool {
    strip(one, other) == Some("")
}

/// Whether a document with the prefix `inner` is nested in one with the prefix
/// `outer`: KTAP indents nested documents, kselftest's runner puts `# ` before them.
pub(crate) fn is_nested(outer: &str, inner: &str) -> bool {
    let is_mark = |character| matches!(character, '#' | ' ' | '\t');
    strip(outer, inner).is_some_and(|rest| !rest.is_empty() && rest.chars().all(is_mark))
}

/// Characters of one class are equal, so that times and dates match.
fn class(character: char) -> char {
    match character {
        '0'..='9' | ' ' => '0',
        _ if character.is_alphabetic() => 'a',
        _ => character,
    }
}

/// The line without `<6>`, `[    1.234567] ` and `[    T1] `; none without level and
/// time.
fn without_printk(line: &str) -> Option<&str> {
    let after_level = level(line);
    let time = |inner: &str| inner.split_once('.').is_some_and(|(seconds, rest)| is_number(seconds) && is_number(rest));
    let Some(rest) = bracketed(after_level.unwrap_or(line), time) else {
        return after_level;
    };
    let caller = |inner: &str| inner.strip_prefix(['T', 'C']).is_some_and(is_number);
    Some(bracketed(rest, caller).unwrap_or(rest))
}

fn level(line: &str) -> Option<&str> {
    let (level, rest) = line.strip_prefix('<')?.split_once('>')?;
    is_number(level).then_some(rest)
}

fn bracketed(line: &str, fits: impl Fn(&str) -> bool) -> Option<&str> {
    let (inner, rest) = line.strip_prefix('[')?.split_once(']')?;
    fits(inner.trim_start()).then(|| rest.strip_prefix(' ').unwrap_or(rest))
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_times_and_levels_go() {
        assert_eq!(strip("[    9.999999] ", "[   10.000001] ok 1 a"), Some("ok 1 a"));
        assert_eq!(strip("[99999.9] ", "[100000.1] ok 1 a"), Some("ok 1 a"));
        assert_eq!(strip("<14>[ 1.5][    T1] ", "<6>[ 2.5][   C1] # x"), Some("# x"));
        assert_eq!(strip("[ 1.5] # ", "[ 2.5] # # x"), Some("# x"));
        assert_eq!(strip("[ 1.5] # ", "[ 2.5] ok 1 a"), None);
    }

    #[test]
    fn the_kernels_log_is_no_part_of_a_programs_output() {
        assert_eq!(strip("", "[    2.5] not ok 1 a"), None);
        assert_eq!(strip("", "<6>ok 1 a"), None);
        assert_eq!(strip("[ 1.5] ", "ok 1 a"), None);
    }

    #[test]
    fn nested_documents_are_indented_or_comments() {
        for (outer, inner) in
            [("", "# "), ("", "    "), ("# ", "# # "), ("[ 1.5] ", "[    2.5] \t"), ("10:00  ", "10:01  # ")]
        {
            assert!(is_nested(outer, inner) && !is_nested(inner, outer), "{outer}|{inner}");
        }
        for (outer, inner) in [("", ""), ("", "[ 1.5] "), ("", "10:00 "), ("# ", "    ")] {
            assert!(!is_nested(outer, inner), "{outer}|{inner}");
        }
    }

    #[test]
    fn other_loggers_keep_their_shape() {
        let first = "Nov 20 10:00:00 board kernel: ";
        assert_eq!(strip(first, "Dec  1 11:22:33 board kernel: ok 1 a"), Some("ok 1 a"));
        assert_eq!(strip(first, "ok 1 a"), None);
    }

    #[test]
    fn indentation_tells_documents_apart() {
        assert_eq!(strip("  ", "  ok 1 a"), Some("ok 1 a"));
        assert_eq!(strip("  ", "ok 1 a"), None);
        assert_eq!(strip("", "ok 1 a"), Some("ok 1 a"));
    }
}
