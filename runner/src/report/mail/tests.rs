// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Whole mails, as people paste them.

use proptest::collection::vec;
use proptest::prelude::*;
use pulldown_cmark::{Event, Parser, Tag};
use serde_json::{Value, json};

use super::plain::WIDTH;
use super::{mail, markdown};
use crate::record::Record;
use crate::record::runs::Runs;

const MACHINE: &str = "QEMU 11.1.3, software LVZ";
const DIGEST: &str = "sha256:6a09e667f3bcc908b2fb1366ea957d3e3adec17512775099da2f590b0667322a";

fn record(started: &Value, events: &[Value]) -> Record {
    let mut runs = Runs::default();
    [started].into_iter().chain(events).for_each(|event| runs.take(&event.to_string()));
    assert_eq!(runs.stray, Vec::<String>::new());
    runs.current().clone()
}

fn label(name: &str, value: &str) -> Value {
    json!({"name": name, "value": value})
}

fn on_board(plan: &[&str]) -> Value {
    json!({
        "event": "run_started", "format": 1, "suite": "0.1.0", "subject": "kvm",
        "architecture": "loongarch64", "kernel": "7.2.13 #1 SMP", "cpu": "Loongson-3A5000", "series": "v5",
        "strict": false, "allow_new": false, "seed": 1, "plan": plan,
    })
}

fn in_lab(plan: &[&str]) -> Value {
    let mut started = on_board(plan);
    started["labels"] = json!([
        label("source", "linux-source-7.2 7.2.13-1"),
        label("patch", &format!("v6.patch {DIGEST}")),
        label("build-id", "abc"),
        label("machine", MACHINE),
    ]);
    started
}

fn on_model(plan: &[&str], fault: Option<&str>) -> Value {
    let mut started = on_board(plan);
    for (key, value) in [("subject", json!("model")), ("kernel", json!("7.2 (model)")), ("fault", json!(fault))] {
        started[key] = value;
    }
    started
}

fn case(id: &str, outcome: &str, findings: &[Value]) -> Value {
    json!({
        "event": "case_finished", "case": id, "outcome": outcome, "duration_us": 1234, "ioctls": 5,
        "reason": matches!(outcome, "skip" | "error").then_some("the kernel crashed: Oops\nmore lines"),
        "findings": findings,
    })
}

fn end(verdict: &str, totals: [usize; 4]) -> Value {
    let [pass, fail, skip, error] = totals;
    json!({
        "event": "run_finished", "verdict": verdict,
        "totals": {"pass": pass, "fail": fail, "skip": skip, "error": error},
    })
}

/// The findings of the fault `efault-lost`.
fn lost() -> [Value; 2] {
    let place = "about 32 GiB beyond reg[], as if -EFAULT were an index";
    let array = json!({
        "clause": "efault.array", "level": "must", "ioctl": "KVM_GET_REG_LIST", "entry": 54, "last_entry": 91,
        "expected": "EFAULT when reg[] is inaccessible from the given entry on",
        "observed": format!("success; bytes written {place}"),
    });
    let stray = json!({
        "clause": "efault.stray", "level": "must", "ioctl": "KVM_GET_REG_LIST",
        "expected": "no write outside the header and reg[]",
        "observed": format!("bytes written {place}; the first at reg[0] +34359738256 bytes"),
    });
    [array, stray]
}

fn missing(name: &str, id: &str) -> Value {
    json!({
        "clause": "list.contents", "level": "must", "register": {"name": name, "id": id},
        "ioctl": "KVM_GET_REG_LIST", "expected": "listed", "observed": "missing",
    })
}

fn order() -> Value {
    json!({
        "clause": "list.order", "level": "should", "ioctl": "KVM_GET_REG_LIST",
        "expected": "the specification's order", "observed": "another one",
    })
}

fn width() -> Value {
    json!({"clause": "list.width", "level": "note", "observed": "n counts as 64 bits"})
}

const PLAN: [&str; 5] = [
    "pmu_lbt.efault.landing_zone",
    "lbt.efault.landing_zone",
    "base.contents.exact",
    "base.stable.repeated",
    "base.busy.one",
];

/// Three causes, a warning, a note and a crash.
fn failing() -> [Value; 6] {
    [
        case(PLAN[0], "fail", &lost()),
        case(PLAN[1], "fail", &lost()),
        case(PLAN[2], "fail", &[missing("KS6", "0x9030000000010036"), missing("KS7", "0x9030000000010037")]),
        case(PLAN[3], "pass", &[order(), width()]),
        case(PLAN[4], "error", &[]),
        end("failed", [1, 3, 0, 1]),
    ]
}

fn passing() -> [Value; 3] {
    [case("base.count.expected", "pass", &[]), case("pmu.count.expected", "skip", &[]), end("passed", [1, 0, 1, 0])]
}

const PASSING: [&str; 2] = ["base.count.expected", "pmu.count.expected"];

#[test]
fn a_failing_run_has_causes_a_guess_and_a_command() {
    let record = record(&in_lab(&PLAN), &failing());
    insta::assert_snapshot!("failing_mail", mail(&record));
    insta::assert_snapshot!("failing_markdown", markdown(&record));
}

#[test]
fn a_passing_run_in_the_lab_suggests_a_tag() {
    let record = record(&in_lab(&PASSING), &passing());
    insta::assert_snapshot!("passing_mail", mail(&record));
    insta::assert_snapshot!("passing_markdown", markdown(&record));
}

#[test]
fn a_board_repeats_a_run_with_the_suite_alone() {
    let passing = mail(&record(&on_board(&PASSING), &passing()));
    assert!(passing.ends_with("\nTested-by: NAME <ADDRESS> # reglist 0.1.0, 1 case (1 skipped), Loongson-3A5000\n"));
    assert!(passing.contains("\nRun this command on the tested machine.\n\n    reglist-suite\n"), "{passing}");
    let failing = mail(&record(&on_board(&PLAN), &failing()));
    assert!(failing.contains("    reglist-suite pmu_lbt.efault.landing_zone base.contents.exact \\\n"), "{failing}");
}

#[test]
fn the_model_is_no_kernel() {
    let run = [case(PLAN[2], "fail", &[missing("KS6", "0x9030000000010036")]), end("failed", [0, 1, 0, 0])];
    insta::assert_snapshot!("model_mail", mail(&record(&on_model(&PLAN[2..3], Some("register-missing")), &run)));
}

#[test]
fn a_run_that_broke_off_has_a_suspect() {
    let events = [
        case(PLAN[0], "pass", &[]),
        json!({"event": "case_started", "case": PLAN[1]}),
        json!({"event": "run_broken_off", "by": "kernel", "reason": "the kernel panicked: Fatal exception\nmore"}),
    ];
    insta::assert_snapshot!("broken_off_mail", mail(&record(&in_lab(&PLAN), &events)));
}

#[test]
fn only_a_kernel_on_which_every_case_passed_gets_a_tag() {
    let has_tag = |started: &Value, events: &[Value]| {
        let record = record(started, events);
        let found = [mail(&record), markdown(&record)].map(|text| text.contains("Tested-by:"));
        assert_eq!(found[0], found[1]);
        found[0]
    };
    let with = |mut started: Value, key: &str, value: &str| {
        started[key] = json!(value);
        started
    };
    let (lab, passed) = (in_lab(&PASSING), passing());
    assert!(has_tag(&lab, &passed) && has_tag(&on_board(&PASSING), &passed));
    // The last line can be lost.
    assert!(has_tag(&lab, &passed[..2]));
    assert!(!has_tag(&on_model(&PASSING, None), &passed));
    assert!(!has_tag(&with(lab.clone(), "fault", "efault-lost"), &passed));
    assert!(!has_tag(&with(lab.clone(), "suite", "unknown"), &passed));
    assert!(!has_tag(&lab, &[]));
    assert!(!has_tag(&lab, &[passed[0].clone(), passed[2].clone()]));
    for outcome in ["fail", "error"] {
        let run = [passed[0].clone(), case(PASSING[1], outcome, &[]), end("failed", [1, 0, 0, 0])];
        assert!(!has_tag(&lab, &run), "{outcome}");
        // A wrong last line does not help.
        let run = [passed[0].clone(), case(PASSING[1], outcome, &[]), end("passed", [2, 0, 0, 0])];
        assert!(!has_tag(&lab, &run), "{outcome}");
    }
    assert!(!has_tag(&lab, &[case(PASSING[0], "skip", &[]), case(PASSING[1], "skip", &[])]));
}

/// The command of a passing run with these labels.
fn command(labels: &[Value], key: &str, value: Value) -> String {
    let mut started = in_lab(&PASSING);
    started["labels"] = Value::Array([labels, &[label("machine", MACHINE)]].concat());
    started[key] = value;
    let text = markdown(&record(&started, &passing()));
    text.split_once("```sh\n").and_then(|(_, rest)| rest.split_once('\n')).unwrap().0.to_owned()
}

#[test]
fn the_command_is_what_the_record_knows() {
    let patch = |name: &str| label("patch", &format!("{name} {DIGEST}"));
    let [package, commit] = ["linux-source-7.3 7.3.1-1", "commit 0123456789abcdef"].map(|text| label("source", text));
    let (reference, faults) = (patch("reference-7.2.patch"), patch("faults.patch"));
    let seed = || ("seed", json!(1));
    for (labels, (key, value), expected) in [
        (vec![package.clone(), patch("a b.patch")], seed(), "reglist lab --kernel 7.3 --patch 'a b.patch'"),
        (vec![commit, patch("-x.patch")], seed(), "reglist lab --kernel-src DIR@0123456789ab --patch ./-x.patch"),
        (vec![patch("standard input")], seed(), "reglist lab --kernel-src DIR --patch -"),
        (vec![package.clone(), reference.clone()], ("seed", json!(9)), "reglist lab --kernel 7.3 --reference --seed 9"),
        (
            vec![package.clone(), reference, faults],
            ("fault", json!("efault-lost")),
            "reglist lab --kernel 7.3 --fault efault-lost",
        ),
        (vec![package.clone()], ("strict", json!(true)), "reglist lab --kernel 7.3 --strict"),
        (vec![package.clone()], ("series", json!("v4")), "reglist lab --kernel 7.3 --series v4"),
        (vec![package.clone()], ("allow_new", json!(true)), "reglist lab --kernel 7.3 --allow-new"),
        // Nothing foreign becomes another option.
        (vec![package.clone()], ("fault", json!("--events=x")), "reglist lab --kernel 7.3"),
        (vec![package], ("series", json!("--events=x")), "reglist lab --kernel 7.3"),
    ] {
        assert_eq!(command(&labels, key, value), expected);
    }
}

#[test]
fn an_option_and_its_value_share_a_line() {
    let run = [case(PLAN[2], "fail", &lost())];
    let text = mail(&record(&on_model(&PLAN[2..3], Some("register-missing")), &run));
    let command =
        "    reglist run --subject model --model-kernel 7.2 \\\n        --fault register-missing base.contents.exact\n";
    assert!(text.ends_with(command), "{text}");
}

#[test]
fn a_run_of_one_configuration_is_repeated_in_it() {
    let text = mail(&record(&on_model(&["base.a.x"], None), &[case("base.a.x", "pass", &[])]));
    assert!(text.contains("\n    reglist run --subject model --model-kernel 7.2 --config base\n"), "{text}");
}

#[test]
fn foreign_case_ids_are_no_arguments() {
    let plan = ["--events=x", "base.a; reboot"];
    let run = plan.map(|id| case(id, "fail", &lost()));
    let text = mail(&record(&in_lab(&plan), &run));
    assert!(text.ends_with("\nTo repeat the run:\n\n    reglist lab --kernel 7.2 --patch v6.patch\n"), "{text}");
}

#[test]
fn many_findings_of_a_clause_are_counted() {
    let finding = |word: &str| json!({"clause": "a.b", "level": "must", "expected": "x", "observed": word});
    let findings: Vec<Value> = ["a", "b", "c", "d", "e", "f"].map(finding).to_vec();
    let text = mail(&record(&in_lab(&PLAN[..1]), &[case(PLAN[0], "fail", &findings)]));
    assert!(text.contains("\n1 must clause is broken:\n\n- a.b (must)\n"), "{text}");
    assert_eq!((text.matches("Observed: ").count(), text.contains("has 2 more findings of this")), (4, true), "{text}");
}

#[test]
fn strict_makes_a_warning_a_failure() {
    let run = [case(PLAN[3], "fail", &[order()])];
    let mut started = in_lab(&PLAN[3..4]);
    assert!(mail(&record(&started, &run)).contains("\n1 should clause is broken (warnings):\n"));
    started["strict"] = json!(true);
    let text = mail(&record(&started, &run));
    assert!(text.contains("\n1 should clause is broken:\n") && text.contains(" --strict"), "{text}");
}

#[test]
fn the_notes_of_a_review_are_shown() {
    let note = json!({"check": "sparse", "file": "a.c", "line": 3, "message": "<b> is wrong"});
    let review = json!({"event": "kernel_reviewed", "checks": [], "notes": vec![note; 9], "left_out": 2});
    let mut runs = Runs::default();
    runs.take(&review.to_string());
    let only = mail(runs.current());
    assert!(only.starts_with("reglist: the run did not start\n\nThe review of the patches made 11 notes:\n"), "{only}");
    runs.take(&in_lab(&PASSING).to_string());
    let text = markdown(runs.current());
    assert!(text.contains("- Note: `a.c:3: <b> is wrong (sparse)`\n"), "{text}");
    assert!(text.contains("- The review has 3 more notes.\n"), "{text}");
}

/// Foreign text, with much that a mail or Markdown could take for its own.
fn foreign() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        "\\PC{0,9}",
        "[a-z]{60,90}",
        prop::sample::select(vec![
            "<script>",
            "](http://x)",
            "```",
            "`",
            "**a**",
            "# b",
            "- c",
            "Tested-by: X <y@z>",
            "--",
            "From ",
            "\u{85}",
            "\u{2028}",
            "\u{202e}",
            "\t",
            "\n",
            "\u{a0}",
            "@me",
            "| a |",
            "&amp;",
            "1.",
            "\\",
        ])
        .prop_map(str::to_owned),
    ];
    vec(word, 0..12).prop_map(|words| words.join(" "))
}

/// A run whose every text is foreign.
fn hostile(words: &[String], emulated: bool) -> Record {
    let word = |at: usize| words[at % words.len()].clone();
    let plan: Vec<String> = (0..6).map(|number| format!("{}{number}", word(number))).collect();
    let plan: Vec<&str> = plan.iter().map(String::as_str).collect();
    let mut started = on_board(&plan);
    for (place, key) in ["suite", "kernel", "cpu", "series", "architecture", "fault"].into_iter().enumerate() {
        started[key] = json!(word(place));
    }
    let machine = if emulated { vec![label("machine", &word(1))] } else { Vec::new() };
    let named = ["source", "patch", "patch"].into_iter().enumerate().map(|(place, name)| label(name, &word(place)));
    started["labels"] = Value::Array(named.chain(machine).collect());
    let finding = |level: &str, at: usize| {
        json!({
            "clause": word(at), "level": level, "ioctl": word(at + 1), "errno": word(at + 2),
            "register": {"name": word(at + 3), "id": "0x1"}, "expected": word(at + 4), "observed": word(at + 5),
        })
    };
    let mut events: Vec<Value> = Vec::new();
    for (number, id) in plan.iter().take(4).enumerate() {
        events.push(case(id, "fail", &[finding("must", number), finding("should", number), finding("note", number)]));
    }
    let mut error = case(plan[4], "error", &[]);
    error["reason"] = json!(word(3));
    events.push(error);
    events.push(json!({"event": "run_broken_off", "by": "kernel", "reason": word(2)}));
    let mut runs = Runs::default();
    [started].iter().chain(&events).for_each(|event| runs.take(&event.to_string()));
    runs.current().clone()
}

/// Whether b4 would take a line of a reply for a tag.
fn is_tag(line: &str) -> bool {
    let Some((name, value)) = line.trim_start().split_once(": ") else { return false };
    let is_name = name.starts_with(|c: char| c.is_alphanumeric() || c == '_') && !name.contains(' ');
    is_name && (value.contains('@') || matches!(name.to_ascii_lowercase().as_str(), "fixes" | "link"))
}

/// Whether a line has one word for those who wrap it: behind its bullet, or of a shell.
fn is_one_word(line: &str) -> bool {
    let line = line.trim_start();
    let words = line.strip_prefix("- ").unwrap_or(line);
    let of_shell = shlex::split(line.strip_suffix('\\').unwrap_or(line));
    words.split_ascii_whitespace().count() <= 1 || of_shell.is_some_and(|words| words.len() == 1)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn every_mail_is_narrow_ascii(words in vec(foreign(), 1..9), emulated in any::<bool>()) {
        let text = mail(&hostile(&words, emulated));
        prop_assert!(text.bytes().all(|byte| byte == b'\n' || byte == b' ' || byte.is_ascii_graphic()));
        for line in text.lines() {
            prop_assert!(line.len() <= WIDTH || is_one_word(line), "{line}\n{text}");
            prop_assert!(!line.ends_with(' ') && !is_tag(line) && !line.trim_start().starts_with("Tested-by:"), "{line}\n{text}");
            prop_assert!(!line.starts_with("From ") && !line.starts_with("--"), "{line}\n{text}");
        }
    }

    #[test]
    fn foreign_text_is_no_markdown(words in vec(foreign(), 1..9), emulated in any::<bool>()) {
        let text = markdown(&hostile(&words, emulated));
        let mut headings = 0;
        for event in Parser::new(&text) {
            let is_html = matches!(event, Event::Html(_) | Event::InlineHtml(_));
            let is_other = matches!(
                event,
                Event::Rule | Event::HardBreak | Event::Start(Tag::Link { .. } | Tag::Image { .. } | Tag::Emphasis | Tag::BlockQuote(_))
            );
            prop_assert!(!is_html && !is_other, "{event:?}\n{text}");
            headings += usize::from(matches!(event, Event::Start(Tag::Heading { .. })));
        }
        let own = text.lines().filter(|line| line.starts_with("## ") || line.starts_with("### ")).count();
        prop_assert_eq!(headings, own, "{}", text);
    }
}
