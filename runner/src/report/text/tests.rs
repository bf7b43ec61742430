// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Whole reports, as people read them.

use serde_json::{Value, json};

use super::*;
use crate::record::runs::Runs;
use crate::report::paragraph::WIDTH;
use crate::system::verbosity::Verbosity;

/// A report of a run that was to do `plan`, by what began it and what followed.
fn report(started: &Value, events: &[Value], verbosity: Verbosity) -> String {
    console::set_colors_enabled(false);
    let mut runs = Runs::default();
    runs.take(&started.to_string());
    for event in events {
        runs.take(&event.to_string());
    }
    assert_eq!(runs.stray, Vec::<String>::new());
    text(runs.current(), verbosity, None)
}

fn shown(plan: &[&str], events: &[Value]) -> String {
    report(&on_kernel(plan), events, Verbosity::Normal)
}

fn on_kernel(plan: &[&str]) -> Value {
    json!({
        "event": "run_started", "format": 1, "suite": "0.1.0", "subject": "kvm",
        "architecture": "loongarch64", "kernel": "7.2.13 #1 SMP", "cpu": "Loongson-3A5000", "series": "v5",
        "strict": false, "allow_new": false, "seed": 7, "plan": plan,
    })
}

fn on_model(plan: &[&str], fault: Option<&str>) -> Value {
    json!({
        "event": "run_started", "format": 1, "suite": "0.1.0", "subject": "model",
        "architecture": "loongarch64", "kernel": "7.2 (model)", "cpu": "", "series": "v5",
        "strict": false, "allow_new": false, "seed": 1, "fault": fault, "plan": plan,
    })
}

fn case(id: &str, outcome: &str, findings: &[Value]) -> Value {
    json!({
        "event": "case_finished", "case": id, "outcome": outcome, "duration_us": 1234, "ioctls": 5,
        "reason": matches!(outcome, "skip" | "error").then_some("the host has no PMU"), "findings": findings,
    })
}

fn missing(name: &str, id: &str) -> Value {
    json!({
        "clause": "list.contents", "level": "must", "register": {"name": name, "id": id},
        "ioctl": "KVM_GET_REG_LIST", "expected": "listed", "observed": "missing",
    })
}

fn count(expected: usize, observed: usize) -> Value {
    json!({
        "clause": "list.count", "level": "must", "ioctl": "KVM_GET_REG_LIST",
        "expected": format!("{expected} registers"), "observed": format!("{observed} registers"),
    })
}

fn fact(clause: &str, observed: &str) -> Value {
    json!({"clause": clause, "level": "note", "observed": observed})
}

fn end(verdict: &str, totals: [usize; 4]) -> Value {
    let [pass, fail, skip, error] = totals;
    json!({
        "event": "run_finished", "verdict": verdict,
        "totals": {"pass": pass, "fail": fail, "skip": skip, "error": error},
    })
}

#[test]
fn what_findings_have_in_common_is_said_once() {
    let note = json!({
        "clause": "list.width", "level": "note", "errno": "E2BIG", "ioctl": "KVM_GET_REG_LIST",
        "expected": "success with n = 2^32", "observed": "E2BIG", "entry": 3,
    });
    let list = [missing("KS6", "0x9030000000010036"), missing("TVAL", "0x9030000000010042")];
    let plan =
        ["base.contents.a", "base.count.a", "base.count.b", "pmu_lbt.contents.a", "pmu_lbt.count.a", "pmu.count.a"];
    insta::assert_snapshot!(shown(
        &plan,
        &[
            case("base.contents.a", "fail", &list),
            case("base.count.a", "fail", &[count(76, 54), note.clone()]),
            case("base.count.b", "pass", &[]),
            case("pmu_lbt.contents.a", "fail", &list),
            case("pmu_lbt.count.a", "fail", &[count(90, 68), note]),
            case("pmu.count.a", "skip", &[]),
            end("failed", [1, 4, 1, 0]),
        ]
    ));
}

#[test]
fn a_passing_run_is_short() {
    insta::assert_snapshot!(shown(
        &["base.a.x", "base.b.x"],
        &[case("base.a.x", "pass", &[]), case("base.b.x", "pass", &[]), end("passed", [2, 0, 0, 0])]
    ));
}

#[test]
fn a_run_that_broke_off_has_no_verdict() {
    insta::assert_snapshot!(shown(
        &["base.a.x", "base.b.x", "lbt.a.x"],
        &[case("base.a.x", "pass", &[]), json!({"event": "case_started", "case": "base.b.x"})]
    ));
}

#[test]
fn a_run_that_came_to_no_case_has_no_table() {
    let text = shown(&["base.a.x"], &[json!({"event": "run_aborted", "reason": "no /dev/kvm"})]);
    assert!(text.starts_with("reglist: suite gave up: before the first case: no /dev/kvm; "), "{text}");
}

#[test]
fn whole_configurations_are_skipped_in_one_word() {
    insta::assert_snapshot!(shown(
        &["base.a.x", "base.a.y", "pmu.a.x", "pmu.a.y", "lbt.a.x", "lbt.a.y"],
        &[
            case("base.a.x", "pass", &[]),
            case("base.a.y", "skip", &[]),
            case("pmu.a.x", "skip", &[]),
            case("pmu.a.y", "skip", &[]),
            case("lbt.a.x", "error", &[]),
            case("lbt.a.y", "pass", &[]),
            end("failed", [2, 0, 3, 1]),
        ]
    ));
}

#[test]
fn facts_are_told_in_few_words_before_the_verdict() {
    let order = |name: &str, id: &str| {
        let mut fact = fact("restore.any_order", "has to be SET after CPUCFG2");
        fact["register"] = json!({"name": name, "id": id});
        fact
    };
    let width = fact("list.width", "n counts as 64 bits");
    let plan = ["lbt.count.width", "base.count.width", "pmu.count.width", "pmu.restore.any"];
    insta::assert_snapshot!(report(
        &on_kernel(&plan),
        &[
            case("lbt.count.width", "pass", &[width.clone(), fact("list.consumers", "all 82 registers are listed")]),
            case("base.count.width", "pass", &[width.clone(), fact("list.consumers", "all 82 registers are listed")]),
            case("pmu.count.width", "pass", &[width, fact("list.width", "n counts as 32 bits")]),
            case("pmu.restore.any", "fail", &[order("PERFCTRL0", "0x1"), order("PERFCNTR0", "0x2"), count(84, 83)]),
            end("failed", [3, 1, 0, 0]),
        ],
        Verbosity::Verbose
    ));
}

#[test]
fn first_and_last_line_say_that_the_model_is_no_kernel() {
    let plan = ["base.a.x"];
    let whole = |fault, outcome, verdict, totals| {
        report(&on_model(&plan, fault), &[case("base.a.x", outcome, &[]), end(verdict, totals)], Verbosity::Normal)
    };
    insta::assert_snapshot!(whole(None, "pass", "passed", [1, 0, 0, 0]));
    let texts = [
        whole(Some("register-missing"), "fail", "failed", [0, 1, 0, 0]),
        whole(None, "skip", "nothing_tested", [0, 0, 1, 0]),
        report(&on_model(&[], None), &[end("nothing_tested", [0, 0, 0, 0])], Verbosity::Normal),
        report(&on_model(&plan, None), &[end("not_implemented", [0, 0, 1, 0])], Verbosity::Normal),
    ];
    for text in texts {
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[0].starts_with("model: no kernel was tested; "), "{text}");
        assert!(lines[lines.len() - 1].ends_with("; model: no kernel was tested"), "{text}");
    }
}

#[test]
fn a_verbose_report_has_a_line_for_each_case() {
    insta::assert_snapshot!(report(
        &on_kernel(&["base.a.x", "base.a.long_name", "base.a.y"]),
        &[case("base.a.x", "pass", &[]), case("base.a.long_name", "fail", &[])],
        Verbosity::Verbose
    ));
}

#[test]
fn new_registers_are_ready_to_paste() {
    let new = json!({
        "clause": "list.contents", "level": "note", "register": {"name": "CSR 0x9", "id": "0x9030000000010048"},
        "expected": "a register that the specification knows", "observed": "a new one",
    });
    let text = shown(&["base.a.x"], &[case("base.a.x", "pass", &[new]), end("passed", [1, 0, 0, 0])]);
    assert!(text.contains("\n      - {name: CSR_0x9, index: 0x9, "), "{text}");
}

#[test]
fn an_unknown_ioctl_is_one_line() {
    assert_eq!(
        shown(&["base.a.x"], &[end("not_implemented", [0, 0, 1, 0])]),
        "reglist: not implemented: KVM_GET_REG_LIST is unknown to Linux 7.2.13 (ENOTTY)\n"
    );
}

#[test]
fn a_run_of_seven_configurations_and_sixteen_themes_fits_a_terminal() {
    let configurations = ["base", "lbt", "lbt_arm", "lbt_mips", "lbt_x86", "pmu", "pmu_lbt"];
    let themes = [
        "count",
        "contents",
        "e2big",
        "efault",
        "roundtrip",
        "stable",
        "follows",
        "independent",
        "restore",
        "beyond",
        "busy",
        "fd",
        "gated",
        "counter",
        "cap",
        "order",
    ];
    let plan: Vec<String> = configurations
        .iter()
        .flat_map(|configuration| themes.map(|theme| ["x", "y"].map(|name| format!("{configuration}.{theme}.{name}"))))
        .flatten()
        .collect();
    let plan: Vec<&str> = plan.iter().map(String::as_str).collect();
    let events: Vec<Value> = plan
        .iter()
        .enumerate()
        .map(|(position, id)| case(id, if position % 3 == 0 { "fail" } else { "pass" }, &[]))
        .collect();
    let text = shown(&plan, &events);
    assert!(text.lines().all(|line| line.len() <= WIDTH), "{text}");
    assert_eq!(text.lines().filter(|line| line.contains("base")).count(), 1, "{text}");
}

#[test]
fn no_line_is_wider_than_a_terminal() {
    let long = "word ".repeat(60);
    let finding = |level: &str| {
        json!({
            "clause": "efault.array", "level": level, "expected": long, "observed": long,
            "register": {"name": "A_VERY_LONG_NAME_OF_A_REGISTER", "id": "0x1"},
        })
    };
    let findings = [finding("should"), finding("note")];
    let events = [case("base.a.x", "pass", &findings), end("passed", [1, 0, 0, 0])];
    let text = report(&on_kernel(&["base.a.x"]), &events, Verbosity::Verbose);
    assert!(text.contains("WARN efault.array") && text.contains("note efault.array"), "{text}");
    assert!(text.lines().all(|line| line.len() <= WIDTH), "{text}");
}

#[test]
fn an_emulated_machine_is_no_hardware() {
    let cases = ["base.count.expected"];
    let mut started = on_kernel(&cases);
    started["labels"] = json!([{"name": "machine", "value": "QEMU 11.1.3, software LVZ"}]);
    let text = report(&started, &[case(cases[0], "pass", &[])], Verbosity::Normal);
    assert!(text.contains("emulated Loongson-3A5000\n"), "{text}");
    assert!(text.contains("on Linux 7.2.13 (QEMU 11.1.3, software LVZ), series v5"), "{text}");
    let hardware = shown(&cases, &[case(cases[0], "pass", &[])]);
    assert!(!hardware.contains("emulated") && hardware.contains("on Linux 7.2.13, series v5"), "{hardware}");
}
