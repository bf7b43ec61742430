// SPDX-License-Identifier: Apache-2.0 OR MIT
//! What holds for every output, whatever the input is.

/// Checks an output of a format.
pub(crate) fn check(format: &str, text: &str) {
    // U+2028 and U+2029 end lines too.
    let breaks = |c: char| c.is_control() && c != '\n' && c != '\t' || matches!(c, '\u{2028}' | '\u{2029}');
    if let Some(at) = text.find(breaks) {
        let before: String = text[..at].chars().rev().take(80).collect();
        panic!("{format} has {:?} after {:?}", text[at..].chars().next(), before.chars().rev().collect::<String>());
    }
    match format {
        "ktap" | "tap13" => text.lines().for_each(|line| assert!(is_of_tap(line), "{format}: {line:?}")),
        "lava" => text.lines().for_each(|line| {
            let signals = line.matches("<LAVA").count();
            assert!(
                signals == 0 || signals == 1 && line.starts_with("<LAVA_SIGNAL_") && line.ends_with('>'),
                "{line:?}"
            );
        }),
        "junit" => {
            let read = quick_junit::Report::deserialize_from_str(text);
            assert!(read.is_ok(), "{read:?}: {text}");
        }
        "json" | "kcidb" => {
            let read = serde_json::from_str::<serde_json::Value>(text);
            assert!(read.is_ok(), "{format}: {read:?}");
        }
        "page" => assert_eq!(text.matches("<script").count(), 1),
        _ => {}
    }
}

/// Whether a line is one that the suite writes.
fn is_of_tap(line: &str) -> bool {
    let text = line.trim_start();
    let starts = ["KTAP version 1", "TAP version 13", "1..", "# ", "ok ", "not ok "];
    // The block of a result in TAP 13 is indented.
    line.starts_with("  ") || text.is_empty() || starts.iter().any(|start| text.starts_with(start))
}
