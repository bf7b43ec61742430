// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Prefixes of log lines: kernel levels and times, other loggers' times and
//! names, `# ` of kselftest's runner, indentation.

/// The line without the prefix, which stood before a document's first line; none if
/// it is not part of the document.
pub(crate) fn strip<'l>(prefix: &str, line: &'l str) -> Option<&'l str> {
    // The width of the kernel's time grows.
    if let Some(rest) = without_printk(line).strip_prefix(without_printk(prefix)) {
        return Some(rest);
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

/// Characters of one class are equal, so that times and dates match.
fn class(character: char) -> char {
    match character {
        '0'..='9' | ' ' => '0',
        _ if character.is_alphabetic() => 'a',
        _ => character,
    }
}

/// The line without `<6>`, `[    1.234567] ` and `[    T1] `.
fn without_printk(line: &str) -> &str {
    let line = level(line).unwrap_or(line);
    let Some(rest) = bracketed(line, |inner| {
        inner.split_once('.').is_some_and(|(seconds, rest)| is_number(seconds) && is_number(rest))
    }) else {
        return line;
    };
    let caller = |inner: &str| inner.strip_prefix(['T', 'C']).is_some_and(is_number);
    bracketed(rest, caller).unwrap_or(rest)
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
