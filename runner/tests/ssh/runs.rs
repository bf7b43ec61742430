// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Runs that come to their end.

#![expect(clippy::unwrap_used, reason = "what is not so fails the test")]

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use crate::Test;
use crate::events::Events;
use crate::sshd::{Sshd, expect, find};

pub(crate) const TESTS: &[Test] = &[
    ("a_run_is_reported_and_leaves_nothing", Sshd::start, a_run),
    ("a_wrong_subject_fails", Sshd::start, a_wrong_subject),
    ("known_failures_fail_nothing", Sshd::start, known_failures),
    ("arguments_arrive_as_they_were_given", Sshd::start, arguments),
    ("what_is_no_run_is_told_by_the_suite_itself", Sshd::start, no_run),
    ("every_fault_has_a_matrix", Sshd::start, every_fault),
    ("another_place_is_found_where_programs_cannot_run", no_exec, another_place),
    ("another_place_is_found_where_there_is_no_room", no_room, another_place),
    ("another_place_is_found_for_odd_names", odd_name, another_place),
    ("a_login_shell_may_say_what_it_likes", talkative, a_run),
    ("a_small_board_has_busybox", busybox, a_run),
    ("a_plan_is_printed_and_nobody_called", Sshd::start, plan),
];

const MODEL: [&str; 5] = ["--config", "base", "--", "--subject", "model"];

fn a_run(board: Sshd) {
    let (output, error) = expect(0, board.reglist(&MODEL));
    assert!(output.starts_with("model: no kernel was tested"), "{output}");
    assert!(output.contains("\nreglist: passed: "), "{output}");
    let events = Events::of(&board);
    events.assert_whole();
    let list =
        Command::new(env!("CARGO_BIN_EXE_reglist")).args(["run", "--list", "--config", "base"]).output().unwrap();
    let list = String::from_utf8(list.stdout).unwrap();
    assert!(list.lines().eq(events.started.plan.iter().map(|case| format!("{case}: test"))));
    let kept = board.path("results/kernel.log").exists();
    assert!(kept != error.contains("the kernel log of the run is not kept"), "{error}");
    assert!(!board.path("results/board").exists());
    board.assert_clean();
}

fn a_wrong_subject(board: Sshd) {
    let (output, _) =
        expect(1, board.reglist(&["-v", "contents", "--", "--subject", "model", "--fault", "pmu-always"]));
    assert!(output.contains("FAIL list.contents"), "{output}");
    Events::of(&board).assert_whole();
    board.assert_clean();
}

fn known_failures(board: Sshd) {
    board.write("known.yaml", "- {case: '*.contents.exact', reason: r}\n");
    let known = board.path("known.yaml").display().to_string();
    let arguments = ["--exact", "base.contents.exact", "--known", &known, "--"];
    let (output, _) =
        expect(0, board.reglist(&[&arguments[..], &["--subject", "model", "--fault", "pmu-always"]].concat()));
    assert!(output.contains("known"), "{output}");
}

fn arguments(board: Sshd) {
    let trap = board.path("trap").display().to_string();
    for filter in [
        format!("x'; touch {trap}; '"),
        format!("$(touch {trap})"),
        format!("`touch {trap}`"),
        format!("a\ntouch {trap}\n"),
        "END".to_owned(),
        "\"*\\".to_owned(),
    ] {
        // No case has such a name.
        expect(4, board.reglist(&["--force", &filter, "--", "--subject", "model"]));
        assert!(!board.path("trap").exists(), "{filter:?}");
        assert!(Events::of(&board).ends.is_empty(), "{filter:?}");
    }
    board.assert_clean();
}

fn no_run(board: Sshd) {
    let (output, error) = expect(64, board.reglist(&["--", "--subject", "model", "--series", "v0"]));
    assert!(output.is_empty() && error.contains("v0"), "{output}{error}");
    let (output, _) = expect(0, board.reglist(&["--force", "--config", "base", "--", "--list"]));
    assert!(output.starts_with("base.count.expected: test\n"), "{output}");
    board.assert_clean();
}

fn every_fault(board: Sshd) {
    let arguments = ["--config", "base", "count", "--", "--subject", "model", "--fault", "all", "--shuffles", "1"];
    let (code, output, error) = crate::sshd::Running::start(board.reglist(&arguments)).end();
    assert!(matches!(code, Some(0 | 1)), "{output}{error}");
    assert!(output.contains("noticed"), "{output}{error}");
    assert!(board.path("results/matrix.json").exists());
    board.assert_clean();
}

fn no_exec() -> Result<Sshd, String> {
    Sshd::other_machine("mount -t tmpfs -o noexec none \"$DIRECTORY/tmp\"")
}

fn no_room() -> Result<Sshd, String> {
    Sshd::other_machine("mount -t tmpfs -o size=4m none \"$DIRECTORY/tmp\"")
}

fn odd_name() -> Result<Sshd, String> {
    Sshd::configured("SetEnv \"TMPDIR=/a b; touch DIRECTORY/trap\" HOME=DIRECTORY/home")
}

fn another_place(board: Sshd) {
    let (_, error) = expect(0, board.reglist(&[&["-v"], &MODEL[..]].concat()));
    assert!(error.contains("reglist: not in "), "{error}");
    let directory = error.split(" KiB to ").nth(1).and_then(|rest| rest.split(' ').next()).unwrap();
    assert!(directory.starts_with("/tmp/reglist-") && !Path::new(directory).exists(), "{error}");
    Events::of(&board).assert_whole();
    assert!(!board.path("trap").exists());
    board.assert_clean();
}

fn talkative() -> Result<Sshd, String> {
    Sshd::configured("ForceCommand echo Welcome to this board; echo begin; exec sh -c \"$SSH_ORIGINAL_COMMAND\"")
}

fn busybox() -> Result<Sshd, String> {
    let busybox = find("busybox").ok_or("there is no busybox here")?;
    let board = Sshd::configured("SetEnv TMPDIR=DIRECTORY/tmp HOME=DIRECTORY/home PATH=DIRECTORY/bin")?;
    fs::create_dir(board.path("bin")).unwrap();
    let applets = Command::new(&busybox).arg("--list").output().unwrap();
    for applet in String::from_utf8(applets.stdout).unwrap().lines() {
        symlink(&busybox, board.path("bin").join(applet)).unwrap();
    }
    Ok(board)
}

fn plan(board: Sshd) {
    let (output, error) = expect(0, board.reglist(&["--dry-run", "a b", "--", "--subject", "model"]));
    for part in ["# connect", "uname -m", "'cat > /tmp/reglist-NAME/reglist-suite' < ", "set -- --subject model 'a b'"]
    {
        assert!(output.contains(part), "{part}: {output}{error}");
    }
    assert!(!board.path("results").exists());
    assert!(!board.is_connected());
    assert!(!fs::read_to_string(board.path("log")).unwrap().contains("Accepted"));
}
