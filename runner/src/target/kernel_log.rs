// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Finds crashes and warnings in a kernel log or on a console.

use std::collections::VecDeque;
use std::io::{BufRead, Read as _};

/// Lines of a log in an error message.
const TAIL: usize = 20;
/// Longer lines of a console are cut into several, to limit memory.
const LONGEST: u64 = 1 << 16;
/// Signs of a kernel crash.
const CRASHES: [&str; 4] = ["Kernel panic", "Oops", "BUG:", "Unable to handle kernel"];

/// A line of the kernel log without its time.
pub(super) fn message(line: &str) -> &str {
    let line = line.trim();
    line.strip_prefix('[').and_then(|rest| rest.split_once("] ")).map_or(line, |(_, message)| message)
}

pub(super) fn is_crash(line: &str) -> bool {
    CRASHES.iter().any(|sign| line.contains(sign))
}

/// Whether a line reports a crash or a warning.
pub(super) fn is_trouble(line: &str) -> bool {
    is_crash(line) || line.contains("WARNING: ")
}

/// The relevant lines of a console of any size: from the first sign of a crash on, else
/// the last ones.
pub(super) fn excerpt(mut console: impl BufRead) -> Vec<String> {
    let mut lines = VecDeque::new();
    // Lines to come after a crash.
    let mut left = None;
    let mut bytes = Vec::new();
    while left != Some(0) && console.by_ref().take(LONGEST).read_until(b'\n', &mut bytes).is_ok_and(|read| read > 0) {
        let line = String::from_utf8_lossy(&bytes).replace(['\r', '\n'], "");
        bytes.clear();
        if line.trim().is_empty() {
            continue;
        }
        left = match left {
            Some(more) => Some(more - 1),
            None => is_crash(&line).then_some(TAIL - 1),
        };
        lines.push_back(line);
        if lines.len() > TAIL {
            lines.pop_front();
        }
    }
    lines.into()
}

#[cfg(test)]
mod tests {
    use std::io::{self, BufReader};

    use super::*;

    #[test]
    fn a_crash_is_shown_from_its_first_line() {
        let before = "boot\n".repeat(50);
        let trace = "[<900000>] f+0x1\n".repeat(50);
        let shown = excerpt(format!("{before}Kernel panic - not syncing: x\r\n{trace}").as_bytes());
        assert_eq!(shown.len(), TAIL);
        assert_eq!(shown[0], "Kernel panic - not syncing: x");
    }

    #[test]
    fn a_crash_at_the_end_has_the_lines_before() {
        let text: String = (0..50).map(|number| format!("{number}\n")).collect();
        let shown = excerpt(format!("{text}Oops[#1]:\n50").as_bytes());
        assert_eq!((shown.len(), shown[0].as_str(), shown[18].as_str()), (TAIL, "32", "Oops[#1]:"));
    }

    #[test]
    fn a_console_may_have_any_size() {
        let flood = BufReader::new(io::repeat(b'x').take(1 << 23));
        let shown = excerpt(flood);
        assert_eq!((shown.len(), shown[0].len() as u64), (TAIL, LONGEST));
    }

    #[test]
    fn without_a_crash_the_last_lines_are_shown() {
        let text: String = (0..50).map(|number| format!("{number}\n\n")).collect();
        let shown = excerpt(text.as_bytes());
        assert_eq!((shown.len(), shown[TAIL - 1].as_str()), (TAIL, "49"));
        assert_eq!(excerpt(&b""[..]), Vec::<String>::new());
    }
}
