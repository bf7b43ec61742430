// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Boards that cannot be tested, and what is said of them.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "what is not so fails the test")]

use std::fs;
use std::process::Command;

use crate::Test;
use crate::sshd::{Sshd, expect};

pub(crate) const TESTS: &[Test] = &[
    ("a_board_that_nobody_answers_for_is_told_in_sshs_words", Sshd::start, no_board),
    ("a_board_that_lets_nobody_in_is_told_in_sshs_words", Sshd::start, no_key),
    ("a_board_with_an_unknown_key_is_refused", Sshd::start, unknown_key),
    ("a_board_without_a_shell_is_told", no_shell, told_of_no_shell),
    ("a_program_for_another_machine_is_refused", Sshd::start, other_architecture),
    ("a_program_that_does_not_run_is_told", Sshd::start, does_not_run),
    ("a_board_without_kvm_is_told", no_kvm, told_of_no_kvm),
    ("a_board_without_a_place_is_told", Sshd::start, no_place),
    ("a_name_is_never_an_option", Sshd::start, hostile_names),
    ("a_run_goes_on_on_its_own_board_alone", Sshd::start, no_rest),
    ("files_of_others_are_kept", Sshd::start, occupied),
];

fn no_board(mut board: Sshd) {
    board.go_down();
    let (output, error) = expect(5, board.reglist(&[]));
    assert!(output.is_empty() && error.contains("failed to connect to board"), "{error}");
    assert!(error.contains("Connection refused") && error.contains(" board true`; ssh asks"), "{error}");
}

fn no_key(board: Sshd) {
    fs::remove_file(board.path("user_key.pub")).unwrap();
    let (_, error) = expect(5, board.reglist(&[]));
    assert!(error.contains("Permission denied"), "{error}");
}

fn unknown_key(board: Sshd) {
    board.write("known_hosts", "");
    let (_, error) = expect(5, board.reglist(&[]));
    assert!(error.contains("Host key verification failed"), "{error}");
}

fn no_shell() -> Result<Sshd, String> {
    Sshd::configured("ForceCommand echo This account is not for you; exit 1")
}

fn told_of_no_shell(board: Sshd) {
    let (_, error) = expect(5, board.reglist(&[]));
    assert!(error.contains("failed to run `sh` on board: status 1\n    This account is not for you\n"), "{error}");
}

/// A file that passes for a program of the machine with this number.
fn program(machine: u16) -> Vec<u8> {
    let mut bytes = vec![0; 0x40];
    bytes[..7].copy_from_slice(b"\x7fELF\x02\x01\x01");
    bytes[0x12..0x14].copy_from_slice(&machine.to_le_bytes());
    bytes
}

fn with_suite(board: &Sshd, suite: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_reglist"));
    command.arg("ssh").arg("-F").arg(board.config()).args(["board", "--suite"]).arg(board.path(suite));
    board.at_home(&mut command);
    command
}

fn other_architecture(board: Sshd) {
    let (number, words) = if std::env::consts::ARCH == "loongarch64" { (62, "x86-64") } else { (258, "LoongArch") };
    fs::write(board.path("other"), program(number)).unwrap();
    let (_, error) = expect(64, with_suite(&board, "other"));
    let board_is = format!("is a program for {words}, but board is {}", std::env::consts::ARCH);
    assert!(error.contains(&board_is), "{error}");
    board.assert_clean();

    fs::write(board.path("script"), "#!/bin/sh\n").unwrap();
    let (_, error) = expect(64, with_suite(&board, "script"));
    assert!(error.contains("is not a 64-bit ELF program"), "{error}");
    let (_, error) = expect(64, with_suite(&board, "missing"));
    assert!(error.contains("failed to read"), "{error}");
}

fn does_not_run(board: Sshd) {
    let number = if std::env::consts::ARCH == "loongarch64" { 258 } else { 62 };
    fs::write(board.path("broken"), program(number)).unwrap();
    let (_, error) = expect(5, with_suite(&board, "broken"));
    assert!(error.contains("failed to run reglist-suite on board\n"), "{error}");
    board.assert_clean();
}

fn no_kvm() -> Result<Sshd, String> {
    // Everything that a shell and sshd look for there, but not /dev/kvm.
    Sshd::other_machine(
        "mkdir -p \"$DIRECTORY/dev\"
         for device in null zero full random urandom tty ptmx; do
             : > \"$DIRECTORY/dev/$device\"
             mount --bind \"/dev/$device\" \"$DIRECTORY/dev/$device\"
         done
         mount --rbind \"$DIRECTORY/dev\" /dev",
    )
}

fn told_of_no_kvm(board: Sshd) {
    let (_, error) = expect(5, board.reglist(&["--", "--subject", "kvm"]));
    assert!(error.contains("the suite gave up: ") && error.matches("/dev/kvm").count() == 1, "{error}");
    board.assert_clean();
}

fn no_place(board: Sshd) {
    let (_, error) = expect(5, board.reglist(&["--directory", "/proc", "--", "--subject", "model"]));
    assert!(error.contains("no usable directory on board\n    /proc: "), "{error}");
    let (_, error) = expect(5, board.reglist(&["--force", "--directory", "$(touch x)"]));
    assert!(error.contains("not an absolute path of plain characters"), "{error}");
    let wish = board.path("home").display().to_string();
    let (_, error) =
        expect(0, board.reglist(&["--force", "-v", "--directory", &wish, "count", "--", "--subject", "model"]));
    assert!(error.contains(&format!(" KiB to {wish}/reglist-")), "{error}");
    board.assert_clean();
}

fn hostile_names(board: Sshd) {
    let trap = board.path("trap").display().to_string();
    for name in [
        format!("-oProxyCommand=touch {trap}"),
        format!("-oProxyCommand=touch${{IFS}}{trap}"),
        format!("root@-oProxyCommand=touch {trap}"),
        format!("ssh://-oProxyCommand=touch${{IFS}}{trap}"),
        "ssh://-ltouch@board".to_owned(),
        format!("$(touch {trap})"),
        format!("x;touch {trap}"),
        String::new(),
        "root@".to_owned(),
    ] {
        for words in [&["ssh", &name][..], &["ssh", "--", &name]] {
            let mut command = Command::new(env!("CARGO_BIN_EXE_reglist"));
            board.at_home(command.args(words));
            expect(64, command);
            assert!(!board.path("trap").exists(), "{name:?}");
        }
    }
}

fn no_rest(board: Sshd) {
    fs::create_dir(board.path("results")).unwrap();
    let (_, error) = expect(64, board.resume(&[]));
    assert!(error.contains("failed to continue the run in"), "{error}");
}

fn occupied(board: Sshd) {
    fs::create_dir(board.path("results")).unwrap();
    fs::write(board.path("results/mine"), "kept").unwrap();
    let (_, error) = expect(64, board.reglist(&[]));
    assert!(error.contains("is not empty"), "{error}");
    expect(0, board.reglist(&["--force", "base.count", "--", "--subject", "model"]));
    assert_eq!(fs::read_to_string(board.path("results/mine")).unwrap(), "kept");
}
