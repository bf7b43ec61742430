// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Finds crashes and warnings in a kernel log or on a console.

/// Lines of a log in an error message.
const TAIL: usize = 20;
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

/// The relevant lines of a console: from the first sign of a crash on, else the
/// last ones.
pub(super) fn excerpt(text: &str) -> Vec<String> {
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    let crash = lines.iter().position(|line| is_crash(line));
    let last = lines.len().saturating_sub(TAIL);
    let from = crash.map_or(last, |crash| crash.min(last));
    lines.iter().skip(from).take(TAIL).map(|line| (*line).to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crash_is_shown_from_its_first_line() {
        let before = "boot\n".repeat(50);
        let trace = "[<900000>] f+0x1\n".repeat(50);
        let shown = excerpt(&format!("{before}Kernel panic - not syncing: x\n{trace}"));
        assert_eq!(shown.len(), TAIL);
        assert_eq!(shown[0], "Kernel panic - not syncing: x");
    }

    #[test]
    fn without_a_crash_the_last_lines_are_shown() {
        let text: String = (0..50).map(|number| format!("{number}\n\n")).collect();
        let shown = excerpt(&text);
        assert_eq!((shown.len(), shown[TAIL - 1].as_str()), (TAIL, "49"));
        assert_eq!(excerpt(""), Vec::<String>::new());
    }
}
