// SPDX-License-Identifier: Apache-2.0 OR MIT
//! What a run on the model shows.

use std::process::{Command, Output};

fn reglist(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_reglist")).args(arguments).output().unwrap()
}

/// The standard output of a run that ends with `code`.
fn shown(arguments: &[&str], code: i32) -> String {
    let output = reglist(arguments);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{arguments:?}\n{text}{error}");
    text
}

#[test]
fn a_right_model_passes() {
    let text = shown(&["run", "--subject", "model"], 0);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], "model: no kernel was tested; expected answers of Linux 7.2");
    assert!(lines[lines.len() - 1].starts_with("reglist: passed: "), "{text}");
    assert!(lines[lines.len() - 1].ends_with(" cases; model: no kernel was tested"), "{text}");
    assert!(text.contains(", seed 1"), "{text}");
    assert!(lines.iter().all(|line| line.len() <= 80), "{text}");
}

#[test]
fn a_fault_is_found() {
    let text = shown(&["run", "--subject", "model", "--fault", "pmu-always", "--seed", "9"], 1);
    assert!(text.contains("Linux 7.2 with the fault pmu-always\n"), "{text}");
    assert!(text.contains("\nFAIL list.contents, KVM_GET_REG_LIST\n"), "{text}");
    assert!(text.contains(", seed 9, fault pmu-always\n"), "{text}");
    assert!(text.lines().next_back().unwrap().starts_with("reglist: failed: "), "{text}");
}

#[test]
fn a_run_with_lost_events_is_no_success() {
    for more in [&["count"][..], &["count", "--fault", "all", "--shuffles", "1"]] {
        let arguments = ["run", "--subject", "model", "--config", "base", "--events", "/dev/full"];
        let output = reglist(&[&arguments, more].concat());
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(error.matches("failed to write the file of events: No space left").count(), 1, "{error}");
        assert!(
            error.ends_with("reglist: the results are incomplete\n[correct the write error above and run again]\n")
        );
        assert_eq!(output.status.code(), Some(5), "{error}");
    }
}

#[test]
fn every_case_has_a_line_where_details_are_wanted() {
    for arguments in [
        &["-v", "run", "--subject", "model", "--config", "base"][..],
        &["run", "-v", "--subject", "model", "--config", "base"],
        &["run", "--subject", "model", "--config", "base", "--verbose"],
    ] {
        let text = shown(arguments, 0);
        assert!(text.lines().any(|line| line.starts_with("base.count.expected ") && line.ends_with(" ms")), "{text}");
    }
}

#[test]
fn quiet_is_what_failed_and_the_verdict() {
    let run = ["run", "--subject", "model", "--config", "base", "-q"];
    let text = shown(&run, 0);
    assert!(text.lines().count() == 1 && text.starts_with("reglist: passed: "), "{text}");
    let text = shown(&[&["-q"][..], &run[..5], &["--fault", "count-one-more", "count"]].concat(), 1);
    assert!(text.starts_with("FAIL list.complete") && !text.contains("note ") && !text.contains("(F failed"), "{text}");
    let output = reglist(&["-q", "-v", "run"]);
    assert_eq!(output.status.code(), Some(64));
}

#[test]
fn colours_are_for_those_who_ask() {
    let run = ["run", "--subject", "model", "--config", "base"];
    assert!(!shown(&run, 0).contains('\u{1b}'));
    for arguments in [[&run[..], &["--color", "always"]].concat(), [&["--color", "always"], &run[..]].concat()] {
        assert!(shown(&arguments, 0).contains('\u{1b}'), "{arguments:?}");
    }
    assert!(!shown(&[&run[..], &["--color=never"]].concat(), 0).contains('\u{1b}'));
}

#[test]
fn the_suites_own_output_can_be_had() {
    let run = ["run", "--subject", "model", "--config", "base"];
    let cases = shown(&[&run[..], &["--list"]].concat(), 0);
    assert!(cases.lines().count() > 10 && cases.lines().all(|line| line.ends_with(": test")), "{cases}");
    let text = shown(&[&run[..], &["--format", "pretty"]].concat(), 0);
    assert!(text.contains("\ntest base.count.expected ") && !text.contains("reglist: "), "{text}");
}

#[test]
fn a_selection_without_a_case_is_refused() {
    let output = reglist(&["run", "--subject", "model", "--exact", "nothing"]);
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!((output.status.code(), output.stdout.len()), (Some(64), 0), "{error}");
    assert_eq!(error, "reglist: no case matches: nothing\n[`--list` shows every case]\n");
}

#[test]
fn a_host_without_the_feature_tests_nothing() {
    let text = shown(&["run", "--subject", "model", "--config", "pmu", "--model-host", "plain"], 4);
    let last = text.lines().next_back().unwrap();
    assert!(last.starts_with("reglist: nothing tested: "), "{text}");
    assert!(last.ends_with(" cases, all skipped; model: no kernel was tested"), "{text}");
    assert!(text.contains("\nskipped: the host does not support pmu: "), "{text}");
}
