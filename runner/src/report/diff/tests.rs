// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Whole comparisons, as people and programs read them.

use std::path::Path;

use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::compare::{Change, Comparison, Kind};
use super::json::Document;
use super::registers::Moved;
use super::{markdown, text};
use crate::record::known::Known;
use crate::record::reader::StoredFile;
use crate::report::paragraph::WIDTH;
use crate::report::stored::Stored;
use crate::system::date::Date;

/// A run as a file would hold it.
fn file(started: &Value, events: &[Value]) -> String {
    let lines: Vec<String> = [started].into_iter().chain(events).map(ToString::to_string).collect();
    lines.join("\n") + "\n"
}

fn started(kernel: &str, plan: &[&str]) -> Value {
    json!({
        "event": "run_started", "format": 1, "suite": "0.1.0", "subject": "kvm", "architecture": "loongarch64",
        "kernel": kernel, "cpu": "Loongson-3A5000", "series": "v5", "strict": false, "allow_new": true, "seed": 7,
        "plan": plan,
    })
}

fn with(mut event: Value, key: &str, value: Value) -> Value {
    event[key] = value;
    event
}

fn case(id: &str, outcome: &str, findings: &[Value]) -> Value {
    let reason = match outcome {
        "skip" => Some("the host has no PMU"),
        "error" => Some("the case took longer than 60 s"),
        _ => None,
    };
    json!({
        "event": "case_finished", "case": id, "outcome": outcome, "duration_us": 1234, "ioctls": 5,
        "reason": reason, "findings": findings,
    })
}

fn finding(clause: &str, level: &str, expected: &str, observed: &str) -> Value {
    json!({
        "clause": clause, "level": level, "ioctl": "KVM_GET_REG_LIST", "expected": expected, "observed": observed,
    })
}

fn register(name: &str, id: &str, level: &str, observed: &str) -> Value {
    let finding = finding("list.contents", level, "as the specification says", observed);
    with(finding, "register", json!({"name": name, "id": id}))
}

fn end() -> Value {
    json!({"event": "run_finished", "verdict": "failed", "totals": {"pass": 0, "fail": 0, "skip": 0, "error": 0}})
}

fn stored(name: &str, text: &str) -> Stored {
    Stored::of(StoredFile::from_lines(&mut text.as_bytes(), &format!("`{name}`")).unwrap()).unwrap()
}

fn compared(old: &str, new: &str, known: Option<&str>) -> Comparison {
    console::set_colors_enabled(false);
    let today = Date::parse("2026-07-01").unwrap();
    let known = known.map(|text| Known::from_text(Path::new("known.yaml"), text, today).unwrap());
    Comparison::of(&stored("old.jsonl", old), &stored("new.jsonl", new), known.as_ref()).unwrap()
}

fn for_programs(comparison: &Comparison) -> String {
    serde_json::to_string_pretty(&Document::of(comparison)).unwrap() + "\n"
}

/// Two regressions, one case vanished, a new one, one fixed, one newly skipped,
/// a new register and one gone, an expected failure, one that passes, one that
/// expired.
fn everything() -> Comparison {
    let plan = [
        "base.count.expected",
        "base.contents.exact",
        "base.efault.header",
        "base.efault.array",
        "base.stable.pure",
        "base.order.list",
        "base.busy.one",
        "base.fd.process",
        "base.e2big.count",
        "lbt.count.expected",
        "lbt.contents.exact",
        "pmu.contents.exact",
        "pmu.counter.set",
    ];
    let mut new_plan: Vec<&str> = plan.into_iter().filter(|case| *case != "base.efault.header").collect();
    new_plan.push("base.restore.list");
    let listed = |missing: &[Value]| {
        let mut findings = vec![register("MERRCTL", "0x9030000000010480", "note", "a new one")];
        findings.extend_from_slice(missing);
        findings
    };
    let width = |observed: &str| json!({"clause": "list.width", "level": "note", "observed": observed});
    let count = |expected: &str, observed: &str| finding("list.count", "must", expected, observed);
    let old = file(
        &started("7.2.13 #1 SMP", &plan),
        &[
            case("base.count.expected", "pass", &[width("n counts as 64 bits")]),
            case("base.contents.exact", "pass", &[]),
            case("base.efault.header", "pass", &[]),
            case("base.efault.array", "pass", &[]),
            case("base.stable.pure", "fail", &[finding("list.pure", "must", "no change", "ERA changed")]),
            case("base.order.list", "pass", &[]),
            case("base.busy.one", "fail", &[finding("busy.threads", "must", "success", "EBUSY")]),
            case("base.fd.process", "fail", &[]),
            case("base.e2big.count", "fail", &[finding("e2big.count", "must", "n is C", "n is 0")]),
            case("lbt.count.expected", "pass", &[]),
            case("lbt.contents.exact", "pass", &[]),
            case("pmu.contents.exact", "pass", &[]),
            case("pmu.counter.set", "pass", &[]),
            end(),
        ],
    );
    let gone = register("KS7", "0x90300000000101b8", "must", "missing");
    let new = file(
        &with(started("7.3.0-rc1 #1 SMP", &new_plan), "seed", json!(8)),
        &[
            case("base.count.expected", "fail", &[width("n counts as 32 bits"), count("76 registers", "75 registers")]),
            case("base.contents.exact", "pass", &listed(&[])),
            case("base.efault.array", "error", &[]),
            case("base.stable.pure", "pass", &[]),
            case(
                "base.order.list",
                "pass",
                &[finding("list.order", "should", "the specification's order", "ERA first")],
            ),
            case("base.busy.one", "fail", &[finding("busy.threads", "must", "success", "EBUSY")]),
            case("base.fd.process", "pass", &[]),
            case("base.e2big.count", "fail", &[finding("e2big.count", "must", "n is C", "n is 1")]),
            case("lbt.count.expected", "fail", &[count("80 registers", "79 registers")]),
            case("lbt.contents.exact", "pass", &listed(&[])),
            case("pmu.contents.exact", "fail", &[gone]),
            case("pmu.counter.set", "skip", &[]),
            case("base.restore.list", "pass", &[]),
            end(),
        ],
    );
    let known = "\
- case: base.busy.one
  reason: the list is made without the vCPU's lock
  link: https://bugs.example.org/1234_5
  expires: 2026-12-31
- case: '*.fd.process'
  reason: waits for a fix in the next merge window
- case: base.e2big.count
  reason: was to be fixed in June
  expires: 2026-06-30
- case: base.nothing.here
  reason: the case was renamed
";
    compared(&old, &new, Some(known))
}

fn cases(comparison: &Comparison, kind: Kind) -> Vec<&str> {
    comparison.of_kind(kind).map(|change| change.case.as_str()).collect()
}

#[test]
fn everything_on_a_terminal() {
    let text = text::text(&everything());
    assert!(text.lines().all(|line| line.chars().count() <= WIDTH), "{text}");
    insta::assert_snapshot!(text);
}

#[test]
fn everything_to_paste() {
    insta::assert_snapshot!(markdown::markdown(&everything()));
}

#[test]
fn everything_for_programs() {
    insta::assert_snapshot!(for_programs(&everything()));
}

#[test]
fn what_was_better_before_is_a_regression() {
    let comparison = everything();
    assert!(comparison.is_worse());
    assert_eq!(
        cases(&comparison, Kind::NewlyFailing),
        ["base.count.expected", "base.efault.array", "lbt.count.expected", "pmu.contents.exact"]
    );
    assert_eq!(cases(&comparison, Kind::Vanished), ["base.efault.header"]);
    assert_eq!(cases(&comparison, Kind::NewlySkipped), ["pmu.counter.set"]);
}

const PLAN: [&str; 2] = ["base.a.x", "base.b.x"];

fn run(outcomes: [&str; 2]) -> String {
    let events: Vec<Value> = PLAN.iter().zip(outcomes).map(|(id, outcome)| case(id, outcome, &[])).collect();
    file(&started("7.2.13", &PLAN), &events)
}

#[test]
fn known_failures_hide_no_unexpected_pass() {
    let known = Some("- {case: base.a.x, reason: r}\n");
    let old = run(["pass", "pass"]);
    let comparison = compared(&old, &run(["fail", "pass"]), known);
    assert_eq!((comparison.is_worse(), cases(&comparison, Kind::Known)), (false, vec!["base.a.x"]));
    // Also where it passed before.
    let comparison = compared(&old, &old, known);
    assert_eq!((comparison.is_worse(), cases(&comparison, Kind::UnexpectedPass)), (true, vec!["base.a.x"]));
    // In error or missing it is not known.
    for outcome in ["error", "absent"] {
        let new = run([outcome, "pass"]).replace("absent", "pass\",\"case\":\"other");
        let comparison = compared(&run(["fail", "pass"]), &new, known);
        assert_eq!(cases(&comparison, Kind::NewlyFailing), ["base.a.x"], "{outcome}");
    }
}

#[test]
fn a_case_that_is_missing_now_is_a_regression() {
    let (old, new) = (run(["pass", "pass"]), run(["pass", "pass"]));
    let torn: String = new.lines().take(2).map(|line| format!("{line}\n")).collect();
    let begun = torn + r#"{"event":"case_started","case":"base.b.x"}"# + "\n" + r#"{"event":"case_fin"#;
    let comparison = compared(&old, &begun, None);
    assert_eq!(cases(&comparison, Kind::NewlyFailing), ["base.b.x"]);
    assert_eq!(comparison.changes[0].reason.as_deref(), Some("the run broke off in base.b.x"));
    let text = text::text(&comparison);
    assert!(text.contains("\n  warning: the run broke off in base.b.x\n  warning: 1 line is not an event"), "{text}");
}

#[test]
fn an_ioctl_that_is_gone_is_a_regression() {
    let end = json!({"event": "run_finished", "verdict": "not_implemented", "totals": {"pass": 0, "fail": 0, "skip": 2, "error": 0}});
    let none = file(&started("7.2.13", &PLAN), &[end]);
    let comparison = compared(&run(["pass", "skip"]), &none, None);
    assert_eq!(cases(&comparison, Kind::NewlySkipped), ["base.a.x"]);
    assert!(comparison.new.incomplete.is_empty());
    assert_eq!(cases(&compared(&none, &run(["pass", "fail"]), None), Kind::FailingUntested), ["base.b.x"]);
}

#[test]
fn other_rules_are_told_before_anything_else() {
    let old = run(["pass", "pass"]);
    let new = old.replace("\"v5\"", "\"v6\"").replace("\"strict\":false", "\"strict\":true");
    let text = text::text(&compared(&old, &new, None));
    assert!(text.contains("\ndifferent rules: series: v5, then v6; strict: no, then yes\n"), "{text}");
    assert!(text.contains("\nregisters not compared: the runs have different values of series: v5 and v6\n"), "{text}");
}

#[test]
fn lists_are_compared_whatever_is_expected_of_them() {
    let run = |series: &str, names: &[&str]| {
        let listed: Vec<Value> = names
            .iter()
            .map(|name| json!({"name": name, "id": format!("{:#018x}", u64::from(name.as_bytes()[0]))}))
            .collect();
        let case = json!({
            "event": "case_finished", "case": "base.contents.exact", "outcome": "pass", "duration_us": 1, "ioctls": 1, "listed": listed
        });
        file(&started("7.2.13", &["base.contents.exact"]), &[case]).replace("\"v5\"", &format!("\"{series}\""))
    };
    let comparison = compared(&run("v5", &["A", "B"]), &run("v6", &["C", "B"]), None);
    assert_eq!(comparison.registers.not_compared, None);
    let names = |moved: &[Moved]| {
        moved.iter().flat_map(|moved| moved.registers.clone()).map(|known| known.name).collect::<Vec<_>>()
    };
    assert_eq!(
        (names(&comparison.registers.appeared), names(&comparison.registers.gone)),
        (vec!["C".into()], vec!["A".into()])
    );
    let unknown = compared(&run("v5", &[]), &run("v6", &["B"]), None);
    assert!(unknown.registers.not_compared.is_some());
}

#[test]
fn runs_of_every_fault_are_compared_one_by_one() {
    let with_fault = |fault: &str, outcomes: [&str; 2]| {
        run(outcomes).replacen("\"format\":1", &format!("\"format\":1,\"fault\":\"{fault}\""), 1)
    };
    let old = run(["pass", "pass"]) + &with_fault("one", ["fail", "pass"]) + &with_fault("two", ["fail", "pass"]);
    let new = run(["pass", "fail"]) + &with_fault("one", ["pass", "fail"]) + &with_fault("three", ["fail", "pass"]);
    let comparison = compared(&old, &new, None);
    let told = |kind| {
        comparison
            .of_kind(kind)
            .map(|Change { case, run, .. }| format!("{case} {}", run.as_deref().unwrap_or("-")))
            .collect::<Vec<_>>()
    };
    assert_eq!(told(Kind::NewlyFailing), ["base.b.x no fault in base, new registers allowed"]);
    assert_eq!(told(Kind::Unnoticed), ["base.a.x the fault one in base, new registers allowed"]);
    assert_eq!(told(Kind::Noticed), ["base.b.x the fault one in base, new registers allowed"]);
    assert_eq!((told(Kind::Vanished).len(), told(Kind::New).len()), (2, 2));
    assert!(comparison.is_worse());
    let same = compared(&old, &old, None);
    assert!(same.changes.is_empty(), "{:?}", same.changes);
}

#[test]
fn runs_that_do_not_correspond_are_refused() {
    let one = run(["pass", "pass"]);
    let two = one.clone() + &one.replace("base.", "lbt.");
    let error = Comparison::of(&stored("a", &one), &stored("b", &two), None).unwrap_err();
    assert!(error.to_string().starts_with("`a` has 1 runs, `b` has 2, and they do not correspond\n["), "{error}");
}

#[test]
fn whole_configurations_are_told_in_one_word() {
    let plan = ["base.a.x", "base.b.x", "lbt.a.x", "lbt.b.x"];
    let events: Vec<Value> = plan.iter().map(|id| case(id, "pass", &[])).collect();
    let old = file(&started("7.2.13", &plan), &events);
    let text = text::text(&compared(&old, &run(["pass", "pass"]), None));
    assert!(text.contains("\nREGRESSION vanished: 2 cases\n  passed before:\n    all 2 cases of lbt\n"), "{text}");
}

#[test]
fn foreign_words_cannot_act() {
    let evil = "\u{1b}[31m <script> | [x](y) *a* `b` # @c\n- d";
    let findings = [finding("list.count", "must", evil, evil)];
    let failing = |id| case(id, "fail", &findings);
    let new = file(&started(evil, &PLAN), &[failing("base.a.x"), failing("base.b.x")]);
    let comparison = compared(&run(["pass", "skip"]), &new, None);
    let markdown = markdown::markdown(&comparison);
    assert!(!markdown.contains('\u{1b}') && !text::text(&comparison).contains('\u{1b}'));
    // Only inside of code, where Markdown takes it for what it is.
    for line in markdown.lines().filter(|line| line.contains("<script>")) {
        let outside: String = line.split('`').step_by(2).collect();
        assert!(
            !outside.contains(['<', '[', '*']) || !line.starts_with('|') && !outside.contains("<script>"),
            "{line}"
        );
    }
    assert_eq!(markdown.lines().filter(|line| line.starts_with("- d")).count(), 0);
    assert!(markdown.contains("\\|"), "{markdown}");
}

/// Outcomes of cases of a plan; none for a case that never ends.
fn outcomes() -> impl Strategy<Value = Vec<(String, Option<&'static str>)>> {
    let outcome = prop::sample::select(vec![None, Some("pass"), Some("fail"), Some("skip"), Some("error")]);
    vec(("[ab][.][ab][.][a-c]", outcome), 1..12)
}

fn made(cases: &[(String, Option<&str>)]) -> String {
    let plan: Vec<&str> = cases.iter().map(|(id, _)| id.as_str()).collect();
    let events: Vec<Value> = cases
        .iter()
        .filter_map(|(id, outcome)| Some(case(id, (*outcome)?, &[register("ERA", "0x1", "note", id)])))
        .collect();
    file(&started("7.2.13", &plan), &events)
}

fn sorted(comparison: &Comparison, kind: Kind) -> Vec<&str> {
    let mut cases = cases(comparison, kind);
    cases.sort_unstable();
    cases
}

/// A line of a stream, right or with something wrong.
fn line() -> impl Strategy<Value = Vec<u8>> {
    let right = prop::sample::select(run(["pass", "fail"]).lines().map(str::to_owned).collect::<Vec<_>>());
    prop_oneof![
        right.clone().prop_map(String::into_bytes),
        (right, any::<prop::sample::Index>(), any::<u8>()).prop_map(|(line, at, byte)| {
            let mut line = line.into_bytes();
            let at = at.index(line.len());
            line[at] = byte;
            line
        }),
        vec(any::<u8>(), 0..40),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_run_beside_itself_is_no_news(run in outcomes()) {
        let run = made(&run);
        let comparison = compared(&run, &run, None);
        prop_assert!(!comparison.is_worse());
        prop_assert!(comparison.changes.iter().all(|change| change.kind == Kind::StillFailing && change.alike));
        prop_assert!(comparison.differences.is_empty() && comparison.facts.is_empty());
        prop_assert!(comparison.registers.appeared.is_empty() && comparison.registers.gone.is_empty());
    }

    #[test]
    fn the_way_back_is_the_mirror(old in outcomes(), new in outcomes()) {
        let (old, new) = (made(&old), made(&new));
        let (there, back) = (compared(&old, &new, None), compared(&new, &old, None));
        for (kind, mirrored) in [
            (Kind::Vanished, Kind::New),
            (Kind::NewlySkipped, Kind::Tested),
            (Kind::NewlyFailing, Kind::Fixed),
            (Kind::FailingUntested, Kind::FailureSkipped),
            (Kind::StillFailing, Kind::StillFailing),
        ] {
            prop_assert_eq!(sorted(&there, kind), sorted(&back, mirrored));
            prop_assert_eq!(sorted(&back, kind), sorted(&there, mirrored));
        }
        prop_assert_eq!(there.compared, back.compared);
        prop_assert_eq!(&there.registers.appeared, &back.registers.gone);
        prop_assert_eq!(there.facts.len(), back.facts.len());
    }

    #[test]
    fn no_file_brings_it_down(old in vec(line(), 0..12), new in vec(line(), 0..12), known in "[-\\[\\]{}:,.*' \na-z0-9]{0,60}") {
        let today = Date::parse("2026-07-01").unwrap();
        let known = Known::from_text(Path::new("k"), &known, today).ok();
        let (old, new) = (old.join(&b'\n'), new.join(&b'\n'));
        let read = |mut text: &[u8]| Stored::of(StoredFile::from_lines(&mut text, "`f`")?);
        if let (Ok(old), Ok(new)) = (read(&old), read(&new))
            && let Ok(comparison) = Comparison::of(&old, &new, known.as_ref())
        {
            for text in [text::text(&comparison), markdown::markdown(&comparison), for_programs(&comparison)] {
                prop_assert!(text.ends_with('\n'));
            }
        }
    }
}
