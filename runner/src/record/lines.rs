// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Reads lines of any file in bounded memory.

use std::io::{self, BufRead, Read as _};

/// Maximum line length in bytes: ten times the longest event.
pub(crate) const LONGEST: usize = 4 << 20;

/// One line.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Line {
    /// With its end of line, which the text lacks.
    Whole(String),
    /// Without its end of line: the file is truncated.
    Torn(String),
    /// Longer than [`LONGEST`].
    TooLong,
    End,
}

pub(crate) fn next(input: &mut dyn BufRead) -> io::Result<Line> {
    let mut bytes = Vec::new();
    input.take(LONGEST as u64 + 1).read_until(b'\n', &mut bytes)?;
    if bytes.is_empty() {
        return Ok(Line::End);
    }
    let whole = bytes.last() == Some(&b'\n');
    if !whole && bytes.len() > LONGEST {
        return Ok(Line::TooLong);
    }
    let text = String::from_utf8_lossy(&bytes);
    let text = text.trim_matches(|character| matches!(character, '\n' | '\r' | '\0' | '\u{feff}')).to_owned();
    Ok(if whole { Line::Whole(text) } else { Line::Torn(text) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(bytes: &[u8]) -> Vec<Line> {
        let mut input = bytes;
        let mut lines = Vec::new();
        loop {
            match next(&mut input).unwrap() {
                Line::End => return lines,
                Line::TooLong => {
                    lines.push(Line::TooLong);
                    return lines;
                }
                line => lines.push(line),
            }
        }
    }

    #[test]
    fn a_line_without_its_end_is_torn() {
        let whole = |text: &str| Line::Whole(text.to_owned());
        assert_eq!(lines(b"a\r\r\n\n\0b\n"), [whole("a"), whole(""), whole("b")]);
        assert_eq!(lines(b"a\nb"), [whole("a"), Line::Torn("b".to_owned())]);
        assert_eq!(lines(b"\xff\n"), [whole("\u{fffd}")]);
        assert_eq!(lines(b""), []);
    }

    #[test]
    fn a_line_has_a_longest_length() {
        assert_eq!(lines(&vec![b'x'; LONGEST + 1]), [Line::TooLong]);
        assert_eq!(lines(&vec![b'x'; LONGEST]).len(), 1);
    }
}
