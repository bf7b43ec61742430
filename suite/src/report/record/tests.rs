// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Tests of `record.rs`.

use super::*;

const STARTED: &str = r#"{"event":"run_started","format":1,"suite":"0.1.0","subject":"kvm","architecture":"loongarch64","kernel":"7.2.13","cpu":"","series":"v5","strict":false,"allow_new":false,"plan":["base.a","base.b","base.a"]}"#;

fn begun(case: &str) -> String {
    format!(r#"{{"event":"case_started","case":"{case}"}}"#)
}

fn passed(case: &str) -> String {
    format!(r#"{{"event":"case_finished","case":"{case}","outcome":"pass","duration_us":1,"ioctls":1}}"#)
}

fn record(lines: &[&str]) -> (Record, usize) {
    let mut record = Record::default();
    let refused = lines.iter().filter(|line| !record.add(Event::from_line(line).unwrap())).count();
    (record, refused)
}

#[test]
fn events_that_fit_nowhere_change_nothing() {
    let finished = r#"{"event":"run_finished","verdict":"passed","totals":{"pass":1,"fail":0,"skip":0,"error":0}}"#;
    let (whole, late) = (passed("base.a"), begun("base.a"));
    let (record, refused) = record(&[
        &whole,
        finished,
        STARTED,
        STARTED,
        &passed("other.x"),
        &whole,
        &whole,
        &late,
        finished,
        &passed("base.b"),
    ]);
    assert_eq!(refused, 7);
    assert_eq!((record.ended().len(), record.missing(), record.running.len()), (1, vec!["base.b"], 0));
    assert_eq!(record.plan(), ["base.a", "base.b"]);
    let Some(Event::CaseFinished(lost)) = record.closing().into_iter().next() else { panic!() };
    assert_eq!((lost.outcome, lost.reason.as_deref()), (Outcome::Error, Some(LOST)));
}

#[test]
fn a_case_without_an_end_is_the_suspect() {
    let (record, _) = record(&[STARTED, &begun("base.a"), &passed("base.a"), &begun("base.b")]);
    assert_eq!((record.running.as_slice(), record.missing_count()), (&["base.b".to_owned()][..], 1));
    let Some(Event::CaseFinished(suspect)) = record.closing().into_iter().next() else { panic!() };
    assert_eq!(suspect.reason.as_deref(), Some(SUSPECT));
    assert!(record.end.is_none() && record.has_learnt());
}

#[test]
fn the_events_say_who_broke_a_run_off() {
    for (by, breaker) in [("user", Breaker::User), ("machine", Breaker::Machine), ("kernel", Breaker::Kernel)] {
        let line = format!(r#"{{"event":"run_broken_off","by":"{by}","reason":"r"}}"#);
        let (record, refused) = record(&[STARTED, &line]);
        assert_eq!((record.end, refused), (Some(End::BrokenOff { by: breaker, reason: "r".into() }), 0));
    }
}

#[test]
fn of_cases_that_run_at_once_each_is_a_suspect() {
    let started = STARTED.replace(r#""plan":["#, r#""threads":2,"plan":["base.c","#);
    let (record, _) = record(&[&started, &begun("base.c"), &begun("base.a"), &begun("base.b"), &passed("base.a")]);
    assert_eq!(record.running, ["base.b"]);
    let record_of = |lines: &[&str]| self::record(lines).0;
    let both = record_of(&[&started, &begun("base.a"), &begun("base.b")]);
    let reasons = both.closing().into_iter().filter_map(|event| match event {
        Event::CaseFinished(case) => Some((case.case, case.reason? == SUSPECTS)),
        _ => None,
    });
    let expected = [("base.c", false), ("base.a", true), ("base.b", true)];
    assert_eq!(reasons.collect::<Vec<_>>(), expected.map(|(case, suspect)| (case.to_owned(), suspect)));
    // Started once more, on a machine that has restarted.
    let again = record_of(&[&started, &begun("base.a"), &begun("base.b"), &begun("base.a")]);
    assert_eq!(again.running, ["base.a"]);
}

#[test]
fn cases_that_end_in_another_order_keep_their_place_in_the_plan() {
    let (record, refused) =
        record(&[STARTED, &begun("base.b"), &begun("base.a"), &passed("base.b"), &passed("base.a")]);
    let ended: Vec<&str> = record.ended().map(|case| case.case.as_str()).collect();
    let last = record.last_ended().map(|case| case.case.as_str());
    assert_eq!((ended, last, refused), (vec!["base.a", "base.b"], Some("base.a"), 0));
}
