// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The program's arguments, exit codes and messages, as scripts meet them.
//!
//! Nothing here needs /dev/kvm; what a run does with a kernel is the lab's
//! business. Human wording is no interface: messages are compared only where
//! they must name something.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails; clippy knows only functions marked as tests"
)]

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{self, Write as _};
use std::os::unix::ffi::OsStringExt as _;
use std::os::unix::fs::symlink;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use proptest::prelude::*;
use tempfile::TempDir;

use reglist_suite::arch::LoongArch64;
use reglist_suite::exit;
use reglist_suite::job::{CaseJob, Job, Message};
use reglist_suite::plan::plan;
use reglist_suite::spec::{Source, Spec};

const PROGRAM: &str = env!("CARGO_BIN_EXE_reglist-suite");
const WORKER: &str = "--work-on-one-case";

/// A finished run of the program, to be asserted on.
struct Run {
    command: String,
    output: Output,
}

impl Run {
    fn of(command: &mut Command, input: &[u8]) -> Self {
        let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
        // A program that ends without reading is judged by its end.
        let _ = child.stdin.take().unwrap().write_all(input);
        Self { command: format!("{command:?}"), output: child.wait_with_output().unwrap() }
    }

    fn stdout(&self) -> String {
        String::from_utf8_lossy(&self.output.stdout).into_owned()
    }

    fn stderr(&self) -> String {
        String::from_utf8_lossy(&self.output.stderr).into_owned()
    }

    #[track_caller]
    fn check(&self, holds: bool, what: &str) -> &Self {
        let Self { command, output } = self;
        let (status, stdout, stderr) = (output.status, self.stdout(), self.stderr());
        assert!(holds, "{what}\n{command}\n{status}\n--- stdout\n{stdout}\n--- stderr\n{stderr}");
        self
    }

    /// Ended by itself, with `code`, and without a panic.
    #[track_caller]
    fn ends(&self, code: u8) -> &Self {
        self.check(self.output.status.code() == Some(code.into()), &format!("ends with {code}"))
            .check(!self.stderr().contains("panicked"), "does not panic")
    }

    /// Ended as wrong usage: everything said is on stderr and names `words`.
    #[track_caller]
    fn refuses(&self, words: &[&str]) -> &Self {
        self.ends(exit::USAGE).check(self.output.stdout.is_empty(), "keeps stdout for results");
        for word in words {
            self.check(self.stderr().contains(word), &format!("names {word}"));
        }
        self
    }

    /// Ids that `--list` names, in order.
    #[track_caller]
    fn listed(&self) -> Vec<String> {
        self.ends(exit::PASSED);
        self.stdout()
            .lines()
            .map(|line| {
                let id = line.strip_suffix(": test");
                self.check(id.is_some(), &format!("prints `ID: test`, not `{line}`"));
                id.unwrap().to_owned()
            })
            .collect()
    }
}

fn command<S: AsRef<OsStr>>(arguments: &[S]) -> Command {
    let mut command = Command::new(PROGRAM);
    command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn run<S: AsRef<OsStr>>(arguments: &[S]) -> Run {
    Run::of(&mut command(arguments), b"")
}

fn planned() -> Vec<String> {
    let spec = Spec::load(&Source::Embedded, &LoongArch64, "v5").unwrap();
    plan(&spec, &[]).into_iter().map(|case| case.id).collect()
}

/// A copy of the built-in specifications.
fn copy_of_specs() -> TempDir {
    fn copy(from: &Path, to: &Path) {
        fs::create_dir_all(to).unwrap();
        for entry in fs::read_dir(from).unwrap() {
            let entry = entry.unwrap();
            let to = to.join(entry.file_name());
            if entry.file_type().unwrap().is_dir() {
                copy(&entry.path(), &to);
            } else {
                fs::copy(entry.path(), to).unwrap();
            }
        }
    }
    let tree = TempDir::new().unwrap();
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../specs"), tree.path());
    tree
}

#[test]
fn list_names_every_case() {
    let run = run(&["--list"]);
    assert_eq!(run.listed(), planned());
    run.check(run.output.stderr.is_empty(), "says nothing else");
}

/// Where /dev/kvm exists, it is hidden in a mount namespace of the test's own.
#[test]
fn list_needs_no_dev_kvm() {
    if !Path::new("/dev/kvm").exists() {
        assert_eq!(run(&["--list"]).listed(), planned());
        return;
    }
    let hide = "mount -t tmpfs none /dev && ! test -e /dev/kvm";
    let mut unshare = Command::new("unshare");
    unshare.args(["--map-root-user", "--mount", "sh", "-c"]);
    let hidden = unshare.arg(hide).stderr(Stdio::null()).status();
    if !hidden.is_ok_and(|status| status.success()) {
        eprintln!("skipped: /dev/kvm cannot be hidden here, as unshare or user namespaces are missing");
        return;
    }
    let mut unshare = Command::new("unshare");
    unshare.args(["--map-root-user", "--mount", "sh", "-c"]);
    unshare.arg(format!("{hide} && exec {PROGRAM} --list")).stdout(Stdio::piped()).stderr(Stdio::piped());
    assert_eq!(Run::of(&mut unshare, b"").listed(), planned());
}

#[test]
fn a_filter_keeps_the_ids_that_hold_it() {
    let kept = run(&["--list", "e2big"]).listed();
    let expected: Vec<String> = planned().into_iter().filter(|id| id.contains("e2big")).collect();
    assert!(!expected.is_empty());
    assert_eq!(kept, expected);
}

#[test]
fn exact_keeps_one_case() {
    assert_eq!(run(&["--list", "--exact", "base.e2big.count"]).listed(), ["base.e2big.count"]);
    assert_eq!(run(&["--list", "--exact", "base.e2big"]).listed(), [""; 0]);
}

#[test]
fn skip_leaves_out_what_it_names() {
    let left = run(&["--list", "--skip", "efault", "--skip", "lbt"]).listed();
    let expected: Vec<String> =
        planned().into_iter().filter(|id| !id.contains("efault") && !id.contains("lbt")).collect();
    assert_eq!(left, expected);
}

#[test]
fn config_chooses_configurations_by_their_whole_name() {
    let configurations = |arguments: &[&str]| -> BTreeSet<String> {
        run(arguments).listed().iter().map(|id| id.split('.').next().unwrap().to_owned()).collect()
    };
    assert_eq!(configurations(&["--list", "--config", "pmu"]), BTreeSet::from(["pmu".to_owned()]));
    assert_eq!(
        configurations(&["--list", "--config", "pmu", "--config", "lbt"]),
        BTreeSet::from(["pmu".to_owned(), "lbt".to_owned()])
    );
}

#[test]
fn no_case_counts_as_ignored() {
    assert_eq!(run(&["--list", "--ignored"]).listed(), [""; 0]);
    assert_eq!(run(&["--list", "--include-ignored"]).listed(), planned());
}

#[test]
fn help_and_version_are_results() {
    for argument in ["--help", "-h", "--version", "-V"] {
        let run = run(&[argument]);
        run.ends(exit::PASSED).check(!run.output.stdout.is_empty(), "says something on stdout");
    }
    let version = run(&["--version"]);
    version.check(version.stdout() == format!("reglist-suite {}\n", env!("CARGO_PKG_VERSION")), "names its version");
    let help = run(&["--help"]);
    for option in ["--list", "--series", "--config", "--specs", "--events", "--allow-new", "--strict", "--timeout"] {
        help.check(help.stdout().contains(option), option);
    }
    help.check(help.stdout().starts_with("Checks a kernel's KVM_GET_REG_LIST"), "says what the program does");
    help.check(help.stdout().contains("Exit codes: 0 "), "says what exit codes mean");
    help.check(!help.stdout().contains(WORKER), "keeps the worker's argument to itself");
}

#[test]
fn arguments_that_do_not_exist_are_wrong_usage() {
    run(&["--nope"]).refuses(&["--nope"]);
    run(&["--list", "--nope"]).refuses(&["--nope"]);
    run(&["one", "two"]).refuses(&["two"]);
    run(&["--config"]).refuses(&["--config"]);
    run(&["--format", "xml"]).refuses(&["xml"]);
    run(&["--test-threads", "many"]).refuses(&["many"]);
    run(&["--list", WORKER]).refuses(&[WORKER]);
}

#[test]
fn arguments_that_are_not_utf_8_are_wrong_usage() {
    let garbage = OsString::from_vec(vec![b'x', 0xff]);
    for option in ["--list", "--series", "--config", "--require", "--timeout", "--specs"] {
        run(&[OsString::from(option), garbage.clone()]).refuses(&[]);
    }
}

#[test]
fn an_unknown_series_is_refused_with_the_known_ones() {
    run(&["--series", "nope"]).refuses(&["reglist-suite: ", "`nope`", "v5"]);
    run(&["--series", "nope", "--list"]).refuses(&["`nope`"]);
    run(&["--series", ""]).refuses(&["v5"]);
}

#[test]
fn an_unknown_configuration_is_refused_with_the_known_ones() {
    run(&["--config", "nope"]).refuses(&["reglist-suite: ", "v5", "`nope`", "pmu_lbt"]);
    run(&["--config", "nope", "--list"]).refuses(&["`nope`"]);
}

#[test]
fn an_unknown_feature_is_refused_with_the_known_ones() {
    run(&["--require", "nonsense"]).refuses(&["reglist-suite: ", "`nonsense`", "pmu, lbt_x86, lbt_arm, lbt_mips"]);
    run(&["--require", "pmu,nonsense"]).refuses(&["`nonsense`"]);
    run(&["--require", "pmu,lbt_x86", "--list"]).ends(exit::PASSED);
}

#[test]
fn a_time_limit_is_more_than_nothing_and_less_than_forever() {
    for limit in ["0", "-1", "x", "", "inf", "NaN", "1e30"] {
        run(&[&format!("--timeout={limit}")]).refuses(&["--timeout"]);
    }
    for limit in ["0.5", "1", "600"] {
        run(&["--list", "--timeout", limit]).ends(exit::PASSED);
    }
}

#[test]
fn specifications_can_be_given() {
    let specs = copy_of_specs();
    let arguments = ["--list".as_ref(), "--specs".as_ref(), specs.path().as_os_str()];
    assert_eq!(run(&arguments).listed(), planned());

    let v5 = specs.path().join("loongarch64/v5");
    let v6 = specs.path().join("loongarch64/v6");
    fs::create_dir(&v6).unwrap();
    fs::copy(v5.join("groups.yaml"), v6.join("groups.yaml")).unwrap();
    fs::copy(v5.join("base.yaml"), v6.join("bare.yaml")).unwrap();
    let listed = run(&[&arguments[..], &["--series".as_ref(), "v6".as_ref()]].concat()).listed();
    assert!(!listed.is_empty());
    assert!(listed.iter().all(|id| id.starts_with("bare.")), "{listed:?}");
}

#[test]
fn an_error_in_the_specifications_is_told_once_with_file_and_line() {
    let specs = copy_of_specs();
    let file = specs.path().join("loongarch64/v5/pmu.yaml");
    let text = fs::read_to_string(&file).unwrap().replace("count: 84", "count: 85");
    fs::write(&file, &text).unwrap();
    let line = 1 + text.lines().position(|line| line.starts_with("count:")).unwrap();
    for more in [&[] as &[&str], &["--list"], &["--config", "base"]] {
        let mut arguments: Vec<&OsStr> = vec!["--specs".as_ref(), specs.path().as_os_str()];
        arguments.extend(more.iter().map(OsStr::new));
        let run = run(&arguments);
        run.refuses(&[&format!("reglist-suite: {}:{line}: key `count`", file.display()), "84", "85"]);
        run.check(run.stderr().matches("key `count`").count() == 1, "says it once");
        run.check(run.stderr().trim_end().ends_with(']'), "ends with the remedy");
    }
}

#[test]
fn a_directory_without_specifications_is_refused() {
    let empty = TempDir::new().unwrap();
    let missing = empty.path().join("missing");
    for directory in [empty.path(), &missing] {
        let arguments = ["--specs".as_ref(), directory.as_os_str()];
        run(&arguments).refuses(&[&format!("{}:1: ", directory.join("clauses.yaml").display())]);
    }
}

#[test]
fn an_events_file_that_exists_is_kept_as_it_is() {
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("events.jsonl");
    fs::write(&file, "precious\n").unwrap();
    run(&["--events".as_ref(), file.as_os_str()]).refuses(&["reglist-suite: ", "events.jsonl"]);
    assert_eq!(fs::read_to_string(&file).unwrap(), "precious\n");
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
}

#[test]
fn a_log_file_that_exists_is_kept_as_it_is() {
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("log");
    fs::write(&file, "mine").unwrap();
    run(&[OsStr::new("--logfile"), file.as_os_str()]).refuses(&["log", "exists"]);
    assert_eq!(fs::read_to_string(&file).unwrap(), "mine");
}

#[test]
fn no_threads_at_all_are_refused() {
    run(&["--test-threads", "0"]).refuses(&["--test-threads"]);
}

#[test]
fn events_go_to_no_directory_and_through_no_link() {
    let directory = TempDir::new().unwrap();
    let link = directory.path().join("link");
    let target = directory.path().join("target");
    symlink(&target, &link).unwrap();
    let missing: PathBuf = directory.path().join("missing/events.jsonl");
    for path in [directory.path(), &link, &missing] {
        let run = run(&["--events".as_ref(), path.as_os_str()]);
        run.refuses(&["reglist-suite: ", path.to_str().unwrap()]);
        run.check(run.stderr().trim_end().ends_with(']'), "ends with the remedy");
    }
    assert!(!target.exists());
}

#[cfg(not(target_arch = "loongarch64"))]
mod on_another_architecture {
    use reglist_suite::events::{Event, Verdict};

    use super::*;

    #[test]
    fn a_run_says_that_nothing_was_tested() {
        let run = run(&[""; 0]);
        run.ends(exit::NOTHING_TESTED);
        run.check(run.stdout().starts_with("nothing tested"), "says so on stdout");
        run.check(run.stdout().contains("reglist lab"), "says what to do instead");
    }

    #[test]
    fn the_events_say_that_nothing_was_tested() {
        let directory = TempDir::new().unwrap();
        let file = directory.path().join("events.jsonl");
        run(&["--events".as_ref(), file.as_os_str()]).ends(exit::NOTHING_TESTED);
        let text = fs::read_to_string(&file).unwrap();
        let events: Vec<Event> = text.lines().map(|line| Event::from_line(line).unwrap()).collect();
        assert!(matches!(&events[0], Event::RunStarted(started) if started.plan.is_empty()), "{text}");
        assert!(matches!(&events[1..], [Event::RunFinished(end)] if end.verdict == Verdict::NothingTested), "{text}");
    }

    #[test]
    fn events_can_go_to_a_device() {
        run(&["--events", "/dev/null"]).ends(exit::NOTHING_TESTED);
    }
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    for (arguments, code) in closed_stream_runs() {
        let (reader, writer) = io::pipe().unwrap();
        drop(reader);
        let mut command = command(&arguments);
        command.stdout(writer);
        Run::of(&mut command, b"").ends(code);
    }
}

#[test]
fn a_closed_or_full_stdout_is_no_panic() {
    for (arguments, code) in closed_stream_runs() {
        for end in [">&-", ">/dev/full", ">&- 2>&-", ">/dev/full 2>/dev/full"] {
            let mut shell = Command::new("sh");
            shell.arg("-c").arg(format!("exec \"$0\" \"$@\" {end}")).arg(PROGRAM).args(&arguments);
            shell.stdout(Stdio::piped()).stderr(Stdio::piped());
            Run::of(&mut shell, b"").ends(code);
        }
    }
}

fn closed_stream_runs() -> Vec<(Vec<&'static str>, u8)> {
    let mut runs = vec![
        (vec!["--list"], exit::PASSED),
        (vec!["--help"], exit::PASSED),
        (vec!["--version"], exit::PASSED),
        (vec!["--nope"], exit::USAGE),
        (vec!["--series", "nope"], exit::USAGE),
    ];
    if cfg!(not(target_arch = "loongarch64")) {
        runs.push((vec![], exit::NOTHING_TESTED));
    }
    runs
}

/// What the worker answers to `input`: one line, even where it is nonsense.
#[track_caller]
fn answer(input: &[u8]) -> Message {
    let run = Run::of(&mut command(&[WORKER]), input);
    run.ends(exit::PASSED);
    let stdout = run.stdout();
    run.check(stdout.lines().count() == 1 && stdout.ends_with('\n'), "answers in one line");
    serde_json::from_str(&stdout).unwrap()
}

#[track_caller]
fn assert_trouble(input: &[u8], word: &str) {
    match answer(input) {
        Message::Trouble { reason } => assert!(reason.contains(word), "{reason} names {word}"),
        other => panic!("{other:?} to {:?}", String::from_utf8_lossy(input)),
    }
}

fn job(check: &str) -> Vec<u8> {
    let spec = Spec::load(&Source::Embedded, &LoongArch64, "v5").unwrap();
    let expected = spec.configurations[0].registers.clone();
    let job = CaseJob {
        check: check.to_owned(),
        features: Vec::new(),
        names: expected.iter().map(|register| (register.id, register.name.clone())).collect(),
        expected,
        levels: spec.clauses.clauses.into_iter().map(|clause| (clause.id, clause.level)).collect(),
        allow_new: false,
    };
    serde_json::to_vec(&Job::Case(Box::new(job))).unwrap()
}

#[test]
fn a_worker_without_a_job_says_so() {
    assert_trouble(b"", "malformed");
    assert_trouble(b"\n", "malformed");
    assert_trouble(b"nonsense", "malformed");
    assert_trouble(b"{}", "malformed");
    assert_trouble(b"{\"Case\":{}}", "malformed");
    assert_trouble(b"\"Prob\"", "malformed");
    assert_trouble(b"\xff\xfe", "read");
    assert_trouble("[".repeat(1 << 17).as_bytes(), "malformed");
    assert_trouble(&job("no.such.check"), "no.such.check");
}

#[test]
fn a_worker_with_a_truncated_job_says_so() {
    let job = job("no.such.check");
    for length in (0..job.len()).step_by(job.len() / 40).chain([job.len() - 1]) {
        assert_trouble(&job[..length], "malformed");
    }
}

#[test]
fn a_worker_whose_answer_nobody_reads_ends_with_an_error() {
    let (reader, writer) = io::pipe().unwrap();
    drop(reader);
    let mut command = command(&[WORKER]);
    command.stdout(writer);
    Run::of(&mut command, b"nonsense").ends(exit::FAILED);
}

proptest! {
    // Each try is a process of its own.
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_make_a_worker_panic(input in proptest::collection::vec(any::<u8>(), 0..200)) {
        let troubled = matches!(answer(&input), Message::Trouble { .. });
        prop_assert!(troubled);
    }

    #[test]
    fn no_arguments_make_the_program_panic(arguments in proptest::collection::vec("[-=a-z0-9,.]{0,12}", 1..5)) {
        let run = run(&[&["--list".to_owned()], &arguments[..]].concat());
        prop_assert!(run.output.status.signal().is_none());
        let code = run.output.status.code();
        prop_assert!(code == Some(exit::PASSED.into()) || code == Some(exit::USAGE.into()), "{:?}: {:?}", arguments, code);
    }
}
