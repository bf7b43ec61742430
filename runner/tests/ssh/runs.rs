// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Runs that come to their end.

#![expect(clippy::unwrap_used, reason = "what is not so fails the test")]

use std::fs;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Stdio};

use nix::sys::signal::{Signal, kill};

use crate::Test;
use crate::events::Events;
use crate::sshd::{Running, Sshd, expect, find};

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
    ("the_kernel_log_of_the_run_is_kept_and_shown", own_programs, kernel_log),
    ("a_kernel_log_that_nobody_may_read_is_told", own_programs, no_kernel_log),
    ("a_terminal_is_asked_at_the_start", Sshd::start, asked),
    ("a_board_gets_no_agent", Sshd::start, no_agent),
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
    assert!(kept != error.contains("the kernel log of the run:"), "{error}");
    assert!(!board.path("results/board").exists());
    let page = fs::read_to_string(board.path("results/report.html")).unwrap();
    assert!(page.contains("<title>passed: KVM_GET_REG_LIST on the model of Linux "), "{page:.1000}");
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
    assert!(output.contains("expected failure"), "{output}");
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
        // No case has such a name; the other filter selects some.
        let arguments = ["--force", "--skip", &filter, &filter, "base.", "--", "--subject", "model"];
        let run = Running::start(board.reglist(&arguments));
        let suite = board.hold(1);
        let words = fs::read(format!("/proc/{suite}/cmdline")).unwrap();
        board.suite().into_iter().for_each(|process| kill(process, Signal::SIGCONT).unwrap());
        let (code, output, error) = run.end();
        assert_eq!(code, Some(0), "{output}{error}");
        let words: Vec<&str> = std::str::from_utf8(&words).unwrap().split_terminator('\0').collect();
        let own = ["--events", "events", "--subject", "model", &filter, "base.", "--skip", &filter];
        assert!(words.ends_with(&own), "{filter:?}: {words:?}");
        assert!(!board.path("trap").exists(), "{filter:?}");
        Events::of(&board).assert_whole();
    }
    board.assert_clean();
}

fn no_agent(board: Sshd) {
    let agent = board.path("agent").display().to_string();
    let _agent = std::os::unix::net::UnixListener::bind(&agent).unwrap();
    let config = fs::read_to_string(board.config()).unwrap();
    board.write("ssh_config", &format!("{config}  ForwardAgent {agent}\n"));
    let run = Running::start(board.reglist(&MODEL));
    let suite = board.hold(1);
    let environment = fs::read(format!("/proc/{suite}/environ")).unwrap();
    board.suite().into_iter().for_each(|process| kill(process, Signal::SIGCONT).unwrap());
    assert_eq!(run.end().0, Some(0));
    let environment = String::from_utf8_lossy(&environment);
    assert!(!environment.contains("SSH_AUTH_SOCK"), "{environment}");
    board.assert_clean();
}

fn no_run(board: Sshd) {
    let (output, error) = expect(64, board.reglist(&["--", "--subject", "model", "--series", "v0"]));
    assert!(output.is_empty() && error.contains("v0"), "{output}{error}");
    let (output, _) = expect(0, board.reglist(&["--force", "--config", "base", "--", "--subject", "model", "--list"]));
    assert!(output.starts_with("base.count.expected: test\n"), "{output}");
    board.assert_clean();
}

fn every_fault(board: Sshd) {
    let arguments = ["--config", "base", "count", "--", "--subject", "model", "--fault", "all", "--shuffles", "1"];
    let (code, output, error) = Running::start(board.reglist(&arguments)).end();
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
    assert!(error.contains("reglist: unusable directory "), "{error}");
    let directory = error.split(" KiB to ").nth(1).and_then(|rest| rest.split(' ').next()).unwrap();
    assert!(directory.starts_with("/tmp/reglist-") && !Path::new(directory).exists(), "{error}");
    Events::of(&board).assert_whole();
    assert!(!board.path("trap").exists());
    board.assert_clean();
}

fn talkative() -> Result<Sshd, String> {
    Sshd::configured(
        "ForceCommand echo Welcome to this board; echo begin; printf '> '; exec sh -c \"$SSH_ORIGINAL_COMMAND\"",
    )
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

fn own_programs() -> Result<Sshd, String> {
    Sshd::configured("SetEnv TMPDIR=DIRECTORY/tmp HOME=DIRECTORY/home PATH=DIRECTORY/bin:/usr/bin:/bin")
}

fn kernel_log(board: Sshd) {
    board.program("dmesg", &format!("cat {}", board.path("dmesg").display()));
    board.write("dmesg", "[    1.0] booted\n[    2.0] BUG: long ago\n");
    let run = Running::start(board.reglist(&MODEL));
    board.hold(1);
    board.write(
        "dmesg",
        "[    1.0] booted\n[    2.0] BUG: long ago\n[    3.0] fine\n[    4.0] WARNING: CPU: 0 PID: 1 at kvm.c:1\n",
    );
    board.suite().into_iter().for_each(|process| kill(process, Signal::SIGCONT).unwrap());
    let (code, output, error) = run.end();
    assert_eq!(code, Some(0), "{output}{error}");
    let kept = fs::read_to_string(board.path("results/kernel.log")).unwrap();
    assert_eq!(kept, "[    3.0] fine\n[    4.0] WARNING: CPU: 0 PID: 1 at kvm.c:1\n");
    let warning = "reglist: warning: the kernel log has errors\n    [    4.0] WARNING: CPU: 0 PID: 1 at kvm.c:1\n";
    assert!(error.contains(warning), "{error}");
}

fn no_kernel_log(board: Sshd) {
    board.program("dmesg", "echo dmesg: Operation not permitted >&2; exit 1");
    board.program("journalctl", "exit 1");
    let (_, error) = expect(0, board.reglist(&MODEL));
    assert!(error.contains("failed to read the kernel log of the run: dmesg: Operation not permitted\n["), "{error}");
    assert!(!board.path("results/kernel.log").exists());
    // The journal is the second way.
    board.program("journalctl", "echo '[    1.0] from the journal'");
    let (_, error) = expect(0, board.reglist(&[&["--force"], &MODEL[..]].concat()));
    assert!(!error.contains("failed to read"), "{error}");
    assert_eq!(fs::read_to_string(board.path("results/kernel.log")).unwrap(), "");
}

fn asked(board: Sshd) {
    if find("script").is_none() {
        return eprintln!("skipped in part: there is no `script` here, which makes a terminal");
    }
    board.write("known_hosts", "");
    let command = board.reglist(&MODEL);
    let words = [command.get_program()].into_iter().chain(command.get_args()).map(|word| word.to_str().unwrap());
    let mut script = Command::new("script");
    script.args(["-q", "-e", "-c", &shlex::try_join(words).unwrap(), "/dev/null"]);
    board.at_home(script.env("TERM", "dumb"));
    let mut child = script.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut shown = Vec::new();
    let mut output = child.stdout.take().unwrap();
    let mut answer = child.stdin.take();
    let mut buffer = [0; 4096];
    while let Ok(count @ 1..) = output.read(&mut buffer) {
        shown.extend(buffer.iter().take(count));
        if String::from_utf8_lossy(&shown).contains("continue connecting")
            && let Some(mut terminal) = answer.take()
        {
            terminal.write_all(b"yes\n").unwrap();
            // Its end would be the end of the terminal.
            std::mem::forget(terminal);
        }
    }
    let shown = String::from_utf8_lossy(&shown);
    assert_eq!(child.wait().unwrap().code(), Some(0), "{shown}");
    assert!(shown.contains("reglist: passed: "), "{shown}");
    Events::of(&board).assert_whole();
    board.assert_clean();
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
