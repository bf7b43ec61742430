// SPDX-License-Identifier: Apache-2.0 OR MIT
use std::time::{Duration, Instant};

use nix::sys::stat::Mode;

use super::*;

fn known(text: &str) -> Result<Known, KnownError> {
    Known::from_text(Path::new("known.yaml"), text, Date::parse("2026-07-01").unwrap())
}

fn complaint(text: &str) -> String {
    known(text).unwrap_err().to_string()
}

#[test]
fn only_days_that_exist_are_dates() {
    for day in ["2026-12-31", "2024-02-29", "2000-02-29", "1970-01-01", "9999-12-31"] {
        assert_eq!(Date::parse(day).unwrap().to_string(), day);
    }
    for day in [
        "",
        "2026-13-01",
        "2026-02-29",
        "1900-02-29",
        "2026-1-1",
        "2026/12/31",
        "31.12.2026",
        "2026-12-311",
        "+026-12-31",
        "0001-01-01",
        "2026-12-31T00:00:00Z#",
        "２026-12-31",
    ] {
        assert_eq!(Date::parse(day), None, "{day}");
    }
}

#[test]
fn later_days_are_greater() {
    let days =
        ["1970-01-01", "1970-02-01", "2000-02-29", "2026-07-01", "9999-12-31"].map(|day| Date::parse(day).unwrap());
    assert!(days.is_sorted());
    assert!(days[0] < Date::today() && Date::today() < days[4]);
}

#[test]
fn an_entry_counts_through_its_last_day() {
    let known = known(
        "- {case: base.a.x, reason: r, expires: 2026-07-01}\n- {case: base.b.x, reason: r, expires: 2026-06-30}\n",
    )
    .unwrap();
    assert!(known.entry("base.a.x").is_some() && known.entry("base.b.x").is_none());
    assert_eq!(known.expired[0].line, 2);
}

#[test]
fn a_star_stands_for_every_configuration() {
    let known = known("- {case: '*.a.x', reason: all}\n- {case: base.a.x, reason: one}\n").unwrap();
    assert_eq!(known.entry("base.a.x").unwrap().reason, "one");
    assert_eq!(known.entry("lbt.a.x").unwrap().reason, "all");
    assert!(known.entry("lbt.a.y").is_none());
    assert_eq!(known.unmatched(&["lbt.a.x"]).len(), 1);
}

#[test]
fn a_file_without_entries_is_one() {
    for text in ["", "\n", "# none left\n", "[]\n"] {
        assert!(known(text).unwrap().entry("base.a.x").is_none());
    }
}

#[test]
fn what_is_wrong_is_told_with_its_line() {
    for (text, expected) in [
        ("- {case: base.a.x}\n", "known.yaml:1: .[0]: missing field `reason`"),
        ("- case: base.a.x\n  reason: r\n  until: x\n", "known.yaml:3: .[0]: unknown field `until`"),
        (
            "- case: base.a.x\n  reason: r\n- case: base.a.y\n  reason: ' '\n",
            "known.yaml:3: key `reason`: `base.a.y` has no reason",
        ),
        (
            "- case: base.a.x\n  reason: r\n  expires: 2026-02-30\n",
            "known.yaml:3: key `expires`: `2026-02-30` is not a date",
        ),
        ("- case: base.*\n  reason: r\n", "known.yaml:1: key `case`: `base.*` is not a case id"),
        ("- case: '*'\n  reason: r\n", "known.yaml:1: key `case`: `*` is not a case id"),
        (
            "- case: base.a.x\n  reason: r\n\n- case: base.a.x\n  reason: s\n",
            "known.yaml:4: key `case`: duplicate of `base.a.x` in line 1",
        ),
        ("base: x\n", "known.yaml:1: "),
        ("- [", "known.yaml:1: "),
    ] {
        let text = complaint(text);
        let (what, remedy) = text.split_once("\n[").unwrap();
        assert!(what.starts_with(expected) && remedy.ends_with(']'), "{text}");
    }
}

#[test]
fn a_huge_file_is_refused_at_once() {
    let began = Instant::now();
    let many: String = (0..=MOST).map(|number| format!("- case: base.a.x{number}\n  reason: r\n")).collect();
    for (text, expected) in [
        (many.as_str(), "more than 4096 entries"),
        (&"{? ".repeat(100_000), "more than 16384 brackets"),
        (&"[".repeat(1 << 20), "more than 16384 brackets"),
    ] {
        let text = complaint(text);
        assert!(text.contains(expected) && text.ends_with(']'), "{text}");
    }
    // A value that no line has as it is.
    let hidden: String = (0..MOST).map(|number| format!("- case: \"b.\\x61{number}\"\n  reason: r\n")).collect();
    assert_eq!(known(&(hidden + &"#\n".repeat(300_000))).unwrap().places.len(), MOST);
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
}

#[test]
fn a_fifo_is_no_file() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("fifo");
    nix::unistd::mkfifo(&path, Mode::S_IRWXU).unwrap();
    let error = Known::read(&path, Date::today()).unwrap_err();
    assert!(error.to_string().contains("is not a regular file\n["), "{error}");
}
