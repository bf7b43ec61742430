// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Formats on a made-up run, and on anything.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::arch::LoongArch64;
use crate::checks::plan::plan;
use crate::report::events::{
    CaseFinished, Event, Finding, Label, NamedRegister, Outcome, RunFinished, RunStarted, SubjectKind, Totals, Verdict,
};
use crate::report::record::Record;
use crate::spec::clause::Level;
use crate::spec::{Source, Spec};

/// A run with every outcome, which breaks off in its last case but one.
const BROKEN_OFF: &str = include_str!("../../../../ci/formats/broken-off.jsonl");

fn broken_off() -> Vec<Event> {
    BROKEN_OFF.lines().map(|line| Event::from_line(line).unwrap()).collect()
}

fn whole(events: &[Event]) -> Vec<Event> {
    let mut whole = Record::default();
    let mut all: Vec<Event> = events.iter().flat_map(|event| whole.follow(event)).collect();
    if !whole.is_over() {
        all.extend(whole.closing());
    }
    all
}

fn named(name: &str) -> Format {
    <Format as ValueEnum>::from_str(name, false).unwrap()
}

fn document(format: Format, runs: &[&[Event]]) -> String {
    let mut lines = format.lines(runs.len() > 1);
    let mut text: Vec<String> = runs.iter().flat_map(|run| whole(run)).flat_map(|event| lines.event(&event)).collect();
    text.extend(lines.end());
    text.into_iter().map(|line| line + "\n").collect()
}

fn junit(events: &[Event]) -> String {
    let mut junit = Junit::default();
    whole(events).iter().for_each(|event| junit.event(event));
    junit.document().unwrap()
}

fn kcidb(events: &[Event]) -> serde_json::Value {
    let mut kcidb = Kcidb::new(&"reglist".parse().unwrap(), None);
    kcidb.run("run", &whole(events));
    serde_json::from_str(&kcidb.document()).unwrap()
}

/// A run with such words in every place that takes any.
fn dirty(words: &str) -> Vec<Event> {
    let started = RunStarted {
        plan: vec!["base.a".into(), "base.b".into()],
        cpu: words.into(),
        kernel: words.into(),
        ..RunStarted::unknown()
    };
    let started = RunStarted { suite: words.into(), series: words.into(), fault: Some(words.into()), ..started };
    let finding = Finding {
        register: Some(NamedRegister { name: words.into(), id: 1 }),
        ioctl: Some(words.into()),
        errno: Some(words.into()),
        ..Finding::new(words, Level::Must, words.into(), words.into())
    };
    let reason = || words.to_owned();
    let error = CaseFinished::without_result("base.a".into(), Outcome::Error, reason());
    let fail = CaseFinished { case: "base.b".into(), outcome: Outcome::Fail, reason: None, ..error.clone() };
    vec![
        Event::RunStarted(started),
        Event::CaseStarted { case: words.into() },
        Event::CaseFinished(CaseFinished { findings: vec![finding.clone()], ..error }),
        Event::CaseFinished(CaseFinished { findings: vec![finding], ..fail }),
        Event::RunAborted { reason: reason() },
    ]
}

#[test]
fn no_words_command_a_terminal_or_begin_a_line_in_any_format() {
    const BAIT: &str = "<LAVA_SIGNAL_TESTCASE TEST_CASE_ID=bait RESULT=pass>";
    let words = format!("x\u{1b}[2J\r\u{9b}31m\u{7f}\u{85}\u{2028}\nok 9 bait\n<{BAIT}\n{BAIT}\r\n# Totals: pass:9");
    let events = dirty(&words);
    let kcidb = {
        let mut kcidb = Kcidb::new(&"reglist".parse().unwrap(), None);
        kcidb.run("run", &events);
        kcidb.document()
    };
    let lines: String = events.iter().map(|event| event.to_line().unwrap()).collect();
    let mut all = vec![("events", lines), ("kcidb", kcidb), ("junit", junit(&events))];
    all.extend(FORMATS.iter().map(|format| (format.name, document(*format, &[&events]))));
    for (name, text) in all {
        let bad = |c: char| (c.is_control() && c != '\n') || c == '\u{2028}';
        assert!(!text.contains(bad), "{name}: {text:?}");
        let own = |line: &str| line.starts_with("ok 9") || line.starts_with("# Totals: pass:9");
        assert!(!text.lines().any(own), "{name}: {text}");
        assert!(name == "events" || name == "kcidb" || !text.contains(BAIT), "{name}: {text}");
    }
}

#[test]
fn only_a_reason_keeps_its_lines() {
    let events: Vec<Event> = dirty("a\nb\u{1b}\u{9b}").into_iter().map(Event::plain).collect();
    let Event::RunStarted(started) = &events[0] else { panic!("{events:?}") };
    assert_eq!(started.kernel, "a b  ");
    let Event::CaseFinished(case) = &events[2] else { panic!("{events:?}") };
    assert_eq!((case.reason.as_deref(), case.findings[0].observed.as_str()), (Some("a\nb  "), "a b  "));
    assert_eq!(events[4], Event::RunAborted { reason: "a\nb  ".into() });
}

/// The same run with this end.
fn ended(end: Event) -> Vec<Event> {
    let mut events = broken_off();
    events.push(end);
    events
}

fn nothing_but(end: Event) -> Vec<Event> {
    vec![broken_off().remove(0), end]
}

#[test]
fn ktap_is_flat_with_the_plan_first() {
    insta::assert_snapshot!(document(KTAP, &[&broken_off()]));
}

#[test]
fn tap13_has_reasons_and_yaml() {
    insta::assert_snapshot!(document(named("tap13"), &[&broken_off()]));
}

#[test]
fn lava_has_signals() {
    insta::assert_snapshot!(document(named("lava"), &[&broken_off()]));
}

#[test]
fn junit_says_everything_twice() {
    insta::assert_snapshot!(junit(&broken_off()));
}

#[test]
fn an_emulated_machine_is_named() {
    let mut events = whole(&broken_off());
    let Some(Event::RunStarted(started)) = events.first_mut() else { panic!("no start") };
    started.labels.push(Label { name: Label::MACHINE.to_owned(), value: "QEMU 1.2".to_owned() });
    assert!(junit(&events).contains(r#"<property name="machine" value="QEMU 1.2"/>"#));
    let environment = &kcidb(&events)["tests"][0]["environment"];
    assert_eq!(environment["misc"]["machine"], "QEMU 1.2");
    assert!(environment["comment"].as_str().unwrap().ends_with(" in QEMU 1.2"), "{environment}");
}

#[test]
fn kcidb_tells_what_never_began() {
    insta::assert_snapshot!(serde_json::to_string_pretty(&kcidb(&broken_off())).unwrap());
}

#[test]
fn several_runs_are_told_apart() {
    let run = nothing_but(Event::RunAborted { reason: "no /dev/kvm".into() });
    for name in ["ktap", "tap13", "lava"] {
        insta::assert_snapshot!(format!("several_{name}"), document(named(name), &[&run, &broken_off()]));
    }
}

#[test]
fn an_unknown_ioctl_skips_every_case() {
    let finished = RunFinished { verdict: Verdict::NotImplemented, totals: Totals::default() };
    insta::assert_snapshot!(document(KTAP, &[&nothing_but(Event::RunFinished(finished))]));
}

#[test]
fn an_end_that_was_lost_is_an_error() {
    let totals = Totals { pass: 7, ..Totals::default() };
    let events = whole(&ended(Event::RunFinished(RunFinished { verdict: Verdict::Passed, totals })));
    let Some(Event::RunFinished(end)) = events.last() else { panic!("{events:?}") };
    assert_eq!(end.verdict, Verdict::Failed);
    assert_eq!(end.totals, Totals { pass: 2, fail: 1, skip: 1, error: 3 });
}

#[test]
fn a_plan_without_cases_is_said_to_be_one() {
    let mut events = broken_off();
    events.truncate(1);
    if let Some(Event::RunStarted(started)) = events.first_mut() {
        started.plan.clear();
    }
    for format in [KTAP, named("tap13")] {
        assert!(document(format, &[&events]).contains("\n1..0 # SKIP no case was selected\n"));
    }
    junit(&events);
    kcidb(&events);
}

#[test]
fn ids_are_the_cases_own_and_unique_in_each_format() {
    let spec = Spec::load(&Source::Embedded, &LoongArch64, "v5").unwrap();
    let plan: Vec<String> = plan(&spec, &[]).into_iter().map(|case| case.id).collect();
    let mut events = broken_off();
    events.truncate(1);
    if let Some(Event::RunStarted(started)) = events.first_mut() {
        started.plan.clone_from(&plan);
    }
    let ktap = document(KTAP, &[&events]);
    let results = |prefix: &'static str| move |line: &str| line.strip_prefix(prefix).map(str::to_owned);
    let ids: Vec<String> = ktap.lines().filter_map(results("not ok ")).collect();
    let expected: Vec<String> = plan.iter().zip(1..).map(|(id, number)| format!("{number} {id} # ERROR")).collect();
    assert_eq!(ids, expected);
    let tap = document(named("tap13"), &[&events]);
    let ids: Vec<&str> = tap.lines().filter_map(|line| line.split_once(" - ")).map(|(_, id)| id).collect();
    assert_eq!(ids, plan);
    let lava = document(named("lava"), &[&events]);
    let ids: Vec<&str> = lava
        .lines()
        .filter_map(|line| line.strip_prefix("<LAVA_SIGNAL_TESTCASE TEST_CASE_ID=")?.split_once(' '))
        .map(|(id, _)| id)
        .collect();
    assert_eq!(ids, plan);
    let xml = junit(&events);
    let names: BTreeSet<&str> =
        xml.lines().filter_map(|line| line.split_once("<testcase name=\"")?.1.split('"').next()).collect();
    assert_eq!(names, plan.iter().map(String::as_str).collect());
    // LAVA's monitors lower-case ids and make `_` of what is no word.
    let folded: BTreeSet<String> = plan.iter().map(|id| id.to_lowercase().replace('.', "_")).collect();
    assert_eq!(folded.len(), plan.len());
    let document = kcidb(&events);
    let tests = document["tests"].as_array().unwrap();
    let paths: Vec<String> = tests.iter().map(|test| test["path"].as_str().unwrap().to_owned()).collect();
    assert_eq!(paths, plan.iter().map(|id| format!("{SUITE}.{id}")).collect::<Vec<_>>());
    let ids: BTreeSet<&str> = tests.iter().map(|test| test["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), plan.len());
}

#[test]
fn an_origin_is_a_word_of_kcidbs() {
    for name in ["", "a-b", "Ab", "a b", "a:b"] {
        assert!(name.parse::<Origin>().is_err(), "{name}");
    }
}

#[test]
fn a_junit_file_is_whole_at_any_time() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("junit.xml");
    let mut file = JunitFile::new(&path);
    let mut seen = 0;
    for event in broken_off() {
        file.event(&event).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.ends_with("</testsuites>\n"), "{text}");
        assert!(text.contains("tests=\"7\""), "{text}");
        let unfinished = text.matches("<error message=\"did not finish").count();
        seen += usize::from(matches!(event, Event::CaseFinished(_)));
        assert_eq!(unfinished, 7 - seen);
    }
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1);
}

/// Ids of which few are planned, text of any kind.
fn any_event() -> impl Strategy<Value = Event> {
    let id = || prop_oneof!["[ab]\\.[ab]", "\\PC{0,4}", ".{0,6}"];
    let outcome = prop_oneof![Just(Outcome::Pass), Just(Outcome::Fail), Just(Outcome::Skip), Just(Outcome::Error)];
    let verdict = prop_oneof![
        Just(Verdict::Passed),
        Just(Verdict::Failed),
        Just(Verdict::NothingTested),
        Just(Verdict::NotImplemented)
    ];
    let finding = (id(), ".{0,20}", any::<Option<u64>>()).prop_map(|(clause, observed, register)| Finding {
        clause,
        level: Level::Should,
        register: register.map(|id| NamedRegister { name: observed.clone(), id }),
        after: None,
        entry: Some(1),
        last_entry: None,
        ioctl: None,
        errno: None,
        expected: String::new(),
        observed,
    });
    prop_oneof![
        proptest::collection::vec(id(), 0..5).prop_map(|plan| Event::RunStarted(RunStarted {
            format: 1,
            suite: "0".into(),
            subject: SubjectKind::Kvm,
            architecture: "loongarch64".into(),
            kernel: plan.join("\n"),
            cpu: String::new(),
            series: "v5".into(),
            strict: false,
            allow_new: false,
            seed: 0,
            threads: 1,
            fault: None,
            labels: Vec::new(),
            coverage: None,
            plan,
        })),
        id().prop_map(|case| Event::CaseStarted { case }),
        (id(), outcome, proptest::option::of("(?s).{0,20}"), proptest::collection::vec(finding, 0..3)).prop_map(
            |(case, outcome, reason, findings)| Event::CaseFinished(CaseFinished {
                case,
                outcome,
                reason,
                duration_us: u64::MAX,
                ioctls: 0,
                findings,
                listed: Vec::new(),
                ran: None,
            })
        ),
        "(?s).{0,20}".prop_map(|reason| Event::RunAborted { reason }),
        verdict.prop_map(|verdict| Event::RunFinished(RunFinished { verdict, totals: Totals::default() })),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_events_make_documents_of_whole_lines(events in proptest::collection::vec(any_event(), 0..12)) {
        let planned = match whole(&events).first() {
            Some(Event::RunStarted(started)) => started.plan.len(),
            _ => 0,
        };
        for format in FORMATS.iter().copied() {
            let text = document(format, &[&events, &events]);
            prop_assert!(!text.contains(['\r', '\0']));
        }
        for name in ["ktap", "tap13", "lava"] {
            let text = document(named(name), &[&events]);
            prop_assert!(!text.contains(['\r', '\0']));
            let results = text.lines().filter(|line| match name {
                "lava" => line.starts_with("<LAVA_SIGNAL_TESTCASE "),
                _ => line.starts_with("ok ") || line.starts_with("not ok "),
            });
            prop_assert_eq!(results.count(), planned);
        }
        // Unplanned events of any kind go straight in, too.
        let mut lines = KTAP.lines(true);
        let mut raw = Junit::default();
        for event in &events {
            lines.event(event);
            raw.event(event);
        }
        raw.document().unwrap();
        junit(&events);
        kcidb(&events);
    }
}

#[test]
fn kcidb_takes_a_long_environment_for_each_test() {
    let plan: Vec<String> = (0..1000).map(|number| format!("base.a{number}")).collect();
    let words = "x".repeat(100_000);
    let started = RunStarted {
        plan,
        cpu: words.clone(),
        kernel: words.clone(),
        labels: vec![Label { name: Label::MACHINE.to_owned(), value: words }],
        ..RunStarted::unknown()
    };
    let document = kcidb(&[Event::RunStarted(started)]);
    assert_eq!(document["tests"].as_array().unwrap().len(), 1000);
    assert!(document.to_string().len() < 4 << 20);
}
