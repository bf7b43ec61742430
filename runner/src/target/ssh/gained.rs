// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Finds the part of a kernel log that is new since the start of a run.

use super::script::MARKER;

/// The lines of `after` that follow `before`, the earlier end of the log. None if
/// the log's ring buffer has overwritten `before`.
pub(super) fn gained<'a>(before: &[String], after: &'a str) -> Option<Vec<&'a str>> {
    let lines: Vec<&str> = after.lines().collect();
    // A board may send more, and each line is compared with the whole log.
    let before = before.get(before.len().saturating_sub(MARKER)..).unwrap_or_default();
    if before.is_empty() {
        return Some(lines);
    }
    // If the buffer has lost the first lines of `before`, the others are at its
    // beginning.
    let whole = lines.windows(before.len()).rposition(|window| window.iter().eq(before));
    let found = whole.map(|start| start + before.len()).or_else(|| {
        (1..before.len()).rev().find(|length| {
            let (kept, end) = (lines.iter().take(*length), before.iter().skip(before.len() - length));
            kept.eq(end)
        })
    });
    found.map(|start| lines.into_iter().skip(start).collect())
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    fn lines(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    fn told(before: &str, after: &str) -> Option<String> {
        gained(&lines(before), &lines(after).join("\n")).map(|lines| lines.join(" "))
    }

    #[test]
    fn only_what_is_new_belongs_to_the_run() {
        for (before, after, new) in [
            ("a b c", "x a b c d e", "d e"),
            ("a b c", "a b c", ""),
            ("", "a b", "a b"),
            // The same words again, without a time.
            ("a b", "a b a b c", "c"),
            // The buffer has lost the first lines.
            ("a b c", "b c d", "d"),
            ("a b c", "c d", "d"),
        ] {
            assert_eq!(told(before, after).as_deref(), Some(new), "{before} | {after}");
        }
    }

    #[test]
    fn a_board_may_send_a_long_log_twice() {
        let log = "a\n".repeat(200_000);
        let before: Vec<String> = log.lines().map(str::to_owned).chain(["b".to_owned()]).collect();
        let start = Instant::now();
        assert_eq!(gained(&before, &log), None);
        assert_eq!(gained(&before, &format!("{log}b\nc")), Some(vec!["c"]));
        assert!(start.elapsed() < Duration::from_secs(20), "took {:?}", start.elapsed());
    }

    #[test]
    fn a_log_that_has_gone_round_is_told() {
        assert_eq!(told("a b c", "d e"), None);
        assert_eq!(told("a b c", ""), None);
    }
}
