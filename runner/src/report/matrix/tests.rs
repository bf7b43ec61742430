// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Whole matrices of made-up streams.

use std::fs;
use std::time::{Duration, Instant};

use proptest::collection::vec;
use proptest::prelude::*;
use reglist_suite::spec::Source;
use serde_json::{Value, json};

use super::*;
use crate::record::runs::Runs;
use crate::report::paragraph::WIDTH;
use crate::system::files::FileError;
use crate::system::verbosity::Verbosity;
use reglist_suite::spec::clause::Clauses;

/// A few clauses of the catalogue.
const CLAUSES: [&str; 10] = [
    "list.count",
    "list.contents",
    "list.unique",
    "list.canonical",
    "list.consumers",
    "e2big.errno",
    "reg.set_same",
    "restore.cold",
    "restore.any_order",
    "kernel.quiet",
];
const PMU: [&str; 8] =
    ["PERFCTRL0", "PERFCNTR0", "PERFCTRL1", "PERFCNTR1", "PERFCTRL2", "PERFCNTR2", "PERFCTRL3", "PERFCNTR3"];

fn catalogue() -> Clauses {
    let mut clauses = Clauses::load(&Source::Embedded).unwrap();
    clauses.clauses.retain(|clause| CLAUSES.contains(&clause.id.as_str()));
    clauses
}

/// A round of three cases.
struct Made {
    configuration: &'static str,
    fault: Option<&'static str>,
    allow_new: bool,
    subject: &'static str,
}

fn right(configuration: &'static str) -> Made {
    Made { configuration, fault: None, allow_new: false, subject: "kvm" }
}

fn wrong(configuration: &'static str, fault: &'static str) -> Made {
    Made { fault: Some(fault), ..right(configuration) }
}

impl Made {
    fn allowing_new(self) -> Self {
        Self { allow_new: true, ..self }
    }

    fn started(&self) -> Value {
        let plan: Vec<String> = ["a.x", "b.x", "b.y"].iter().map(|check| self.case(check)).collect();
        json!({
            "event": "run_started", "format": 1, "suite": "0.1.0", "subject": self.subject,
            "architecture": "loongarch64", "kernel": "7.2.13 #1 SMP", "cpu": "Loongson-3A5000", "series": "v5",
            "strict": false, "allow_new": self.allow_new, "seed": 7, "fault": self.fault, "plan": plan,
        })
    }

    fn case(&self, check: &str) -> String {
        format!("{}.{check}", self.configuration)
    }

    fn ended(&self, check: &str, outcome: &str, findings: &[Value]) -> Value {
        json!({
            "event": "case_finished", "case": self.case(check), "outcome": outcome, "duration_us": 250_000,
            "ioctls": 5, "findings": findings,
            "reason": matches!(outcome, "skip" | "error").then_some("no memory for a VM (ENOMEM)\n[end other VMs]"),
        })
    }

    /// A whole round, of which the first case says something.
    fn whole(&self, outcome: &str, findings: &[Value]) -> Vec<Value> {
        vec![
            self.started(),
            self.ended("a.x", outcome, findings),
            self.ended("b.x", "pass", &[]),
            self.ended("b.y", "pass", &[]),
            end(),
        ]
    }

    fn aborted(&self) -> Vec<Value> {
        vec![
            self.started(),
            self.ended("a.x", "pass", &[]),
            json!({"event": "run_aborted", "reason": "kvm.ko cannot be exchanged: EBUSY\n[see the console]"}),
        ]
    }
}

fn end() -> Value {
    json!({
        "event": "run_finished", "verdict": "passed",
        "totals": {"pass": 3, "fail": 0, "skip": 0, "error": 0},
    })
}

fn said(clause: &str, level: &str) -> Value {
    json!({"clause": clause, "level": level, "expected": "E2BIG & nothing else", "observed": "<EINVAL>"})
}

fn of(clause: &str, level: &str, registers: &[&str]) -> Vec<Value> {
    let named = registers.iter().map(|name| {
        let mut said = said(clause, level);
        said["register"] = json!({"name": name, "id": "0x9030000000010000"});
        said
    });
    named.collect()
}

/// Everything that can come of a fault, in a stream that is whole.
fn everything() -> Vec<Value> {
    let note = [said("list.consumers", "note")];
    let count = [said("list.count", "must")];
    let mut at_76 = of("list.unique", "must", &["EENTRY"]);
    at_76[0]["entry"] = json!(76);
    let skipped = wrong("pmu_lbt", "count-wrong-with-both");
    let in_error = wrong("pmu", "unchanged-refused");
    let rounds = [
        right("lbt").whole("pass", &note),
        right("base").allowing_new().whole("pass", &[]),
        right("pmu").whole("pass", &[]),
        right("lbt_arm").aborted(),
        right("lbt_mips").whole("fail", &count),
        right("pmu_lbt").whole("pass", &[]),
        wrong("lbt", "ftop-missing")
            .whole("fail", &[&of("list.contents", "must", &["LBT_FTOP"])[..], &count, &note].concat()),
        wrong("base", "register-again").allowing_new().whole("fail", &[at_76, count_noted()].concat()),
        wrong("base", "alias-listed").allowing_new().whole("pass", &[]),
        wrong("pmu", "pmu-never")
            .whole("fail", &[&of("list.contents", "must", &PMU)[..], &count, &[said("e2big.errno", "must")]].concat()),
        wrong("lbt", "lbt-never").whole("fail", &[&of("list.contents", "must", &["LBT_SCR0"])[..], &count].concat()),
        wrong("lbt_arm", "lbt-by-x86-alone").whole("fail", &count),
        wrong("lbt_mips", "lbt-by-all-three").aborted(),
        vec![
            skipped.started(),
            skipped.ended("a.x", "skip", &[]),
            skipped.ended("b.x", "skip", &[]),
            skipped.ended("b.y", "skip", &[]),
            end(),
        ],
        vec![
            in_error.started(),
            in_error.ended("a.x", "fail", &of("reg.set_same", "must", &["KS3"])),
            in_error.ended("b.x", "error", &[]),
            in_error.ended("b.y", "error", &[]),
            end(),
        ],
        wrong("pmu", "pmu-refused-before-feature").whole("pass", &cold()),
        wrong("pmu_lbt", "warning").whole("fail", &[said("kernel.quiet", "must")]),
        wrong("lbt", "<b>of another suite").whole("pass", &[]),
    ];
    rounds.concat()
}

fn count_noted() -> Vec<Value> {
    vec![said("list.count", "note")]
}

fn cold() -> Vec<Value> {
    let mut order = of("restore.any_order", "note", &PMU);
    for said in &mut order {
        said["after"] = json!({"name": "CPUCFG6", "id": "0x9030000000020006"});
    }
    [of("restore.cold", "should", &PMU), order].concat()
}

/// The same where nothing is wrong, of the faults of one configuration.
fn nothing_wrong() -> Vec<Value> {
    let all_three = [of("list.contents", "must", &LBT), vec![said("list.count", "must")]].concat();
    [right("lbt_mips").whole("pass", &[]), wrong("lbt_mips", "lbt-by-all-three").whole("fail", &all_three)].concat()
}

const LBT: [&str; 6] = ["LBT_SCR0", "LBT_SCR1", "LBT_SCR2", "LBT_SCR3", "LBT_EFLAGS", "LBT_FTOP"];

fn runs(events: &[Value]) -> Runs {
    let mut runs = Runs::default();
    events.iter().for_each(|event| runs.take(&event.to_string()));
    runs
}

fn matrix(events: &[Value]) -> Matrix {
    console::set_colors_enabled(false);
    Matrix::of(&runs(events), &catalogue()).unwrap()
}

#[test]
fn the_short_text_has_what_is_wrong() {
    let matrix = matrix(&everything());
    assert_eq!(matrix.exit_code(), 1);
    insta::assert_snapshot!(text(&matrix, Verbosity::Normal));
}

#[test]
fn the_long_text_has_every_fault_and_clause() {
    insta::assert_snapshot!(text(&matrix(&everything()), Verbosity::Verbose));
}

#[test]
fn where_nothing_is_wrong_little_is_said() {
    let matrix = matrix(&nothing_wrong());
    assert_eq!(matrix.exit_code(), 0);
    insta::assert_snapshot!(text(&matrix, Verbosity::Normal));
}

#[test]
fn the_document_has_everything() {
    let text = json::text(&matrix(&everything())).unwrap();
    let mut document: Value = serde_json::from_str(&text).unwrap();
    let faults = document["faults"].as_array_mut().unwrap();
    assert_eq!(faults.iter().filter(|fault| fault["state"] == "impossible").count(), 13);
    faults.retain(|fault| fault["state"] != "not_selected" && fault["state"] != "impossible");
    insta::assert_snapshot!(serde_json::to_string_pretty(&document).unwrap());
}

#[test]
fn a_stream_that_breaks_off_has_no_verdict() {
    let whole = everything();
    let matrix = matrix(&whole[..whole.len() - 12]);
    assert!(!matrix.is_complete() && matrix.unreached() > 0);
    let text = text(&matrix, Verbosity::Normal);
    assert!(text.contains("\nNOT REACHED ") && !text.contains("reglist: "), "{text}");
}

#[test]
fn a_round_that_is_taken_up_again_is_one_round() {
    let mut events = nothing_wrong();
    let (begin, findings) = (events[5].clone(), events[6].clone());
    // All but the first case, as after a crash in the second one.
    events.remove(6);
    events.splice(5..5, [begin, findings, json!({"event": "run_aborted", "reason": "a crash"})]);
    assert_eq!(matrix(&events).exit_code(), 0);
}

#[test]
fn a_clause_is_called_redundant_only_when_every_fault_was_tried() {
    let matrix = matrix(&nothing_wrong());
    assert!(matrix.clauses.iter().all(|clause| clause.redundant.is_none()));
}

#[test]
fn there_is_no_matrix_without_a_round() {
    let clauses = catalogue();
    assert!(Matrix::of(&Runs::default(), &clauses).is_none());
    let mut unknown = right("base").whole("pass", &[]);
    unknown[4]["verdict"] = json!("not_implemented");
    assert!(Matrix::of(&runs(&unknown), &clauses).is_none());
}

#[test]
fn a_round_may_claim_any_number_of_entries() {
    let mut far = said("list.unique", "must");
    far["entry"] = json!(3);
    far["last_entry"] = json!(u64::MAX);
    let events =
        [right("lbt_mips").whole("pass", &[]), wrong("lbt_mips", "lbt-by-all-three").whole("fail", &[far])].concat();
    assert_eq!(matrix(&events).totals().accused, 1);
}

#[test]
fn a_foreign_stream_may_have_many_findings_and_rounds() {
    const MANY: usize = 10_000;
    let findings = |observed: &str| -> Vec<Value> {
        let finding = |number: usize| {
            let mut finding = said(&format!("a.b{number}"), "must");
            finding["observed"] = json!(observed);
            finding["entry"] = json!(number * 9000);
            finding["last_entry"] = json!(number * 9000 + 8000);
            finding
        };
        (0..MANY).map(finding).collect()
    };
    let mut events = right("lbt_mips").whole("pass", &findings("x"));
    events.extend(wrong("lbt_mips", "lbt-by-all-three").whole("fail", &findings("y")));
    for number in 0..MANY {
        let mut unknown = wrong("base", "").started();
        unknown["fault"] = json!(format!("unknown-{number}"));
        events.push(unknown);
    }
    let start = Instant::now();
    let matrix = matrix(&events);
    let text = text(&matrix, Verbosity::Verbose);
    assert!(text.contains("a.b9999") && text.contains("unknown-9999"));
    assert!(start.elapsed() < Duration::from_secs(60), "took {:?}", start.elapsed());
}

#[test]
fn files_are_looked_at_before_anything_runs() {
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str| directory.path().join(name);
    let check = |names: &[&str], force: bool, all: bool| {
        let request = Request { files: names.iter().map(|name| file(name)).collect(), force };
        Output::check(&request, all, &Source::Embedded)
    };
    fs::write(file("old.json"), "mine").unwrap();
    assert!(matches!(check(&["a.json"], false, false), Err(OutputError::OneFault)));
    assert!(matches!(check(&["a.html"], false, true), Err(OutputError::Ending { .. })));
    assert!(matches!(check(&["none/a.json"], false, true), Err(OutputError::File(FileError::NoDirectory { .. }))));
    assert!(matches!(check(&["a.json", "old.json"], false, true), Err(OutputError::File(FileError::Exists { .. }))));
    assert!(check(&[], false, false).unwrap().is_none());

    let matrix = matrix(&everything());
    let output = check(&["old.json", "a.json", "a.json"], true, true).unwrap().unwrap().and_in(directory.path());
    output.write(&matrix).unwrap();
    for name in ["old.json", "a.json", "matrix.json"] {
        assert!(fs::read_to_string(file(name)).unwrap().starts_with('{'), "{name}");
    }
    let late = check(&["b.json"], false, true).unwrap().unwrap();
    fs::write(file("b.json"), "made meanwhile").unwrap();
    assert!(matches!(late.write(&matrix), Err(OutputError::File(FileError::Exists { .. }))));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_order_of_events_is_too_much(places in vec(0usize..1000, 0..80), verbose: bool) {
        let events = everything();
        let some: Vec<Value> = places.iter().map(|place| events[place % events.len()].clone()).collect();
        console::set_colors_enabled(false);
        if let Some(matrix) = Matrix::of(&runs(&some), &Clauses::load(&Source::Embedded).unwrap()) {
            let text = text(&matrix, Verbosity::of(false, verbose));
            let lines = text.lines().filter(|line| !line.starts_with("reglist: "));
            prop_assert!(lines.clone().all(|line| line.len() <= WIDTH), "{}", text);
            json::text(&matrix).unwrap();
        }
    }
}
