// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Tests of the lines that ran, and of guesses at the line of a mistake.

use proptest::prelude::*;
use reglist_suite::report::coverage::{Blocks, Change, Coverage, Hunk, Line, PatchedFile};
use reglist_suite::report::events::{CaseFinished, Event, Finding, Outcome, RunStarted};
use reglist_suite::spec::clause::Level;

use super::*;
use crate::record::Record;
use crate::report::text;
use crate::system::verbosity::Verbosity;

const FILE: &str = "arch/loongarch/kvm/vcpu.c";

/// Blocks 0 to 3: before the loop, the copy, its error, and a line for E2BIG.
fn coverage() -> Coverage {
    let line = |number: u32, text: &str, blocks: &[u32]| Line {
        change: Change::Added,
        number,
        text: text.to_owned(),
        function: "kvm_list".to_owned(),
        blocks: blocks.iter().copied().collect(),
    };
    let lines = vec![
        Line { change: Change::Same, ..line(9, "{", &[0]) },
        line(10, "int i;", &[]),
        line(11, "if (n < count)", &[0]),
        line(12, "        return -E2BIG;", &[3]),
        line(13, "if (put_user(id, to))", &[0, 1]),
        line(14, "        return -EFAULT;", &[2]),
    ];
    let traced = PatchedFile { name: FILE.to_owned(), hunks: vec![Hunk { lines }], is_traced: true };
    let other = PatchedFile { name: "arch/loongarch/kvm/mmu.c".to_owned(), hunks: Vec::new(), is_traced: false };
    Coverage { module: "kvm".to_owned(), blocks: vec![4, 8, 12, 16], files: vec![traced, other] }
}

fn record(coverage: Coverage, cases: &[(&str, Option<&str>, &[u32])]) -> Record {
    let mut record = Record::default();
    let plan = cases.iter().map(|(case, ..)| (*case).to_owned()).collect();
    let started = RunStarted { coverage: Some(Box::new(coverage)), plan, ..RunStarted::unknown() };
    record.add(Event::RunStarted(started));
    for (case, broken, ran) in cases {
        let outcome = if broken.is_some() { Outcome::Fail } else { Outcome::Pass };
        let finding =
            |clause: &&str| Finding::new(clause, Level::Must, "one thing".to_owned(), "another thing".to_owned());
        let findings = broken.iter().map(finding).collect();
        let ran: Blocks = ran.iter().copied().collect();
        let finished = CaseFinished::without_result((*case).to_owned(), outcome, String::new());
        record.add(Event::CaseFinished(CaseFinished { reason: None, findings, ran: Some(ran), ..finished }));
    }
    record
}

const CASES: [(&str, Option<&str>, &[u32]); 4] = [
    ("a.good", None, &[0, 1]),
    ("a.small", None, &[0, 3]),
    ("a.fault", Some("efault.array"), &[0, 1, 2]),
    ("b.fault", Some("efault.array"), &[0, 1, 2]),
];

#[test]
fn each_line_with_code_has_the_cases_that_ran_it() {
    let record = record(coverage(), &CASES);
    let covered = Covered::of(&record).unwrap();
    let lines: Vec<_> =
        covered.lines.iter().map(|line| (line.line.number, line.cases.passed, line.cases.failed)).collect();
    assert_eq!(lines, [(11, 2, 2), (12, 1, 0), (13, 2, 2), (14, 0, 2)]);
    assert_eq!(covered.cases, Cases { passed: 2, failed: 2 });
    assert_eq!(covered.untraced().collect::<Vec<_>>(), ["arch/loongarch/kvm/mmu.c"]);
}

#[test]
fn each_clause_has_the_lines_that_its_cases_ran() {
    let cases: [(&str, Option<&str>, &[u32]); 3] = [
        ("base.count.expected", None, &[0, 1]),
        ("pmu.count.expected", None, &[0]),
        ("base.e2big.errno", Some("e2big.errno"), &[3]),
    ];
    assert_eq!(Covered::by_clause(&record(coverage(), &cases)), [("list.count", 2), ("e2big.errno", 1)]);
    assert!(Covered::by_clause(&record(coverage(), &CASES)).is_empty());
}

#[test]
fn the_line_that_only_failing_cases_ran_is_the_most_suspicious() {
    let record = record(coverage(), &CASES);
    let suspects = suspects(&record);
    assert_eq!(suspects.iter().map(|suspect| suspect.line.number).collect::<Vec<_>>(), [14, 13]);
    assert_eq!((suspects[0].clause, suspects[0].cases), ("efault.array", Cases { passed: 0, failed: 2 }));
}

#[test]
fn each_mistake_is_looked_for_alone() {
    let cases = [CASES[0], ("a.few", Some("e2big.count"), &[0, 3]), CASES[2], CASES[3]];
    let record = record(coverage(), &cases);
    let found: Vec<_> = suspects(&record).iter().map(|suspect| (suspect.line.number, suspect.clause)).collect();
    assert_eq!(found[..2], [(12, "e2big.count"), (14, "efault.array")]);
}

#[test]
fn nothing_is_suspicious_where_nothing_fails() {
    assert!(suspects(&record(coverage(), &CASES[..2])).is_empty());
}

#[test]
fn the_report_says_what_never_ran_and_what_is_suspicious() {
    let shown = |cases: &[_]| text::text(&record(coverage(), cases), Verbosity::Normal, None);
    insta::assert_snapshot!(shown(&CASES));
    let passed = shown(&CASES[..1]);
    assert!(passed.contains("patch 2 of 4 executable lines ran"), "{passed}");
    assert!(passed.contains("never ran: vcpu.c:12 in kvm_list: `return -E2BIG;`"), "{passed}");
    assert!(!passed.contains("suspicious"), "{passed}");
}

#[test]
fn a_run_that_names_blocks_without_end_is_not_counted() {
    let mut coverage = coverage();
    coverage.blocks = vec![0; 1 << 12];
    let all: Blocks = (0..1 << 12).collect();
    let line = Line { blocks: all.clone(), ..coverage.files[0].hunks[0].lines[2].clone() };
    coverage.files[0].hunks[0].lines = vec![line; 1 << 15];
    assert!(Covered::of(&record(coverage, &CASES)).is_none());
}

proptest! {
    #[test]
    fn no_record_lets_it_panic(blocks in proptest::collection::vec(0..6_u32, 0..4), ran in proptest::collection::vec(0..6_u32, 0..4)) {
        let mut coverage = coverage();
        coverage.files[0].hunks[0].lines[2].blocks = blocks.into_iter().collect();
        let record = record(coverage, &[("a.x", None, &ran), ("a.y", Some("list.count"), &[0])]);
        let _ = text::text(&record, Verbosity::Verbose, None);
        if let Some(covered) = Covered::of(&record) {
            prop_assert!(covered.lines.iter().all(|line| line.cases.all() <= covered.cases.all()));
        }
    }
}
