// SPDX-License-Identifier: Apache-2.0 OR MIT
//! `reglist report` as scripts meet it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails; clippy knows only functions marked as tests")]

use std::fs;
use std::path::Path;

use assert_cmd::Command;

/// A run with every outcome, which breaks off in its last case but one.
const BROKEN_OFF: &str = include_str!("../../ci/formats/broken-off.jsonl");

/// The program in a directory with files of that run.
fn report(arguments: &[&str], home: &Path) -> Command {
    fs::write(home.join("broken-off"), BROKEN_OFF).unwrap();
    fs::write(home.join("empty"), "").unwrap();
    fs::write(home.join("newer"), BROKEN_OFF.replacen("\"format\":1", "\"format\":2", 1)).unwrap();
    fs::write(home.join("model"), BROKEN_OFF.replacen("\"kvm\"", "\"model\"", 1)).unwrap();
    fs::write(home.join("garbage"), [0xff, 0, b'\n', 0xfe].repeat(1000)).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_reglist"));
    command.arg("report").args(arguments).current_dir(home);
    command
}

fn output(arguments: &[&str], code: i32) -> (String, String) {
    let home = tempfile::tempdir().unwrap();
    let assert = report(arguments, home.path()).assert().code(code);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&assert.get_output().stdout), text(&assert.get_output().stderr))
}

#[test]
fn people_get_the_report_of_a_run_and_the_suspect() {
    let (out, error) = output(&["broken-off"], 1);
    let last =
        "reglist: broken off: in case lbt.restore.cold; 2 of 7 cases did not finish on Linux 7.2.13, series v5\n";
    assert!(out.ends_with(last), "{out}");
    assert_eq!(error, "");
}

#[test]
fn what_cannot_be_read_is_wrong_usage_with_a_remedy() {
    for (arguments, expected) in [
        (&["empty"][..], "is empty"),
        (&["newer"], "newer than this program's"),
        (&["garbage"], "no run in `garbage`"),
        (&["missing"], "No such file"),
        (&["."], "failed to read `.`"),
        (&["model", "--kcidb", "k"], "is about the model"),
        (&["broken-off", "--junit", "empty"], "--force"),
        (&["broken-off", "--kcidb", "empty"], "--force"),
        (&["broken-off", "--html", "empty"], "--force"),
        (&["broken-off", "--html", "nowhere/page.html"], "the directory of `nowhere/page.html` does not exist"),
        (&["broken-off", "broken-off", "model", "--html", "page.html"], "but there are 3"),
        (&["broken-off", "model", "--format", "mail"], "takes one run, and `broken-off` is not the only one"),
        (&["broken-off", "model", "--format", "markdown"], "report one file with one run"),
        (&["broken-off", "--format", "xml"], "possible values: pretty, mail, markdown, ktap, tap13, lava, json"),
        (&["broken-off", "--kcidb", "k", "--kcidb-origin", "a-b"], "a-z, 0-9 and _"),
        (&[], "EVENTS"),
    ] {
        let (_, error) = output(arguments, 64);
        assert!(error.starts_with("reglist: ") && error.contains(expected), "{arguments:?}: {error}");
    }
}

#[test]
fn the_standard_input_is_a_file_too() {
    let home = tempfile::tempdir().unwrap();
    let ktap = report(&["-", "--format", "ktap"], home.path()).write_stdin(BROKEN_OFF).assert().code(1);
    let ktap = ktap.get_output().stdout.clone();
    assert!(ktap.starts_with(b"KTAP version 1\n1..7\n"));
    let again = report(&["-", "--format", "ktap"], home.path()).write_stdin(ktap.clone()).assert().code(1);
    let again = String::from_utf8_lossy(&again.get_output().stdout).into_owned();
    let results =
        |text: &str| text.lines().filter(|line| !line.starts_with("# start")).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(results(&again), results(&String::from_utf8_lossy(&ktap)));
}

#[test]
fn every_run_is_reported() {
    let (out, error) = output(&["broken-off", "broken-off"], 1);
    assert!(out.contains("== `broken-off`, run 1\n") && out.matches("reglist: broken off: ").count() == 2, "{out}");
    assert_eq!(error, "");
    let (out, _) = output(&["broken-off", "model", "--format", "json"], 1);
    assert_eq!(out.matches("\"run_finished\"").count(), 2, "{out}");
}

#[test]
fn a_run_can_be_pasted_into_a_mail_or_an_issue() {
    let verdict = "in case lbt.restore.cold; 2 of 7 cases did not finish on Linux 7.2.13, series v5\n";
    let (mail, error) = output(&["broken-off", "--format", "mail"], 1);
    assert!(mail.replace("\n  ", " ").contains(&format!("\n\nreglist: broken off: {verdict}")), "{mail}");
    assert!(mail.lines().all(|line| line.len() <= 72) && error.is_empty(), "{mail}{error}");
    let (markdown, error) = output(&["broken-off", "--format", "markdown"], 1);
    assert!(markdown.contains(&format!("\n\n**reglist: broken off**: {verdict}")) && error.is_empty(), "{markdown}");
}

#[test]
fn files_are_written_whole_or_not_at_all() {
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("j"), "mine").unwrap();
    report(&["broken-off", "--junit", "j", "--kcidb", "k"], home.path()).assert().code(64);
    assert_eq!(fs::read_to_string(home.path().join("j")).unwrap(), "mine");
    assert!(!home.path().join("k").exists());
    report(&["broken-off", "--junit", "j", "--kcidb", "k", "--force"], home.path()).assert().code(1);
    assert!(fs::read_to_string(home.path().join("j")).unwrap().ends_with("</testsuites>\n"));
    assert!(fs::read_to_string(home.path().join("k")).unwrap().starts_with("{\"builds\":"));
    report(&["broken-off", "--junit", "missing/j"], home.path()).assert().code(64);
}

#[test]
fn a_page_shows_one_run_or_two() {
    let home = tempfile::tempdir().unwrap();
    for (files, words) in [
        (&["broken-off"][..], "<h1>KVM_GET_REG_LIST on Linux 7.2.13</h1>"),
        (
            &["broken-off", "model"],
            "<h1>KVM_GET_REG_LIST on the model of Linux 7.2.13, compared with Linux 7.2.13</h1>",
        ),
    ] {
        report(&[files, &["--html", "page.html", "--force"]].concat(), home.path()).assert().code(1);
        let page = fs::read_to_string(home.path().join("page.html")).unwrap();
        assert!(page.contains(words), "{files:?}");
    }
    // The report on the terminal does not depend on the page.
    let with = report(&["broken-off", "--html", "other.html"], home.path()).output().unwrap();
    let without = report(&["broken-off"], home.path()).output().unwrap();
    assert_eq!((with.stdout, with.stderr), (without.stdout, without.stderr));
}
