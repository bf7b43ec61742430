// SPDX-License-Identifier: Apache-2.0 OR MIT
use super::*;

const LONG: Duration = Duration::from_secs(20);

fn job(script: &str) -> Job {
    let path = std::env::var_os("PATH").unwrap_or_default();
    Job { argv: ["sh", "-c", script].map(OsString::from).to_vec(), environment: vec![("PATH".into(), path)] }
}

fn run(script: &str, limits: Limits) -> (Ending, Vec<String>) {
    let mut lines = Vec::new();
    let ending = supervise(&job(script), limits, &Interrupt::default(), &mut |source, line| {
        lines.push(format!("{source:?} {line}"));
        Flow::Continue
    })
    .unwrap();
    (ending, lines)
}

#[test]
fn both_outputs_are_read_to_the_last_byte() {
    let limits = Limits { total: LONG, silence: None };
    let (ending, mut lines) = run("echo a; echo b >&2; printf c; exit 3", limits);
    lines.sort();
    assert_eq!(lines, ["Error b", "Output a", "Output c"]);
    assert!(matches!(ending, Ending::Exited(status) if status.code() == Some(3)));
}

#[test]
fn a_line_without_end_does_not_fill_the_memory() {
    let limits = Limits { total: LONG, silence: None };
    let (_, lines) = run("head -c 20000000 /dev/zero | tr '\\0' x", limits);
    assert_eq!(lines.len(), 3);
}

#[test]
fn a_command_waits_for_a_slow_reader() {
    let directory = tempfile::tempdir().unwrap();
    let said = directory.path().join("said");
    let script = format!("yes | head -c 2000000; echo > {}", said.display());
    let mut lines = 0;
    let limits = Limits { total: LONG, silence: None };
    let ending = supervise(&job(&script), limits, &Interrupt::default(), &mut |_, _| {
        if lines == 0 {
            thread::sleep(Duration::from_millis(500));
            assert!(!said.exists(), "it waits in memory");
        }
        lines += 1;
        Flow::Continue
    });
    assert!(matches!(ending, Ok(Ending::Exited(status)) if status.success()));
    assert_eq!(lines, 1_000_000);
}

#[test]
fn a_command_that_takes_too_long_is_ended() {
    let limit = Duration::from_millis(200);
    let start = Instant::now();
    let (ending, _) = run("sleep 30", Limits { total: limit, silence: None });
    assert_eq!(ending, Ending::TimedOut { limit });
    assert!(start.elapsed() < GRACE);
}

#[test]
fn silence_is_a_limit_of_its_own() {
    let limit = Duration::from_millis(600);
    let limits = Limits { total: LONG, silence: Some(limit) };
    let (ending, lines) = run("for i in 1 2 3 4 5; do echo $i; sleep 0.2; done; sleep 30", limits);
    assert_eq!(ending, Ending::TimedOut { limit });
    assert_eq!(lines.len(), 5);
}

#[test]
fn the_reader_can_stop_a_command() {
    let limits = Limits { total: LONG, silence: None };
    let ending =
        supervise(&job("echo enough; sleep 30"), limits, &Interrupt::default(), &mut |_, _| Flow::Stop).unwrap();
    assert_eq!(ending, Ending::Stopped);
}

#[test]
fn outputs_closed_early_are_no_end() {
    let limits = Limits { total: LONG, silence: None };
    let (ending, _) = run("exec >&- 2>&-; sleep 0.3; exit 7", limits);
    assert!(matches!(ending, Ending::Exited(status) if status.code() == Some(7)));
}

#[test]
fn a_missing_program_is_an_error() {
    let job = Job { argv: vec!["/nonexistent".into()], environment: Vec::new() };
    let limits = Limits { total: LONG, silence: None };
    assert!(supervise(&job, limits, &Interrupt::default(), &mut |_, _| Flow::Continue).is_err());
}
