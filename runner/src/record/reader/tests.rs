// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Formats on a made-up run, and on anything.

use std::io::{self, BufReader, Read};

use proptest::prelude::*;
use reglist_suite::report::events::{CaseFinished, Outcome, RunStarted};
use reglist_suite::report::format::KTAP;
use reglist_suite::report::record::{End, Record};
use reglist_suite::spec::clause::Level;

use super::*;
use crate::record::verdict::{Conclusion, Kind, worst};

/// A run with every outcome, which breaks off in its last case but one.
const BROKEN_OFF: &str = include_str!("../../../../ci/formats/broken-off.jsonl");

fn runs_of(bytes: &[u8]) -> Result<Vec<StoredRun>, String> {
    StoredFile::from_lines(&mut &*bytes, "`x`").map(|file| file.runs).map_err(|error| error.to_string())
}

fn only(bytes: &[u8]) -> StoredRun {
    let mut runs = runs_of(bytes).unwrap();
    assert_eq!(runs.len(), 1, "{runs:?}");
    runs.remove(0)
}

/// The cases of a run that was made whole.
fn cases(run: &StoredRun) -> Vec<CaseFinished> {
    run.record
        .whole()
        .into_iter()
        .filter_map(|event| if let Event::CaseFinished(case) = event { Some(case) } else { None })
        .collect()
}

fn code(run: &StoredRun) -> u8 {
    Conclusion::of(&run.record, None).exit_code()
}

fn outcomes(run: &StoredRun) -> Vec<(String, Outcome)> {
    cases(run).into_iter().map(|case| (case.case, case.outcome)).collect()
}

/// The KTAP that a suite has printed up to where the events break off.
fn ktap() -> String {
    let mut lines = KTAP.lines(false);
    let mut whole = Record::default();
    let events = BROKEN_OFF.lines().map(|line| Event::from_line(line).unwrap());
    events
        .flat_map(|event| whole.follow(&event))
        .flat_map(|event| lines.event(&event))
        .map(|line| line + "\n")
        .collect()
}

const ENDS: [(&str, Outcome); 7] = [
    ("base.count.expected", Outcome::Pass),
    ("base.contents.exact", Outcome::Fail),
    ("base.stable.repeated", Outcome::Pass),
    ("pmu.count.expected", Outcome::Skip),
    ("lbt.roundtrip.get", Outcome::Error),
    ("lbt.restore.cold", Outcome::Error),
    ("pmu_lbt.efault.array_unmapped", Outcome::Error),
];

fn ends() -> Vec<(String, Outcome)> {
    ENDS.map(|(case, outcome)| (case.to_owned(), outcome)).to_vec()
}

#[test]
fn a_run_that_broke_off_has_a_suspect() {
    for bytes in [BROKEN_OFF.to_owned(), ktap()] {
        let run = only(bytes.as_bytes());
        assert_eq!(outcomes(&run), ends());
        let conclusion = Conclusion::of(&run.record, None);
        assert_eq!((conclusion.kind, conclusion.missing, conclusion.planned), (Kind::BrokenOff, 2, 7));
        assert_eq!(conclusion.place, "in case lbt.restore.cold");
        assert!(cases(&run)[5].reason.as_deref().unwrap().contains("suspect"));
        assert_eq!(code(&run), exit::FAILED);
    }
}

#[test]
fn ktap_tells_what_the_events_do() {
    let (events, ktap) = (only(BROKEN_OFF.as_bytes()), only(ktap().as_bytes()));
    assert_eq!(events.record.started, ktap.record.started);
    for (one, other) in cases(&events).into_iter().zip(cases(&ktap)) {
        assert_eq!((&one.case, one.outcome, &one.reason), (&other.case, other.outcome, &other.reason));
        assert_eq!(one.findings, other.findings);
    }
}

#[test]
fn ktap_is_found_in_logs_of_many_kinds() {
    let expected = outcomes(&only(ktap().as_bytes())).into_iter().collect::<Vec<_>>();
    let prefixed = |prefix: &dyn Fn(usize) -> String| -> String {
        ktap().lines().enumerate().map(|(number, line)| format!("{}{line}\r\r\n", prefix(number))).collect()
    };
    let kernel = prefixed(&|number| format!("[{:5}.{number:06}] ", number + 9));
    for log in [
        kernel.clone(),
        format!("[    0.000000] Linux version 7.2.13\n{kernel}[  999.000000] Kernel panic - not syncing: x\n"),
        prefixed(&|number| format!("<0>[{number}.5][    T{number}] ")),
        prefixed(&|number| format!("Nov {:2} 10:00:{:02} board kernel: ", number % 30 + 1, number % 60)),
        prefixed(&|_| "# ".to_owned()),
        format!("TAP version 13\n1..1\n# selftests: kvm_reglist: reglist\n{}", prefixed(&|_| "# ".to_owned())),
        // Somebody else's words behind an id, before the line's own end.
        ktap().replace("ok 1 base.count.expected", "ok 1 base.count.expected[ 1.0] noise"),
    ] {
        let run = only(log.as_bytes());
        let seen: Vec<_> = outcomes(&run).into_iter().collect();
        assert_eq!(seen, expected, "{log}");
    }
}

#[test]
fn a_torn_line_is_no_result() {
    let ktap = ktap();
    let end = ktap.find("ok 4 pmu.count.expected").unwrap() + "ok 4 pmu.count.expected".len();
    let run = only(&ktap.as_bytes()[..end]);
    assert_eq!(outcomes(&run)[3], ("pmu.count.expected".to_owned(), Outcome::Error));
    for cut in 0..BROKEN_OFF.len() {
        match runs_of(&BROKEN_OFF.as_bytes()[..cut]) {
            Ok(runs) => assert_eq!(cases(&runs[0]).len(), 7),
            Err(error) => assert!(error.contains("is empty") || error.contains("no run in"), "{error}"),
        }
        if cut <= ktap.len() {
            let _ = runs_of(&ktap.as_bytes()[..cut]);
        }
    }
}

#[test]
fn ktap_of_others_has_numbers_for_names() {
    let run = only(b"TAP version 13\n1..4\nok 1 - first one # SKIP no LBT\nnot ok 3 x # TIMEOUT 45 seconds\nok 9 y\n");
    let seen = outcomes(&run);
    let seen: Vec<_> = seen.iter().map(|(id, outcome)| (id.as_str(), *outcome)).collect();
    assert_eq!(
        seen,
        [("first_one", Outcome::Skip), ("x", Outcome::Error), ("case_2", Outcome::Error), ("case_4", Outcome::Error)]
    );
    assert_eq!(cases(&run)[0].reason.as_deref(), Some("no LBT"));
}

#[test]
fn runs_may_follow_each_other() {
    let both = format!("{BROKEN_OFF}{BROKEN_OFF}");
    let runs = runs_of(both.as_bytes()).unwrap();
    assert_eq!(runs.len(), 2);
    assert!(runs.iter().all(|run| outcomes(run) == ends()));
    let both = format!("{}noise\n{}", ktap(), ktap());
    assert_eq!(runs_of(both.as_bytes()).unwrap().len(), 2);
}

/// The runs of a log: their cases with the outcomes, and the worst exit code.
fn read_log(log: &str) -> (Vec<Vec<(String, Outcome)>>, u8) {
    let runs = runs_of(log.as_bytes()).unwrap();
    (runs.iter().map(outcomes).collect(), worst(runs.iter().map(code)))
}

const RUNNER: &str = "TAP version 13
1..2
# timeout set to 45
# selftests: kvm: a
# TAP version 13
# 1..2
# ok 1 x
# ok 2 y # SKIP no PMU
# # Totals: pass:1 fail:0 xfail:0 xpass:0 skip:1 error:0
ok 1 selftests: kvm: a
# timeout set to 45
# selftests: kvm: b
";

/// The prefixes of LAVA (LKFT, KernelCI), of a kernel log, and of a runner in a runner.
const PREFIXES: [&str; 5] = ["", "2026-06-19T18:12:31.614434  ", "[    9.5] ", "[    9.5][    T1] ", "# "];

#[test]
fn results_of_the_enclosing_plan_count_after_a_nested_one() {
    let nested = "# KTAP version 1\n# 1..1\n# ok 1 z\n";
    for (rest, runs, expected) in [
        ("ok 2 selftests: kvm: b\n", 2, exit::PASSED),
        ("not ok 2 selftests: kvm: b # exit=1\n", 2, exit::FAILED),
        ("not ok 2 selftests: kvm: b # TIMEOUT 45 seconds\n", 2, exit::FAILED),
        ("ok 2 selftests: kvm: b # SKIP\n", 2, exit::PASSED),
        ("not ok 2 selftests: kvm: b # XFAIL known\n", 2, exit::PASSED),
        // The log ends before the second result.
        ("", 2, exit::INFRASTRUCTURE),
        // Results that only repeat those of nested plans are no run.
        (&format!("{nested}ok 2 selftests: kvm: b\n"), 2, exit::PASSED),
        (nested, 2, exit::PASSED),
        (&format!("{nested}not ok 2 selftests: kvm: b # exit=1\n"), 3, exit::FAILED),
        (&format!("{}ok 2 selftests: kvm: b\n", nested.replace("ok 1", "not ok 1")), 3, exit::FAILED),
        // Other programs write to the same console.
        ("[  100.5] not ok 2 a\nok 2 selftests: kvm: b\n", 2, exit::PASSED),
        ("[  100.5] KTAP version 1\n[  100.5] 1..1\nok 2 selftests: kvm: b\n[  101.5] ok 1 q\n", 3, exit::PASSED),
    ] {
        let log = format!("{RUNNER}{rest}");
        let (found, code) = read_log(&log);
        assert_eq!((found.len(), code), (runs, expected), "{log}{found:?}");
        assert_eq!(found[0], [("x".to_owned(), Outcome::Pass), ("y".to_owned(), Outcome::Skip)]);
        for prefix in PREFIXES.iter().filter(|_| !rest.contains("[  10")) {
            let log: String = log.lines().map(|line| format!("{prefix}{line}\n")).collect();
            assert_eq!(read_log(&log), (found.clone(), code), "{log}");
        }
    }
}

#[test]
fn kunit_indents_nested_plans() {
    let log = "KTAP version 1
1..2
    KTAP version 1
    # Subtest: s
    1..2
        KTAP version 1
        # Subtest: p
        ok 1 one
        ok 2 two
    # p: pass:2 fail:0 skip:0 total:2
    ok 1 p
    ok 2 q
ok 1 s
    # Subtest: t
    1..1
    not ok 1 inner
not ok 2 t
";
    let (found, code) = read_log(log);
    let names: Vec<Vec<&str>> = found.iter().map(|run| run.iter().map(|(case, _)| case.as_str()).collect()).collect();
    assert_eq!((names, code), (vec![vec!["one", "two"], vec!["p", "q"], vec!["s", "t"]], exit::FAILED));
}

#[test]
fn a_log_that_begins_in_a_nested_plan_hides_no_later_run() {
    let log = format!("# KTAP version 1\n# 1..1\n# ok 1 x\n{}", ktap());
    let runs = runs_of(log.as_bytes()).unwrap();
    assert_eq!(runs.iter().map(|run| run.record.plan().len()).collect::<Vec<_>>(), [1, 7]);
    assert!(runs[1].record.started.as_ref().is_some_and(|started| started.architecture == "loongarch64"));
}

#[test]
fn a_long_prefix_is_refused() {
    let prefix = "x".repeat(1 << 20);
    let error = runs_of(format!("{prefix} KTAP version 1\n{prefix} ok 1 a\n").as_bytes()).unwrap_err();
    assert!(error.starts_with("line 1 of `x` has more than 1024 bytes before the KTAP version\n["), "{error}");
}

#[test]
fn findings_in_ktap_have_a_bound() {
    let cases: Vec<String> = (0..40).map(|number| format!("base.a.x{number}")).collect();
    let details = |case: &String| {
        format!("# {case}: must list.count expected=a observed=b\n").repeat(8192) + &format!("not ok 1 {case}\n")
    };
    let log = format!("KTAP version 1\n# plan {}\n{}", cases.join(" "), cases.iter().map(details).collect::<String>());
    let error = runs_of(log.as_bytes()).unwrap_err();
    assert!(error.contains("too many events"), "{error}");
}

#[test]
fn what_is_no_run_is_refused() {
    for (bytes, expected) in [
        (&b""[..], "is empty"),
        (b"\n\r\n\0", "is empty"),
        (b"hello\n", "no run in"),
        (b"{}\n", "no run in"),
        (b"KTAP version 1\n", "no run in"),
        (b"KTAP version 1\n1..99999999999999999999\n", "plans more than"),
        (b"KTAP version 1\n1..70000\n", "plans more than"),
        (b"{\"event\":\"run_aborted\",\"reason\":\"no module\"}\n", "gave up: no module"),
    ] {
        let error = runs_of(bytes).unwrap_err();
        assert!(error.contains(expected), "{error}");
    }
    let newer = BROKEN_OFF.replacen("\"format\":1", "\"format\":2", 1);
    assert!(runs_of(newer.as_bytes()).unwrap_err().contains("failed to read line"));
    let newer = ktap().replacen("\"format\":1", "\"format\":2", 1);
    assert!(runs_of(newer.as_bytes()).unwrap_err().contains("failed to read line"));
}

#[test]
fn a_suite_that_gave_up_has_taught_nothing() {
    let started = BROKEN_OFF.lines().next().unwrap();
    let run = only(format!("{started}\n{{\"event\":\"run_aborted\",\"reason\":\"no /dev/kvm\"}}\n").as_bytes());
    assert_eq!(run.record.end, Some(End::Aborted { reason: "no /dev/kvm".into() }));
    assert_eq!(code(&run), exit::INFRASTRUCTURE);
    assert_eq!(code(&only(format!("{started}\n").as_bytes())), exit::INFRASTRUCTURE);
}

#[test]
fn an_end_that_claims_too_much_is_not_believed() {
    let text = format!(
        "{BROKEN_OFF}{}\n",
        r#"{"event":"run_finished","verdict":"passed","totals":{"pass":7,"fail":0,"skip":0,"error":0}}"#
    );
    let run = only(text.as_bytes());
    assert_eq!(code(&run), exit::FAILED);
    let text = format!(
        "{}\n{}\n{}\n",
        BROKEN_OFF.lines().next().unwrap().replace(r#""base.contents.exact","base.stable.repeated","pmu.count.expected","lbt.roundtrip.get","lbt.restore.cold","pmu_lbt.efault.array_unmapped""#, "").replace(",]", "]"),
        BROKEN_OFF.lines().nth(2).unwrap(),
        r#"{"event":"run_finished","verdict":"failed","totals":{"pass":0,"fail":1,"skip":0,"error":0}}"#
    );
    assert_eq!(Conclusion::of(&only(text.as_bytes()).record, None).kind, Kind::Passed);
}

#[test]
fn a_finding_survives_as_text() {
    let run = only(ktap().as_bytes());
    let finding = &cases(&run)[1].findings[1];
    assert_eq!(finding.level, Level::Must);
    assert_eq!((finding.entry, finding.expected.as_str()), (Some(54), "not listed"));
}

/// Text of which nothing is kept, a hundred megabytes of it.
struct Noise<'l> {
    line: &'l [u8],
    left: usize,
    at: usize,
}

impl Read for Noise<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = buffer.len().min(self.left).min(self.line.len() - self.at);
        buffer[..count].copy_from_slice(&self.line[self.at..self.at + count]);
        self.at = (self.at + count) % self.line.len();
        self.left -= count;
        Ok(count)
    }
}

#[test]
fn a_hundred_megabytes_are_read_line_by_line() {
    const SIZE: usize = 100 << 20;
    let head = BROKEN_OFF.lines().next().unwrap().len() + 1;
    let noise = Noise { line: "x".repeat(4095).as_bytes().to_vec().leak(), left: SIZE, at: 0 };
    let error =
        read(&mut BufReader::new(noise), "`x`", false, &mut |_| Ok::<_, ReadError>(())).unwrap_err().to_string();
    assert!(error.contains("longer than"), "{error}");
    let line = [&b"x".repeat(4095)[..], b"\n"].concat();
    for before in [&BROKEN_OFF.as_bytes()[..head], ktap().as_bytes(), b"x\n"] {
        let noise = Noise { line: &line, left: SIZE, at: 0 };
        let mut runs = 0;
        let result = read(&mut BufReader::new(before.chain(noise)), "`x`", false, &mut |_| {
            runs += 1;
            Ok::<_, ReadError>(())
        });
        assert_eq!(runs, usize::from(result.is_ok()));
    }
    // Runs one behind the other are dropped one by one.
    let noise = Noise { line: BROKEN_OFF.as_bytes(), left: SIZE / 10 / BROKEN_OFF.len() * BROKEN_OFF.len(), at: 0 };
    let mut runs = 0;
    read(&mut BufReader::new(noise), "`x`", false, &mut |_| {
        runs += 1;
        Ok::<_, ReadError>(())
    })
    .unwrap();
    assert_eq!(runs, SIZE / 10 / BROKEN_OFF.len());
}

/// Lines that mean something, and such as mean nothing.
fn any_line() -> impl Strategy<Value = String> {
    let own = BROKEN_OFF.lines().map(str::to_owned).chain(ktap().lines().map(str::to_owned)).collect::<Vec<_>>();
    let torn = (proptest::sample::select(own.clone()), any::<proptest::sample::Index>()).prop_map(|(line, at)| {
        let at = at.index(line.len() + 1);
        line.chars().take(at).collect()
    });
    let glued = (proptest::sample::select(own.clone()), proptest::sample::select(own.clone()));
    prop_oneof![
        proptest::sample::select(own),
        torn,
        glued.prop_map(|(one, other)| one + &other),
        "(\\[ *[0-9]{1,3}\\.[0-9]\\] |<[0-9]>|  |# )?(K?TAP version [0-9]{1,3}|1\\.\\.[0-9]{1,4}|(not )?ok [0-9]{0,3} .{0,9})",
        ".{0,30}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_lines_are_runs_or_refused(lines in proptest::collection::vec(any_line(), 0..40)) {
        for run in runs_of((lines.join("\n") + "\n").as_bytes()).unwrap_or_default() {
            let planned = run.record.plan().len();
            prop_assert_eq!(cases(&run).len(), planned);
        }
    }

    #[test]
    fn any_bytes_are_runs_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..2000), at in any::<proptest::sample::Index>()) {
        let _ = runs_of(&bytes);
        let mut text = BROKEN_OFF.as_bytes().to_vec();
        let at = at.index(text.len());
        text.splice(at..at, bytes);
        let _ = runs_of(&text);
    }
}

#[test]
fn a_plan_has_a_longest_length() {
    let started = |count: usize| {
        let plan: Vec<String> = (0..count).map(|number| format!("base.a{number}")).collect();
        Event::RunStarted(RunStarted { plan, ..RunStarted::unknown() }).to_line().unwrap()
    };
    assert_eq!(only(started(MOST_CASES).as_bytes()).record.plan().len(), MOST_CASES);
    let error = runs_of(started(MOST_CASES + 1).as_bytes()).unwrap_err();
    assert!(error.contains("line 1 of `x` plans more than 65536 cases"), "{error}");
}
