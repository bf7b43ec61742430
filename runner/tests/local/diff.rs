// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Stored runs on the model beside each other, and beside what is known.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use crate::call::{complaint, reglist, shown};

/// A directory with the events of a right model and of one that lists the
/// PMU's registers always.
fn runs() -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    for (name, code, arguments) in [("right.jsonl", 0, &[][..]), ("wrong.jsonl", 1, &["--fault", "pmu-always"])] {
        let run = ["run", "--subject", "model", "--config", "base", "--events", name];
        shown(&directory, &[&run[..], arguments].concat(), code);
    }
    directory
}

fn write(directory: &TempDir, name: &str, text: impl AsRef<[u8]>) {
    fs::write(directory.path().join(name), text).unwrap();
}

fn read(directory: &TempDir, name: &str) -> String {
    fs::read_to_string(directory.path().join(name)).unwrap()
}

const KNOWN: &str = "\
- case: '*.count.expected'
  reason: the list does not look at the PMU
  link: https://example.org/1
- case: base.contents.exact
  reason: the same
";

#[test]
fn a_regression_is_told_in_every_format() {
    let runs = runs();
    let text = shown(&runs, &["diff", "right.jsonl", "wrong.jsonl"], 1);
    assert!(text.contains("\nREGRESSION newly failing: 2 cases\n  base.count.expected: passed, fails now\n"), "{text}");
    assert!(text.contains("\nregisters appeared\n  in base: PERFCTRL0 (0x9030000000011000),"), "{text}");
    assert!(text.ends_with("\nreglist: regression: 2 cases, 56 compared; model: no kernel was tested\n"), "{text}");
    assert!(text.lines().all(|line| line.len() <= 80) && !text.contains('\u{1b}'), "{text}");
    let coloured = shown(&runs, &["--color", "always", "diff", "right.jsonl", "wrong.jsonl"], 1);
    assert!(coloured.contains('\u{1b}'));
    let markdown = shown(&runs, &["diff", "--format", "markdown", "right.jsonl", "wrong.jsonl"], 1);
    assert!(markdown.starts_with("**reglist diff: regression**: 2 cases, 56 compared;"), "{markdown}");
    assert!(markdown.contains("\n### Newly failing: 2 cases (regression)\n\n- `base.count.expected`: "), "{markdown}");
    let json = shown(&runs, &["diff", "--format", "json", "right.jsonl", "wrong.jsonl"], 1);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["cases"]["newly_failing"][1]["case"], "base.contents.exact");
}

#[test]
fn what_is_fixed_or_the_same_is_no_regression() {
    let runs = runs();
    let text = shown(&runs, &["diff", "wrong.jsonl", "right.jsonl"], 0);
    assert!(text.contains("\nfixed: 2 cases\n") && text.contains("\nregisters gone\n"), "{text}");
    let text = shown(&runs, &["diff", "right.jsonl", "right.jsonl"], 0);
    assert_eq!(text.lines().count(), 8, "{text}");
}

#[test]
fn known_failures_fail_nothing() {
    let runs = runs();
    write(&runs, "known.yaml", KNOWN);
    let text = shown(&runs, &["diff", "--known", "known.yaml", "right.jsonl", "wrong.jsonl"], 0);
    assert!(text.contains("\nfailing as expected: 2 cases\n"), "{text}");
    let text = shown(&runs, &["diff", "--known", "known.yaml", "right.jsonl", "right.jsonl"], 1);
    assert!(text.contains("\nUNEXPECTED unexpectedly passing: 2 cases\n"), "{text}");

    let run = ["run", "--subject", "model", "--config", "base", "--known", "known.yaml"];
    let text = shown(&runs, &[&run[..], &["--fault", "pmu-always"]].concat(), 0);
    assert!(
        text.ends_with("\nreglist: passed: 54 cases, 2 expected failures; model: no kernel was tested\n"),
        "{text}"
    );
    let text = shown(&runs, &run, 1);
    assert!(text.contains("\nUNEXPECTED PASS: the same\n"), "{text}");
    assert!(
        text.ends_with("\nreglist: failed: 0 of 56 cases, 2 unexpected passes; model: no kernel was tested\n"),
        "{text}"
    );
}

#[test]
fn wrong_files_of_known_failures_are_refused_before_anything_runs() {
    let runs = runs();
    write(&runs, "known.yaml", "- {case: base.a.x, reason: r, expires: soon}\n");
    let lab = ["lab", "--dry-run", "--known", "known.yaml"];
    for arguments in [&["run", "--known", "known.yaml"][..], &lab, &["diff", "--known", "known.yaml", "x", "y"]] {
        let text = complaint(&runs, arguments);
        assert!(text.starts_with("reglist: known.yaml:1: key `expires`: `soon` is not a date\n["), "{text}");
    }
    write(&runs, "known.yaml", KNOWN);
    for fault in [&["--fault", "all"][..], &["--fault=all"]] {
        let text = complaint(&runs, &[&["run", "--known=known.yaml"], fault].concat());
        assert!(text.contains("--known and `--fault all` exclude each other"), "{text}");
    }
    let output = reglist(&runs, &["run", "--known"]);
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!((output.status.code(), output.stdout.len()), (Some(64), 0), "{text}");
    assert!(text.starts_with("reglist: a value is required for '--known <FILE>' but none was supplied\n"), "{text}");
    complaint(&runs, &["run", "--known", "missing.yaml"]);
}

#[test]
fn bad_input_is_told_and_never_a_verdict() {
    let runs = runs();
    let right = read(&runs, "right.jsonl");
    write(&runs, "empty", "");
    write(&runs, "noise", [0, 159, 146, 150, b'\n', b'{', b'\n']);
    write(&runs, "newer", right.replacen("\"format\":1", "\"format\":99", 1));
    write(&runs, "twice", right.clone() + &right);
    write(&runs, "wide", "x".repeat(5 << 20));
    for (name, expected) in [
        ("empty", "`empty` is empty"),
        ("noise", "no run in `noise`: none of its 2 lines"),
        ("newer", "failed to read line 1 of `newer`\n  because: event format 99 is newer than this program's 1"),
        ("twice", "`twice` contains two runs of no fault in base, at line 1 and at line 115"),
        ("wide", "line 1 of `wide` is longer than 4 MiB"),
        ("missing", "failed to read `missing`"),
        (".", "failed to read `.`"),
    ] {
        for arguments in [["diff", "right.jsonl", name], ["diff", name, "right.jsonl"]] {
            let text = complaint(&runs, &arguments);
            assert!(text.starts_with(&format!("reglist: {expected}")), "{text}");
        }
    }
}

#[test]
fn a_torn_file_has_missing_cases() {
    let runs = runs();
    let right = read(&runs, "right.jsonl");
    let end = right.find(r#""case_finished","case":"base.gated.get"#).unwrap();
    write(&runs, "torn.jsonl", &right[..end + 10]);
    let text = shown(&runs, &["diff", "right.jsonl", "torn.jsonl"], 1);
    assert!(
        text.contains("\n  warning: the run broke off in base.gated.get\n") && text.contains(", is missing now: "),
        "{text}"
    );
    assert!(text.contains("\n  warning: 1 line is not an event of a run: line "), "{text}");
}

#[test]
fn the_runs_of_every_fault_are_compared() {
    let directory = tempfile::tempdir().unwrap();
    let run = ["run", "--subject", "model", "--config", "lbt_arm", "--fault", "all"];
    let all = |name| {
        let output = reglist(&directory, &[&run[..], &["--events", name]].concat());
        assert!(Path::exists(&directory.path().join(name)), "{output:?}");
    };
    all("old.jsonl");
    all("new.jsonl");
    let text = shown(&directory, &["diff", "old.jsonl", "new.jsonl"], 0);
    assert!(text.contains(" runs: ") && text.contains("\nreglist: no regression: "), "{text}");
    let all = read(&directory, "new.jsonl");
    let second = all.match_indices(r#"{"event":"run_started""#).nth(1).unwrap().0;
    write(&directory, "one.jsonl", &all[..second]);
    let text = complaint(&directory, &["diff", "old.jsonl", "one.jsonl"]);
    assert!(text.contains("and they do not correspond\n["), "{text}");
}
