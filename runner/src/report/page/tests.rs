// SPDX-License-Identifier: Apache-2.0 OR MIT
use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;

use proptest::prelude::*;
use reglist_suite::arch::LoongArch64;
use reglist_suite::checks::plan;
use reglist_suite::report::events::{
    CaseFinished, Event, Finding, Label, NamedRegister, Outcome, RunFinished, RunStarted, SubjectKind, Totals, Verdict,
};
use reglist_suite::spec::clause::Level;
use reglist_suite::spec::{Source, Spec};
use scraper::{Html, Selector};

use super::anchor::anchor;
use super::content::Page;
use super::fit::Input;
use super::template::text;
use super::{mark, registers};
use crate::record::Record;
use crate::record::runs::Runs;

const BROKEN_OFF: &str = include_str!("../../../../ci/formats/broken-off.jsonl");

fn started(plan: Vec<String>) -> RunStarted {
    RunStarted {
        format: 1,
        suite: "0.1.0".into(),
        subject: SubjectKind::Kvm,
        architecture: "loongarch64".into(),
        kernel: "7.2.13 #1 SMP".into(),
        cpu: "Loongson-3A5000".into(),
        series: "v5".into(),
        strict: false,
        allow_new: false,
        seed: 1,
        threads: 1,
        fault: None,
        coverage: None,
        labels: vec![Label { name: Label::PATCH.into(), value: format!("v6.patch sha256:{}", "ab".repeat(32)) }],
        plan,
    }
}

fn finding(clause: &str, register: &str, id: u64, expected: &str, observed: &str) -> Finding {
    Finding {
        register: Some(NamedRegister { name: register.into(), id }),
        ioctl: Some("KVM_GET_REG_LIST".into()),
        ..Finding::new(clause, Level::Must, expected.into(), observed.into())
    }
}

fn ended(case: &str, findings: Vec<Finding>) -> CaseFinished {
    let fails = findings.iter().any(|finding| finding.level == Level::Must);
    CaseFinished {
        case: case.into(),
        outcome: if fails { Outcome::Fail } else { Outcome::Pass },
        reason: None,
        duration_us: 1200,
        ioctls: 3,
        findings,
        listed: Vec::new(),
        ran: None,
    }
}

fn record(events: impl IntoIterator<Item = Event>) -> Record {
    let mut record = Record::default();
    for event in events {
        record.add(event);
    }
    record
}

/// A run of the whole plan, in which the named cases found something.
fn run(found: &[(&str, Vec<Finding>)]) -> Record {
    let spec = Spec::load(&Source::Embedded, &LoongArch64, "v5").unwrap();
    let plan: Vec<String> = plan::plan(&spec, &[]).into_iter().map(|case| case.id).collect();
    let mut found: HashMap<&str, Vec<Finding>> = found.iter().cloned().collect();
    let mut totals = Totals::default();
    let mut events = vec![Event::RunStarted(started(plan.clone()))];
    for case in &plan {
        let mut end = ended(case, found.remove(case.as_str()).unwrap_or_default());
        if let Some(name) = case.strip_suffix(".contents.exact") {
            let expected = spec.configurations.iter().find(|known| known.name == name).unwrap();
            let missing = |id| end.findings.iter().any(|finding| finding.register.as_ref().unwrap().id == id);
            let listed = expected.registers.iter().filter(|register| !missing(register.id)).map(|known| known.named());
            end.listed = listed.collect();
        }
        totals.count(end.outcome);
        events.push(Event::CaseFinished(end));
    }
    assert!(found.is_empty(), "{found:?}");
    events.push(Event::RunFinished(RunFinished { verdict: totals.verdict(), totals }));
    record(events)
}

const CRMD: u64 = 0x9030_0000_0001_0000;
const ESTAT: u64 = 0x9030_0000_0001_0028;
const CPUCFG1: u64 = 0x9030_0000_0004_0008;

/// A run in which one register is missing, one is not expected, one does not
/// come back, and one needs another one first.
fn defects() -> Record {
    let first = Finding {
        level: Level::Note,
        after: Some(NamedRegister { name: "CPUCFG1".into(), id: CPUCFG1 }),
        ..finding("restore.any_order", "ESTAT", ESTAT, "", "CPUCFG1 before it, else it is lost")
    };
    run(&[
        (
            "base.contents.exact",
            vec![
                finding("list.contents", "CRMD", CRMD, "listed", "missing"),
                finding("list.contents", "CSR 0x9", 0x9030_0000_0001_0048, "not listed", "listed"),
            ],
        ),
        ("pmu.roundtrip.values", vec![finding("reg.roundtrip", "ESTAT", ESTAT, "0x1", "0x0")]),
        ("base.restore.any_order", vec![first]),
    ])
}

fn input(record: &Record) -> Input {
    Input::new("events.jsonl", record).unwrap()
}

fn from_lines(lines: &str) -> Record {
    let mut runs = Runs::default();
    lines.lines().for_each(|line| runs.take(line));
    runs.current().clone()
}

/// The page in a few words.
fn words(page: &Page) -> String {
    let mut words = format!("{}\n", page.heading);
    for overview in &page.overviews {
        let broken: Vec<&str> = overview.broken.iter().map(|(_, clause)| clause.as_str()).collect();
        let _ = writeln!(words, "{}: {} | {} | broken {broken:?}", overview.word, overview.sentence, overview.exit);
        overview.doubts.iter().for_each(|doubt| words += &format!("doubt: {doubt}\n"));
    }
    for section in &page.registers.sections {
        let _ = writeln!(
            words,
            "group {} ({}){}",
            section.name,
            section.rows.len(),
            if section.strange { " strange" } else { "" }
        );
        for row in section.rows.iter().filter(|row| row.wrong || row.differs || !row.said.is_empty()) {
            let sign = |cell: &registers::Cell| {
                let signs = |marks: &[mark::Mark; 2]| marks.iter().map(|mark| mark.sign).collect::<String>();
                let before = cell.before.as_ref().map(|marks| format!("{}>", signs(marks)));
                before.unwrap_or_default() + &signs(&cell.now)
            };
            let cells: Vec<String> = row.cells.iter().map(sign).collect();
            let _ = writeln!(words, "  {} {} {}", row.anchor, row.id, cells.join(" "));
            for said in &row.said {
                let _ = writeln!(words, "    {}, {} ({})", said.clause, said.words, said.configurations);
            }
        }
    }
    for section in page.sections.iter().filter(|section| section.open || section.word != "kept") {
        let _ = writeln!(
            words,
            "{} {}: {}, {}",
            anchor("clause", &section.id),
            section.level,
            section.word,
            section.counts
        );
        for case in section.cases.iter().filter(|case| case.wrong || case.differs) {
            let before = case.before.as_ref().map(|before| format!("{}, ", before.word)).unwrap_or_default();
            let _ = writeln!(
                words,
                "  {}: {before}{} {} {}",
                anchor("case", &case.id),
                case.now.word,
                case.change,
                case.reason
            );
        }
    }
    for edge in &page.order.edges {
        let (first, then) = (&edge.first.name, &edge.then.name);
        let _ = writeln!(words, "{first} before {then} in {} {}", edge.configurations, edge.change);
    }
    words + page.order.nothing + "\n"
}

fn html(new: &Input, old: Option<&Input>) -> String {
    text(new, old).unwrap()
}

/// Holds a page against what every page must be.
fn check(text: &str) {
    let page = Html::parse_document(text);
    let select = |selector: &str| Selector::parse(selector).unwrap();
    let mut ids = HashSet::new();
    for element in page.select(&select("[id]")) {
        let id = element.value().attr("id").unwrap();
        assert!(!id.is_empty() && id.chars().all(|c| c.is_ascii_alphanumeric() || "-_.~".contains(c)), "{id}");
        assert!(ids.insert(id), "{id} stands twice");
    }
    for element in page.select(&select("a")) {
        let target = element.value().attr("href").unwrap().strip_prefix('#').unwrap();
        assert!(ids.contains(target), "{target} is nowhere");
    }
    for element in page.select(&select("[aria-labelledby], [aria-describedby], label[for]")) {
        for name in ["aria-labelledby", "aria-describedby", "for"] {
            assert!(element.value().attr(name).is_none_or(|id| ids.contains(id)));
        }
    }
    for table in page.select(&select("table")) {
        let widths: HashSet<usize> = table
            .select(&select("tr"))
            .map(|row| {
                let cells = row.child_elements();
                cells.map(|cell| cell.value().attr("colspan").map_or(1, |columns| columns.parse().unwrap())).sum()
            })
            .collect();
        assert_eq!(widths.len(), 1, "{widths:?} in {}", table.html().chars().take(200).collect::<String>());
    }
    assert_eq!(page.select(&select("script")).count(), 1);
    assert_eq!(page.select(&select("img, iframe, object, embed, link, base, [style], [onload], [onerror]")).count(), 0);
    for element in page.tree.values().filter_map(|node| node.as_element()) {
        assert!(element.attrs().all(|(name, _)| !name.starts_with("on") && name != "src"), "{element:?}");
    }
    assert!(text.len() < 4 << 20, "{} bytes", text.len());
}

#[test]
fn the_page_has_what_the_run_says() {
    let record = defects();
    insta::assert_snapshot!(words(&Page::of(&input(&record), None)));
}

#[test]
fn two_runs_are_shown_with_what_is_different() {
    let (right, wrong) = (run(&[]), defects());
    insta::assert_snapshot!(words(&Page::of(&input(&wrong), Some(&input(&right)))));
    let page = Page::of(&input(&right), Some(&input(&right)));
    let differences = page.differences.unwrap();
    assert_eq!((differences.word, differences.numbers.as_str()), ("no regression", ""));
}

#[test]
fn a_run_that_broke_off_names_the_suspect() {
    insta::assert_snapshot!(words(&Page::of(&input(&from_lines(BROKEN_OFF)), None)));
}

#[test]
fn pages_are_well_formed() {
    let (right, wrong, broken) = (run(&[]), defects(), from_lines(BROKEN_OFF));
    let inputs = [input(&right), input(&wrong), input(&broken)];
    for new in &inputs {
        check(&html(new, None));
        inputs.iter().for_each(|old| check(&html(new, Some(old))));
    }
    let size = html(&inputs[0], None).len();
    assert!(size < 500_000, "{size} bytes");
}

#[test]
fn a_new_register_that_is_allowed_is_not_unexpected() {
    let known = "a register that the specification knows";
    let new = Finding {
        level: Level::Note,
        ..finding("list.contents", "CSR_0x9", 0x9030_0000_0001_0048, known, "a new one")
    };
    let page = Page::of(&input(&run(&[("base.contents.exact", vec![new])])), None);
    let unexpected = page.registers.numbers.iter().find(|numbers| numbers.name == "unexpected").unwrap();
    assert!(unexpected.cells.iter().all(|cell| cell.now == "0" && !cell.wrong), "{unexpected:?}");
    assert!(words(&page).contains("register-0x9030000000010048 0x9030000000010048 N"), "{}", words(&page));
}

#[test]
fn a_series_that_nobody_knows_is_told() {
    let mut record = defects();
    record.started.as_mut().unwrap().series = "v99".into();
    let page = Page::of(&input(&record), None);
    assert!(page.registers.remarks[0].contains("no series v99"), "{:?}", page.registers.remarks);
    check(&html(&input(&record), None));
    record.started.as_mut().unwrap().architecture = "pdp11".into();
    check(&html(&input(&record), None));
}

#[test]
fn what_is_not_recorded_is_told() {
    let mut record = Record::default();
    for mut event in defects().whole() {
        if let Event::CaseFinished(case) = &mut event {
            case.listed.clear();
        }
        record.add(event);
    }
    let page = Page::of(&input(&record), None);
    assert!(page.registers.remarks[0].contains("not recorded"), "{:?}", page.registers.remarks);
    insta::assert_snapshot!(words(&page));
}

#[test]
fn a_kernel_without_the_ioctl_has_no_matrix() {
    let end = RunFinished { verdict: Verdict::NotImplemented, totals: Totals::default() };
    let record = record([Event::RunStarted(started(vec!["base.contents.exact".into()])), Event::RunFinished(end)]);
    let page = Page::of(&input(&record), None);
    assert_eq!((page.overviews[0].word, page.registers.nothing.is_some()), ("not implemented", true));
    check(&html(&input(&record), None));
}

/// Names that are meant to break out of where they stand.
const HOSTILE: [&str; 8] = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "' onfocus='alert(1)",
    "</style></script><!--",
    "\u{202e}dne\u{2066}",
    "a b\u{0}c\u{7}&amp;{{ 7 }}{% if %}",
    "javascript:alert(1)#%00",
    "\u{5d0}\u{5d1}\u{645}",
];

#[test]
fn hostile_words_stay_words() {
    let case = |number: usize, word: &str| format!("{word}.{word}.x{number}");
    let mut begun = started(HOSTILE.iter().enumerate().map(|(number, word)| case(number, word)).collect());
    begun.kernel = HOSTILE.join(" ");
    begun.cpu = HOSTILE[0].into();
    begun.labels = HOSTILE.iter().map(|word| Label { name: (*word).into(), value: (*word).into() }).collect();
    begun.fault = Some(HOSTILE[1].into());
    let mut events = vec![Event::RunStarted(begun)];
    for (number, word) in HOSTILE.iter().enumerate() {
        let one = Finding {
            after: Some(NamedRegister { name: HOSTILE[2].into(), id: 7 }),
            ioctl: Some((*word).into()),
            errno: Some((*word).into()),
            entry: Some(usize::MAX),
            last_entry: Some(usize::MAX),
            ..finding(word, word, number as u64, word, word)
        };
        let contents = Finding { clause: "list.contents".into(), ..one.clone() };
        let mut end = ended(&case(number, word), vec![one, contents]);
        end.outcome = Outcome::Error;
        end.reason = Some(HOSTILE.join("\n"));
        end.listed = vec![NamedRegister { name: (*word).into(), id: u64::MAX }; 3];
        end.duration_us = u64::MAX;
        end.ioctls = u64::MAX;
        events.push(Event::CaseFinished(end));
    }
    let totals = Totals { pass: usize::MAX, fail: usize::MAX, skip: usize::MAX, error: usize::MAX };
    events.push(Event::RunFinished(RunFinished { verdict: Verdict::Passed, totals }));
    let record = record(events);
    let (one, right) = (input(&record), run(&[]));
    for text in [html(&one, None), html(&one, Some(&input(&right))), html(&input(&right), Some(&one))] {
        check(&text);
        assert!(!text.contains("\u{202e}") && !text.contains('\0'));
    }
}

#[test]
fn a_huge_run_has_a_page_that_can_be_used() {
    let findings = |case: usize| -> Vec<Finding> {
        let one = |number: usize| {
            let name = format!("R{number}");
            Finding {
                after: Some(NamedRegister { name: format!("A{case}"), id: case as u64 }),
                ..finding("list.contents", &name, number as u64 + 1, &"x".repeat(3000), &name)
            }
        };
        (0..1000).map(one).collect()
    };
    let plan: Vec<String> = (0..5000).map(|number| format!("c{number}.contents.exact")).collect();
    let mut events = vec![Event::RunStarted(started(plan.clone()))];
    for (number, case) in plan.iter().enumerate() {
        let mut end = ended(case, if number < 100 { findings(number) } else { Vec::new() });
        let registers = if number < 3 { 0..60_000_u64 } else { 0..1 };
        end.listed = registers.map(|id| NamedRegister { name: format!("R{id}"), id }).collect();
        events.push(Event::CaseFinished(end));
    }
    let record = record(events);
    let text = html(&input(&record), None);
    check(&text);
    assert!(text.contains("findings are omitted from this page"), "no omission");
    assert!(text.contains("more configurations are omitted") && text.contains("more registers outside the groups"));
}

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::sample::select(HOSTILE.to_vec()).prop_map(str::to_owned),
        prop::sample::select(vec![
            "base.contents.exact",
            "base.roundtrip.values",
            "pmu.x",
            "",
            ".",
            "list.contents",
            "missing",
            "CRMD"
        ])
        .prop_map(str::to_owned),
        any::<String>(),
    ]
}

fn any_register() -> impl Strategy<Value = NamedRegister> {
    let id = prop_oneof![Just(CRMD), Just(ESTAT), any::<u64>()];
    (any_text(), id).prop_map(|(name, id)| NamedRegister { name, id })
}

fn any_finding() -> impl Strategy<Value = Finding> {
    let level = prop::sample::select(vec![Level::Must, Level::Should, Level::Note]);
    let registers = (prop::option::of(any_register()), prop::option::of(any_register()));
    let entries = (prop::option::of(any::<usize>()), prop::option::of(any::<usize>()));
    (level, registers, entries, any_text(), any_text(), any_text()).prop_map(
        |(level, (register, after), (entry, last_entry), clause, expected, observed)| Finding {
            clause,
            level,
            register,
            after,
            entry,
            last_entry,
            ioctl: None,
            errno: None,
            expected,
            observed,
        },
    )
}

fn any_event() -> impl Strategy<Value = Event> {
    let outcome = prop::sample::select(vec![Outcome::Pass, Outcome::Fail, Outcome::Skip, Outcome::Error]);
    let findings = prop::collection::vec(any_finding(), 0..6);
    let listed = prop::collection::vec(any_register(), 0..6);
    let finished = (any_text(), outcome, prop::option::of(any_text()), any::<u64>(), findings, listed).prop_map(
        |(case, outcome, reason, number, findings, listed)| {
            Event::CaseFinished(CaseFinished {
                case,
                outcome,
                reason,
                duration_us: number,
                ioctls: number,
                findings,
                listed,
                ran: None,
            })
        },
    );
    prop_oneof![
        8 => finished,
        1 => any_text().prop_map(|case| Event::CaseStarted { case }),
        1 => any_text().prop_map(|reason| Event::RunAborted { reason }),
    ]
}

fn any_record() -> impl Strategy<Value = Record> {
    let plan = prop::collection::vec(any_text(), 0..12);
    let begun = (plan, any_text(), prop::bool::ANY).prop_map(|(plan, series, known)| {
        let mut begun = started(plan);
        if !known {
            begun.series = series;
        }
        begun
    });
    let end = prop::option::of(prop::sample::select(vec![Verdict::Passed, Verdict::NotImplemented]));
    (begun, prop::collection::vec(any_event(), 0..20), end).prop_map(|(begun, events, end)| {
        let end = end.map(|verdict| Event::RunFinished(RunFinished { verdict, totals: Totals::default() }));
        record([Event::RunStarted(begun)].into_iter().chain(events).chain(end))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn every_run_has_a_well_formed_page(old in any_record(), new in any_record()) {
        check(&html(&input(&new), None));
        check(&html(&input(&new), Some(&input(&old))));
    }
}
