// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Connections that drop, boards that go down, users who have enough.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "what is not so fails the test")]

use std::fs;
use std::process::Command;

use nix::sys::signal::{Signal, kill};
use reglist_suite::report::events::Outcome;

use crate::Test;
use crate::events::Events;
use crate::sshd::{Running, Sshd, expect, wait_for};

pub(crate) const TESTS: &[Test] = &[
    ("a_dropped_connection_costs_nothing", Sshd::start, dropped),
    ("a_connection_that_goes_silent_is_noticed", Sshd::start, silent_connection),
    ("nobody_else_follows_the_same_run", Sshd::start, two_followers),
    ("a_run_that_lost_its_board_is_gone_on_with", Sshd::start, lost),
    ("a_run_of_every_fault_that_lost_its_board_is_gone_on_with", Sshd::start, lost_with_every_fault),
    ("an_interrupted_run_leaves_nothing", Sshd::start, interrupted),
    ("a_run_interrupted_without_a_connection_can_be_gone_on_with", Sshd::start, interrupted_while_lost),
    ("a_killed_run_can_be_gone_on_with", Sshd::start, killed),
    ("a_kernel_that_goes_down_costs_one_case", other_kernel, rebooted),
    ("a_kernel_that_goes_down_meanwhile_costs_one_case", other_kernel, rebooted_meanwhile),
    ("the_log_of_a_kernel_that_went_down_is_kept", other_kernel_with_journal, last_words),
    ("a_board_that_stays_away_is_told_with_a_suspect", other_kernel, away),
    ("a_suite_that_is_killed_costs_one_case", Sshd::start, killed_suite),
    ("a_suite_that_says_nothing_hangs", Sshd::start, silent),
];

const MODEL: [&str; 5] = ["--config", "base", "--", "--subject", "model"];
/// Held up after so many cases, a run is in the middle.
const MIDDLE: usize = 5;

fn start(board: &Sshd, more: &[&str]) -> Running {
    Running::start(board.reglist(&[more, &MODEL].concat()))
}

fn goes_on(board: &Sshd) {
    board.suite().into_iter().for_each(|process| kill(process, Signal::SIGCONT).unwrap());
}

fn dropped(board: Sshd) {
    let run = start(&board, &[]);
    board.hold(MIDDLE);
    for _ in 0..2 {
        board.cut();
        wait_for("the connection to be gone", || !board.is_connected());
        wait_for("another connection", || board.is_connected());
    }
    goes_on(&board);
    let (code, output, error) = run.end();
    assert_eq!(code, Some(0), "{output}{error}");
    assert!(error.contains("reconnecting for up to") && error.contains("reglist: reconnected"), "{error}");
    Events::of(&board).assert_whole();
    board.assert_clean();
}

fn silent_connection(board: Sshd) {
    let run = start(&board, &[]);
    board.hold(MIDDLE);
    let stopped = board.stop_sessions();
    wait_for("another connection", || board.sessions().iter().any(|session| !stopped.contains(session)));
    goes_on(&board);
    let (code, output, error) = run.end();
    assert_eq!(code, Some(0), "{output}{error}");
    assert!(error.contains("reglist: reconnected"), "{error}");
    board.cut();
    Events::of(&board).assert_whole();
    board.assert_clean();
}

fn two_followers(board: Sshd) {
    let run = start(&board, &[]);
    board.hold(MIDDLE);
    let (_, error) = expect(64, board.resume(&[]));
    assert!(error.contains("another reglist follows it\n["), "{error}");
    goes_on(&board);
    let (code, output, error) = run.end();
    assert_eq!(code, Some(0), "{output}{error}");
    Events::of(&board).assert_whole();
}

/// The events of a run that nothing disturbed.
fn undisturbed(board: &Sshd) -> String {
    expect(0, board.reglist(&[&["--force"], &MODEL[..]].concat()));
    Events::of(board).timeless()
}

fn lost(mut board: Sshd) {
    let expected = undisturbed(&board);
    let run = start(&board, &["--wait", "1", "--force"]);
    board.hold(MIDDLE);
    board.go_down();
    let (code, output, error) = run.end();
    assert_eq!(code, Some(5), "{output}{error}");
    assert!(output.contains("M missing"), "{output}");
    let command =
        format!("reglist ssh -F {} board --resume {}", board.config().display(), board.path("results").display());
    assert!(output.contains("reglist: machine lost: in case base.") && error.contains(&command), "{error}");
    let before = Events::of(&board);
    assert!(before.ends.len() >= MIDDLE && before.totals.is_none());
    assert_eq!(board.left().len(), 1, "the run goes on");
    assert!(!board.path("results/report.html").exists(), "nothing is broken off");

    goes_on(&board);
    board.boot();
    let (output, error) = expect(0, board.resume(&[]));
    assert!(output.contains("\nreglist: passed: "), "{output}{error}");
    let events = Events::of(&board);
    events.assert_whole();
    assert_eq!(events.timeless(), expected);
    assert!(board.path("results/report.html").exists());
    board.assert_clean();
    let (_, error) = expect(64, board.resume(&[]));
    assert!(error.contains("it has ended") && error.contains("reglist report"), "{error}");
}

fn lost_with_every_fault(mut board: Sshd) {
    let suite = ["--wait", "1", "--config", "base", "count", "--", "--subject", "model", "--fault", "all"];
    let run = Running::start(board.reglist(&suite));
    board.hold(1);
    board.go_down();
    assert_eq!(run.end().0, Some(5));
    goes_on(&board);
    board.boot();
    let (code, output, error) = Running::start(board.resume(&[])).end();
    assert!(output.contains("noticed") && output.contains(" faults"), "{output}{error}");
    assert_eq!(code, Some(if output.contains("reglist: all noticed") { 0 } else { 1 }), "{output}{error}");
    assert!(board.path("results/matrix.json").exists());
    board.assert_clean();
}

fn interrupted(board: Sshd) {
    for signal in [Signal::SIGINT, Signal::SIGTERM] {
        let run = start(&board, &["--force"]);
        board.hold(MIDDLE);
        run.signal(signal);
        let (code, output, error) = run.end();
        assert_eq!(code, Some(5), "{output}{error}");
        assert!(output.contains("M missing"), "{output}{error}");
        assert!(output.contains("reglist: interrupted: in case base."), "{output}");
        assert!(Events::of(&board).ends.len() >= MIDDLE);
        board.assert_clean();
    }
    // Before anything has begun.
    let run = start(&board, &["--force"]);
    wait_for("the connection", || board.is_connected());
    run.signal(Signal::SIGINT);
    let (code, output, error) = run.end();
    assert_eq!(code, Some(5), "{output}{error}");
    board.assert_clean();
}

fn interrupted_while_lost(mut board: Sshd) {
    let run = start(&board, &[]);
    board.hold(MIDDLE);
    board.go_down();
    run.signal(Signal::SIGINT);
    let (code, output, error) = run.end();
    assert_eq!(code, Some(5), "{output}{error}");
    assert!(error.contains("interrupted without connection to board") && error.contains("--resume"), "{error}");
    goes_on(&board);
    board.boot();
    expect(0, board.resume(&[]));
    Events::of(&board).assert_whole();
    board.assert_clean();
}

fn killed(board: Sshd) {
    let run = start(&board, &[]);
    board.hold(MIDDLE);
    run.signal(Signal::SIGKILL);
    assert_eq!(run.end().0, None);
    wait_for("the connection to be gone", || !board.is_connected());
    wait_for("the sockets to be gone", || fs::read_dir(board.path("here")).unwrap().next().is_none());
    goes_on(&board);
    expect(0, board.resume(&[]));
    Events::of(&board).assert_whole();
    board.assert_clean();
}

/// A machine with another kernel each time that it comes up.
fn other_kernel() -> Result<Sshd, String> {
    Sshd::other_machine(
        "cat /proc/sys/kernel/random/uuid > \"$DIRECTORY/boot_id\"
         mount --bind \"$DIRECTORY/boot_id\" /proc/sys/kernel/random/boot_id",
    )
}

/// A run whose suspect is in error, and all other cases passed.
fn assert_one_suspect(board: &Sshd, why: &str) {
    let events = Events::of(board);
    events.assert_whole();
    let wrong: Vec<_> = events.ends.iter().filter(|case| case.outcome != Outcome::Pass).collect();
    assert_eq!(wrong.len(), 1, "{wrong:?}");
    assert_eq!(wrong[0].outcome, Outcome::Error);
    assert!(wrong[0].reason.as_ref().is_some_and(|reason| reason.contains(why)), "{wrong:?}");
}

fn rebooted(mut board: Sshd) {
    let run = start(&board, &["--wait", "60"]);
    board.hold(MIDDLE);
    board.go_down();
    board.boot();
    let (code, output, error) = run.end();
    assert_eq!(code, Some(1), "{output}{error}");
    assert!(error.contains("the board rebooted"), "{error}");
    assert_one_suspect(&board, "the kernel crashed, and the board rebooted");
    board.assert_clean();
}

fn rebooted_meanwhile(mut board: Sshd) {
    let run = start(&board, &["--wait", "1"]);
    board.hold(MIDDLE);
    board.go_down();
    assert_eq!(run.end().0, Some(5));
    // What was in memory alone is gone.
    for left in board.left() {
        fs::remove_dir_all(left).unwrap();
    }
    board.boot();
    expect(1, board.resume(&[]));
    assert_one_suspect(&board, "the kernel crashed, and the board rebooted");
    board.assert_clean();
}

/// The same with a journal that survives.
fn other_kernel_with_journal() -> Result<Sshd, String> {
    Sshd::other_machine(
        "cat /proc/sys/kernel/random/uuid > \"$DIRECTORY/boot_id\"
         mount --bind \"$DIRECTORY/boot_id\" /proc/sys/kernel/random/boot_id
         mount -t tmpfs none /usr/local/bin
         printf '#!/bin/sh\\necho Kernel panic - not syncing: a test\\n' > /usr/local/bin/journalctl
         chmod 755 /usr/local/bin/journalctl",
    )
}

fn last_words(mut board: Sshd) {
    let run = start(&board, &["--wait", "60", "--restarts", "0"]);
    board.hold(MIDDLE);
    board.go_down();
    board.boot();
    let (_, output, error) = run.end();
    assert!(output.contains("reglist: kernel down: in case base."), "{output}{error}");
    assert!(error.contains("the kernel crashed, and the board rebooted"), "{error}");
    assert!(!error.contains("the kernel log of the run:"), "{error}");
    let kept = fs::read_to_string(board.path("results/kernel.log")).unwrap();
    assert_eq!(kept, "Kernel panic - not syncing: a test\n");
    board.assert_clean();
}

fn away(mut board: Sshd) {
    let run = start(&board, &["--wait", "2"]);
    board.hold(MIDDLE);
    board.go_down();
    let (code, output, error) = run.end();
    assert_eq!(code, Some(5), "{error}");
    assert!(error.contains("Connection refused") && output.contains(" in case base."), "{output}{error}");
}

fn killed_suite(board: Sshd) {
    let run = start(&board, &[]);
    kill(board.hold(MIDDLE), Signal::SIGKILL).unwrap();
    let (code, output, error) = run.end();
    assert_eq!(code, Some(1), "{output}{error}");
    assert_one_suspect(&board, "the suite ended with status 137, by signal 9");
    board.assert_clean();

    let run = start(&board, &["--restarts", "0", "--force"]);
    kill(board.hold(MIDDLE), Signal::SIGKILL).unwrap();
    let (code, output, error) = run.end();
    assert_eq!(code, Some(5), "{output}{error}");
    assert!(output.contains("reglist: machine lost: in case base."), "{output}");
    assert!(error.contains("the suite ended with status 137, by signal 9\n"), "{error}");
    assert!(error.contains(&format!("\n[events and logs: {}]", board.path("results").display())), "{error}");
    board.assert_clean();
}

fn silent(board: Sshd) {
    // Half a minute is the least.
    let run = start(&board, &["--timeout", "1", "--restarts", "0"]);
    board.hold(MIDDLE);
    let (code, output, error) = run.end();
    assert_eq!(code, Some(5), "{output}{error}");
    assert!(error.contains("the suite hangs: no event for 31 s\n"), "{error}");
    board.assert_clean();
    // The results are those of any other run.
    let report =
        Command::new(env!("CARGO_BIN_EXE_reglist")).arg("report").arg(board.path("results/events.jsonl")).output();
    assert_eq!(report.unwrap().status.code(), code);
}
