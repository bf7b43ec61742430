// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The program's arguments, exit codes and messages, as scripts meet them.
//!
//! Nothing here needs /dev/kvm; what a run does with a kernel is the lab's
//! business. Human wording is no interface: messages are compared only where
//! they must name something.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails; clippy knows only functions marked as tests")]

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::ffi::OsStringExt as _;
use std::os::unix::fs::symlink;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use proptest::prelude::*;
use tempfile::TempDir;

use reglist_suite::arch::LoongArch64;
use reglist_suite::checks::plan::plan;
use reglist_suite::exit;
use reglist_suite::report::events::{CaseFinished, Event, Label, SubjectKind, Verdict};
use reglist_suite::spec::clause::Level;
use reglist_suite::spec::{Source, Spec};

const PROGRAM: &str = env!("CARGO_BIN_EXE_reglist-suite");

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
    help.check(help.stdout().starts_with("Check a kernel's KVM_GET_REG_LIST"), "says what the program does");
    help.check(help.stdout().contains("Exit codes: 0 "), "says what exit codes mean");
    for word in ["Themes and their checks:", "landing_zone", "list.contents", "must: lists no id twice"] {
        help.check(help.stdout().contains(word), word);
    }
    let short = run(&["-h"]);
    short.check(short.stdout().contains("Exit codes: 0 "), "says in short what exit codes mean");
    short.check(!short.stdout().contains("list.contents"), "names no clauses in short");
}

#[test]
fn arguments_that_do_not_exist_are_wrong_usage() {
    run(&["--nope"]).refuses(&["--nope"]);
    run(&["--list", "--nope"]).refuses(&["--nope"]);
    run(&["nothing", "never"]).refuses(&["no case matches: nothing never"]);
    run(&["--config"]).refuses(&["--config"]);
    run(&["--format", "xml"]).refuses(&["xml"]);
    run(&["--test-threads", "many"]).refuses(&["many"]);
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

/// The events that a run with these arguments wrote to a file.
fn events(arguments: &[&str], code: u8) -> Vec<Event> {
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("events.jsonl");
    let events = [OsStr::new("--events"), file.as_os_str()];
    let arguments: Vec<&OsStr> = arguments.iter().map(OsStr::new).chain(events).collect();
    run(&arguments).ends(code);
    fs::read_to_string(&file).unwrap().lines().map(|line| Event::from_line(line).unwrap()).collect()
}

#[test]
fn a_run_on_the_model_passes_and_says_that_no_kernel_was_tested() {
    let run = run(&["--subject", "model"]);
    run.ends(exit::PASSED);
    let last = run.stdout().lines().last().unwrap_or_default().to_owned();
    run.check(last.starts_with("passed: "), "ends with the verdict");
    run.check(last.contains("no kernel was tested"), "says of the verdict that it is about no kernel");
}

#[test]
fn the_events_say_what_is_known_of_the_kernel() {
    let label = |text: &str| Label::parse(text).unwrap();
    let events = events(&["--subject", "model", "--label", "commit=1a2b", "--label=patch=a=b.patch", "unique"], 0);
    let Some(Event::RunStarted(started)) = events.first() else { panic!("{events:?}") };
    assert_eq!(started.labels, [label("commit=1a2b"), label("patch=a=b.patch")]);
    for wrong in ["commit", "=x", "commit=", "two\nlines=x"] {
        run(&["--subject", "model", "--label", wrong]).refuses(&["--label", "NAME=VALUE"]);
    }
}

#[test]
fn the_events_say_what_the_kernel_lists() {
    let listed = |arguments: &[&str], code| {
        let ends = events(arguments, code).into_iter().filter_map(|event| match event {
            Event::CaseFinished(case) => Some(case),
            _ => None,
        });
        ends.filter(|case| !case.listed.is_empty()).collect::<Vec<_>>()
    };
    let cases = listed(&["--subject", "model"], exit::PASSED);
    let sizes: Vec<_> = cases.iter().map(|case| (case.case.as_str(), case.listed.len())).collect();
    let expected = [76, 82, 82, 82, 82, 84, 90];
    let configurations = ["base", "lbt", "lbt_arm", "lbt_mips", "lbt_x86", "pmu", "pmu_lbt"];
    let ids = configurations.map(|name| format!("{name}.contents.exact"));
    assert_eq!(sizes, ids.iter().map(String::as_str).zip(expected).collect::<Vec<_>>());
    assert_eq!(cases[0].listed[0].name, "CRMD");
    // A round for a fault repeats nothing.
    assert_eq!(listed(&["--subject", "model", "--fault", "all", "--config", "lbt", "contents"], exit::FAILED), []);
}

#[test]
fn the_events_name_the_model_and_every_case() {
    let events = events(&["--subject", "model", "--config", "pmu"], exit::PASSED);
    let Some((Event::RunStarted(started), rest)) = events.split_first() else { panic!("{events:?}") };
    assert_eq!(started.subject, SubjectKind::Model);
    let planned: Vec<String> = planned().into_iter().filter(|id| id.starts_with("pmu.")).collect();
    assert_eq!(started.plan, planned);
    let finished: Vec<&str> = rest.iter().filter_map(finished).map(|case| case.case.as_str()).collect();
    assert_eq!(finished, planned);
    assert!(matches!(rest.last(), Some(Event::RunFinished(end)) if end.verdict == Verdict::Passed), "{rest:?}");
}

#[test]
fn a_fault_of_the_model_fails_the_run_and_is_named() {
    let events =
        events(&["--subject", "model", "--fault", "order-swapped", "--config", "base", "--strict"], exit::FAILED);
    assert!(
        matches!(events.first(), Some(Event::RunStarted(started)) if started.fault.as_deref() == Some("order-swapped"))
    );
    let broken: BTreeSet<&str> = events
        .iter()
        .filter_map(finished)
        .flat_map(|case| &case.findings)
        .filter(|finding| finding.level != Level::Note)
        .map(|finding| finding.clause.as_str())
        .collect();
    assert_eq!(broken, BTreeSet::from(["list.order"]));
}

fn finished(event: &Event) -> Option<&CaseFinished> {
    if let Event::CaseFinished(case) = event { Some(case) } else { None }
}

#[test]
fn a_fault_needs_the_model() {
    run(&["--subject", "kvm", "--fault", "order-swapped"]).refuses(&["--fault", "--subject model"]);
    run(&["--subject", "model", "--fault", "nope"]).refuses(&["nope"]);
}

/// Each kselftest's way: 0 passes, 1 fails, 4 is skipped; 2 and 3 would be taken
/// for expected failures.
#[test]
fn exit_codes_are_kselftests() {
    for (arguments, code) in [
        (&["--config", "base"][..], exit::PASSED),
        (&["--config", "base", "--fault", "pmu-always"], exit::FAILED),
        (&["--config", "pmu", "--model-host", "plain"], exit::NOTHING_TESTED),
    ] {
        for format in ["ktap", "tap13", "lava", "pretty", "terse", "json"] {
            run(&[&["--subject", "model", "--format", format], arguments].concat()).ends(code);
        }
    }
    assert_eq!((exit::PASSED, exit::FAILED, exit::NOTHING_TESTED), (0, 1, 4));
    run(&["--subject", "model", "efault.arr"]).ends(exit::PASSED);
    run(&["--subject", "model", "--exact", "efault.array_unmaped"])
        .refuses(&["no case matches: efault.array_unmaped", "efault.array_unmapped"]);
}

#[test]
fn a_format_of_lines_is_all_that_stdout_has() {
    let run = run(&["--subject", "model", "--config", "base", "--format", "ktap"]);
    let text = run.stdout();
    let lines: Vec<&str> = text.lines().collect();
    run.check(text.starts_with("KTAP version 1\n1..56\n# run {"), "begins with version and plan");
    run.check(
        lines.iter().all(|line| line.starts_with("# ") || line.starts_with("ok ") || lines[..2].contains(line)),
        "is KTAP",
    );
    run.check(lines[lines.len() - 1].starts_with("# Totals: pass:56 fail:0 "), "ends with the totals");
    let quiet = self::run(&["--subject", "model", "--config", "base", "--format", "terse"]);
    quiet.check(quiet.stdout().contains("test result: ok"), "is as libtest has it");
}

#[test]
fn formats_are_named_where_one_is_wrong() {
    run(&["--format", "xml"]).refuses(&["'xml'", "pretty, terse, json, ktap, tap13, lava"]);
    run(&["--format", "ktap", "--quiet"]).refuses(&["--quiet"]);
    let help = run(&["--help"]);
    help.check(help.stdout().contains("pretty, terse, json, ktap, tap13, lava"), "names every format");
    help.check(!help.stdout().contains("libtest-format"), "shows one option for them");
    for option in [&["--format", "tap13"][..], &["--junit", "x"], &["--tty", "/dev/null"]] {
        run(&[&["--subject", "model", "--fault", "all"], option].concat()).refuses(&["--fault all", option[0]]);
    }
}

#[test]
fn the_model_does_not_write_into_this_machines_kernel_log() {
    run(&["--subject", "model", "--kmsg"]).refuses(&["--kmsg", "the model is not a kernel"]);
}

#[test]
fn results_go_to_a_terminal_of_their_own() {
    let terminal = nix::pty::openpty(None, None).unwrap();
    let path = fs::read_link(format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&terminal.slave))).unwrap();
    let mut reader = fs::File::from(terminal.master);
    let reading = std::thread::spawn(move || {
        let (mut text, mut buffer) = (Vec::new(), [0; 4096]);
        while let Ok(count) = reader.read(&mut buffer) {
            text.extend_from_slice(&buffer[..count]);
            if count == 0 || String::from_utf8_lossy(&text).contains("# Totals") {
                break;
            }
        }
        String::from_utf8(text).unwrap()
    });
    let arguments = ["--subject", "model", "--config", "base", "--tty", path.to_str().unwrap()];
    let run = run(&arguments);
    run.ends(exit::PASSED).check(run.stdout().contains("passed: 56"), "keeps stdout for people");
    let text = reading.join().unwrap();
    assert!(text.starts_with("KTAP version 1\n1..56\n"), "{text}");
    assert!(!text.contains('\r'), "{text}");
}

#[test]
fn a_terminal_is_no_file() {
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("log");
    fs::write(&file, "mine").unwrap();
    let missing = directory.path().join("missing");
    for path in [file.as_path(), directory.path(), &missing] {
        let run = run(&[OsStr::new("--tty"), path.as_os_str(), "--subject".as_ref(), "model".as_ref()]);
        run.refuses(&[path.to_str().unwrap(), "/dev/ttyS1"]);
    }
    assert_eq!(fs::read_to_string(&file).unwrap(), "mine");
    run(&["--tty", "/dev/null", "--subject", "model", "--config", "base"]).ends(exit::PASSED);
}

#[test]
fn a_junit_file_that_exists_is_kept_as_it_is() {
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("junit.xml");
    let arguments = ["--subject", "model", "--config", "base", "--junit", file.to_str().unwrap()];
    run(&arguments).ends(exit::PASSED);
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.contains("tests=\"56\" failures=\"0\" errors=\"0\""), "{text}");
    run(&arguments).refuses(&["junit.xml", "exists"]);
    run(&["--junit", "/dev/null"]).refuses(&["/dev/null"]);
    assert_eq!(fs::read_to_string(&file).unwrap(), text);
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
}

#[test]
fn a_junit_file_is_never_written_through_a_link() {
    let directory = TempDir::new().unwrap();
    let (mine, file) = (directory.path().join("mine"), directory.path().join("junit.xml"));
    fs::write(&mine, "mine").unwrap();
    symlink(&mine, directory.path().join("junit.xml.new")).unwrap();
    run(&["--subject", "model", "--config", "base", "count", "--junit", file.to_str().unwrap()]).ends(exit::PASSED);
    assert_eq!(fs::read_to_string(&mine).unwrap(), "mine");
    assert!(fs::read_to_string(&file).unwrap().starts_with("<?xml"));
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 3);
}

/// A run that is killed in the middle: what has ended is on every channel.
#[test]
fn a_death_in_the_middle_loses_no_finished_result() {
    let directory = TempDir::new().unwrap();
    let path = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    let (events, junit) = (path("events"), path("junit"));
    let arguments = ["--subject", "model", "--format", "ktap", "--events", &events, "--junit", &junit];
    let mut child = command(&arguments).spawn().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut ktap = String::new();
    while ktap.matches("\nok ").count() < 20 {
        assert!(stdout.read_line(&mut ktap).unwrap() > 0, "{ktap}");
    }
    child.kill().unwrap();
    child.wait().unwrap();
    stdout.read_to_string(&mut ktap).unwrap();
    let told: Vec<&str> = ktap.lines().filter_map(|line| line.strip_prefix("ok ")?.split(' ').nth(1)).collect();
    let text = fs::read_to_string(&events).unwrap();
    let ended: Vec<Event> = text.lines().filter_map(|line| Event::from_line(line).ok()).collect();
    let ended: Vec<&str> = ended.iter().filter_map(finished).map(|case| case.case.as_str()).collect();
    assert!(told.len() >= 20 && ended.starts_with(&told[..told.len()]), "{told:?}\n{ended:?}");
    let xml = fs::read_to_string(&junit).unwrap();
    assert!(xml.ends_with("</testsuites>\n"), "{xml}");
    let passed = xml.lines().filter(|line| line.contains("<testcase ") && line.ends_with("/>")).count();
    let unfinished = xml.matches("<error message=\"did not finish").count();
    // What has begun to say more is no error either.
    let noted = xml.matches("<system-out>").count();
    assert_eq!(passed + noted + unfinished, planned().len());
    assert!(passed + noted + 1 >= told.len(), "{passed} {noted} {}", told.len());
}

#[test]
fn events_can_go_to_a_device() {
    run(&["--subject", "model", "--config", "base", "--events", "/dev/null"]).ends(exit::PASSED);
}

#[test]
fn a_run_whose_results_cannot_be_written_is_no_success() {
    let arguments = ["--subject", "model", "--config", "base"];
    let (reader, writer) = io::pipe().unwrap();
    drop(reader);
    let mut command = command(&arguments);
    command.stdout(writer);
    let run = Run::of(&mut command, b"");
    run.ends(exit::FAILED).check(run.stderr().contains("stdout was closed"), "says why");
}

#[cfg(not(feature = "compare"))]
#[test]
fn the_program_for_boards_compares_nothing() {
    run(&["--compare-model", "1"]).refuses(&["--compare-model"]);
    let help = run(&["--help"]);
    help.check(!help.stdout().contains("--compare-model"), "does not offer it");
}

#[cfg(feature = "compare")]
mod comparing {
    use super::*;

    #[test]
    fn a_kernel_is_compared_in_the_labs_guest_alone() {
        run(&["--compare-model", "1", "--subject", "kvm"]).refuses(&["the lab's guest", "reglist lab --compare-model"]);
        let help = run(&["--help"]);
        help.check(help.stdout().contains("--compare-model"), "offers it");
        help.check(help.stdout().contains("guest and on a model only"), "says where it does not run");
        help.check(!run(&["-h"]).stdout().contains("--compare-model"), "keeps it out of the summary");
    }

    #[test]
    fn the_model_agrees_with_itself_in_a_run_with_cases_of_its_own() {
        for kernel in ["7.3", "7.2", "6.12"] {
            let arguments = ["--subject", "model", "--compare-model", "4000", "--model-kernel", kernel];
            let events = events(&arguments, exit::PASSED);
            let finished: Vec<&CaseFinished> = events.iter().filter_map(finished).collect();
            let ids: Vec<&str> = finished.iter().map(|case| case.case.as_str()).collect();
            let sequences = ["compare.sequences.one_vcpu", "compare.sequences.several_vcpus"];
            assert_eq!(ids, [&["compare.descriptors"], &sequences[..]].concat());
            let calls: u64 = finished.iter().map(|case| case.ioctls).sum();
            assert!(calls > 3500, "{calls}");
        }
        let listed = run(&["--subject", "model", "--compare-model", "1", "--list", "several"]).listed();
        assert_eq!(listed, ["compare.sequences.several_vcpus"]);
    }

    #[test]
    fn a_fault_is_told_with_its_sequence_and_the_seed() {
        let arguments = ["--subject", "model", "--compare-model", "50000", "--fault", "set-drops-bit", "--seed", "9"];
        let run = run(&arguments);
        run.ends(exit::FAILED);
        for words in ["must   model.agrees: ERA ", "(seed 9)", "KVM_SET_ONE_REG ERA (0x9030000000010030) = 0x"] {
            run.check(run.stdout().contains(words), words);
        }
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
    vec![
        (vec!["--list"], exit::PASSED),
        (vec!["--help"], exit::PASSED),
        (vec!["--version"], exit::PASSED),
        (vec!["--nope"], exit::USAGE),
        (vec!["--series", "nope"], exit::USAGE),
    ]
}

proptest! {
    // Each try is a process of its own.
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_arguments_make_the_program_panic(arguments in proptest::collection::vec("[-=a-z0-9,.]{0,12}", 1..5)) {
        let run = run(&[&["--list".to_owned()], &arguments[..]].concat());
        prop_assert!(run.output.status.signal().is_none());
        let code = run.output.status.code();
        prop_assert!(code == Some(exit::PASSED.into()) || code == Some(exit::USAGE.into()), "{:?}: {:?}", arguments, code);
    }
}
