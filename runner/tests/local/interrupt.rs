// SPDX-License-Identifier: Apache-2.0 OR MIT
//! A run that is ended in the middle of a case shows what it has, and leaves
//! no process.

use std::fs::{self, File, OpenOptions};
use std::io::{BufRead as _, BufReader, Read as _};
use std::os::fd::AsFd as _;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::fcntl::{FcntlArg, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{Signal, kill, killpg};
use nix::sys::stat::Mode;
use nix::unistd::{Pid, mkfifo};

const PATIENCE: Duration = Duration::from_secs(20);

/// A run whose server of cases is stopped, so that a case hangs.
struct Hanging {
    run: Child,
    server: Pid,
    /// The case that has begun and does not end.
    case: String,
    _events: BufReader<File>,
    _directory: tempfile::TempDir,
}

impl Hanging {
    fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("events");
        mkfifo(&path, Mode::S_IRWXU).unwrap();
        // Events that nobody reads hold the run up, because few fit into the pipe.
        // Open for both, or this would wait for the run's end of it.
        let pipe = OpenOptions::new().read(true).write(true).open(&path).unwrap();
        fcntl(pipe.as_fd(), FcntlArg::F_SETPIPE_SZ(4096)).unwrap();
        let mut events = BufReader::with_capacity(64, pipe);

        let mut command = Command::new(env!("CARGO_BIN_EXE_reglist"));
        command.args(["run", "--subject", "model", "--events"]).arg(&path);
        // A group of its own, as a shell gives it: a terminal's Ctrl-C goes to the group.
        let run = command.process_group(0).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        while !next(&mut events).contains("case_finished") {}
        let server = child_of(pid(&run)).unwrap();
        kill(server, Signal::SIGSTOP).unwrap();
        let mut last = next(&mut events);
        while !started(&last).is_some_and(|_| quiet(&events)) {
            last = next(&mut events);
        }
        let case = started(&last).unwrap().to_owned();
        Self { run, server, case, _events: events, _directory: directory }
    }

    /// The exit code, the standard output and the standard error.
    fn end(&mut self) -> (Option<i32>, String, String) {
        let start = Instant::now();
        while self.run.try_wait().unwrap().is_none() {
            assert!(start.elapsed() < PATIENCE, "the run does not end");
            thread::sleep(Duration::from_millis(5));
        }
        let (mut out, mut error) = (String::new(), String::new());
        self.run.stdout.take().unwrap().read_to_string(&mut out).unwrap();
        self.run.stderr.take().unwrap().read_to_string(&mut error).unwrap();
        (self.run.wait().unwrap().code(), out, error)
    }

    fn assert_nobody_left(&self) {
        let start = Instant::now();
        while parent_of(self.server).is_some() {
            assert!(start.elapsed() < PATIENCE, "the server of cases is left");
            thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Hanging {
    fn drop(&mut self) {
        let _ = self.run.kill();
        let _ = self.run.wait();
    }
}

fn pid(child: &Child) -> Pid {
    Pid::from_raw(i32::try_from(child.id()).unwrap())
}

fn next(events: &mut BufReader<File>) -> String {
    let mut line = String::new();
    events.read_line(&mut line).unwrap();
    line
}

/// The case that the line of an event begins.
fn started(line: &str) -> Option<&str> {
    line.contains("case_started").then(|| line.split('"').nth_back(1)).flatten()
}

/// Whether no event comes for a while.
fn quiet(events: &BufReader<File>) -> bool {
    let source = PollFd::new(events.get_ref().as_fd(), PollFlags::POLLIN);
    events.buffer().is_empty() && poll(&mut [source], PollTimeout::from(500u16)).unwrap() == 0
}

/// The parent of a process that is not dead.
fn parent_of(process: Pid) -> Option<Pid> {
    let text = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    let mut fields = text.rsplit_once(") ")?.1.split(' ');
    let state = fields.next()?;
    let parent = fields.next()?.parse().ok()?;
    (!matches!(state, "Z" | "X")).then(|| Pid::from_raw(parent))
}

fn child_of(parent: Pid) -> Option<Pid> {
    let entries = fs::read_dir("/proc").unwrap().flatten();
    let processes = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).map(Pid::from_raw);
    processes.into_iter().find(|process| parent_of(*process) == Some(parent))
}

#[test]
fn an_interrupted_run_shows_its_results_and_names_the_suspect() {
    for signal in [Signal::SIGINT, Signal::SIGTERM] {
        let mut hanging = Hanging::start();
        killpg(pid(&hanging.run), signal).unwrap();
        let (code, out, error) = hanging.end();
        assert_eq!(code, Some(5), "{out}{error}");
        let lines: Vec<&str> = out.lines().collect();
        assert!(lines[0].starts_with("model: no kernel was tested"), "{out}");
        assert!(out.contains("M missing"), "{out}");
        let last = lines.last().unwrap();
        assert!(last.starts_with(&format!("reglist: interrupted: in case {}; ", hanging.case)), "{out}");
        assert!(last.ends_with(" of 386 cases did not finish; model: no kernel was tested"), "{out}");
        assert_eq!(error, "");
        hanging.assert_nobody_left();
    }
}

#[test]
fn a_killed_run_takes_its_processes_with_it() {
    let mut hanging = Hanging::start();
    kill(pid(&hanging.run), Signal::SIGKILL).unwrap();
    assert_eq!(hanging.end().0, None);
    hanging.assert_nobody_left();
}

#[test]
fn the_events_of_an_interrupted_run_give_the_same_verdict() {
    let directory = tempfile::tempdir().unwrap();
    let events = directory.path().join("events.jsonl");
    let mut command = Command::new(env!("CARGO_BIN_EXE_reglist"));
    // A case that takes seconds.
    command.args(["run", "--subject", "model", "--exact", "pmu_lbt.restore.any_order", "--shuffles", "1000000"]);
    let run = command.arg("--events").arg(&events).process_group(0).stdout(Stdio::piped()).spawn().unwrap();
    let start = Instant::now();
    while !fs::read_to_string(&events).is_ok_and(|text| text.contains("case_started")) {
        assert!(start.elapsed() < PATIENCE, "no case begins");
        thread::sleep(Duration::from_millis(5));
    }
    kill(pid(&run), Signal::SIGINT).unwrap();
    let output = run.wait_with_output().unwrap();
    let report = Command::new(env!("CARGO_BIN_EXE_reglist")).arg("report").arg(&events).output().unwrap();
    let last = |bytes: &[u8]| String::from_utf8_lossy(bytes).lines().last().map(str::to_owned);
    assert_eq!((output.status.code(), report.status.code()), (Some(5), Some(5)));
    assert_eq!(last(&output.stdout), last(&report.stdout));
    let words = "reglist: interrupted: in case pmu_lbt.restore.any_order; 1 of 1 case did not finish";
    assert!(last(&report.stdout).is_some_and(|line| line.starts_with(words)), "{report:?}");
}
