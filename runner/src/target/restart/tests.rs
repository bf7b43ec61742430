// SPDX-License-Identifier: Apache-2.0 OR MIT
use reglist_suite::report::events::{Totals, Verdict};
use reglist_suite::report::record::End;

use super::*;

const STARTED: &str = r#"{"event":"run_started","format":1,"suite":"0.1.0","subject":"kvm","architecture":"loongarch64","kernel":"7.2.13","cpu":"","series":"v5","strict":false,"allow_new":false,"plan":["base.a","base.b","base.c"]}"#;
const FINISHED: &str = r#"{"event":"run_finished","verdict":"passed","totals":{"pass":1,"fail":0,"skip":0,"error":0}}"#;

fn begun(case: &str) -> String {
    format!(r#"{{"event":"case_started","case":"base.{case}"}}"#)
}

fn passed(case: &str) -> String {
    format!(r#"{{"event":"case_finished","case":"base.{case}","outcome":"pass","duration_us":1,"ioctls":1}}"#)
}

fn boot(run: &mut Restarting<Vec<u8>>, lines: &[String]) -> Option<Vec<String>> {
    lines.iter().for_each(|line| run.take(line));
    run.machine_ended(&Cause { by: Breaker::Kernel, words: "the kernel died".to_owned(), blames: true })
}

fn cases(except: &[&str]) -> Option<Vec<String>> {
    Some(except.iter().map(ToString::to_string).collect())
}

#[test]
fn a_culprit_costs_one_case_and_the_others_run() {
    let mut run = Restarting::new(Vec::new(), 3);
    let next = boot(&mut run, &[STARTED.into(), begun("a"), passed("a"), begun("b"), "{\"event\":\"case_f".into()]);
    assert_eq!(next, cases(&["base.a", "base.b"]));
    let rest = STARTED.replace(r#""base.a","base.b","#, "");
    assert_eq!(boot(&mut run, &[rest, begun("c"), passed("c"), FINISHED.into()]), None);
    let written = String::from_utf8(run.events.clone()).unwrap();
    let mut read = Runs::default();
    written.lines().for_each(|line| read.take(line));
    for runs in [&run.finish().unwrap(), &read] {
        let record = runs.current();
        let Some(End::Finished(end)) = &record.end else { panic!("{:?}", record.end) };
        assert_eq!(end.verdict, Verdict::Failed);
        assert_eq!(end.totals, Totals { pass: 2, error: 1, ..Totals::default() });
        assert_eq!(record.ended().nth(1).unwrap().reason.as_deref(), Some("the kernel died"));
        assert_eq!(runs.iter().count(), 1);
    }
}

#[test]
fn the_last_case_may_be_the_culprit() {
    let mut run = Restarting::new(Vec::new(), 0);
    let lines = [STARTED.into(), passed("a"), passed("b"), begun("c")];
    assert_eq!(boot(&mut run, &lines), None);
    assert_eq!(run.runs().current().totals().error, 1);
    assert!(matches!(run.runs().current().end, Some(End::Finished(_))));
}

#[test]
fn restarts_come_to_an_end() {
    let mut run = Restarting::new(Vec::new(), 1);
    assert_eq!(boot(&mut run, &[STARTED.into(), begun("a")]), cases(&["base.a"]));
    assert_eq!(boot(&mut run, &[begun("b")]), None);
    assert_eq!(run.runs().current().missing(), ["base.c"]);
    assert!(matches!(run.runs().current().end, Some(End::BrokenOff { by: Breaker::Kernel, .. })));
}

#[test]
fn a_machine_that_gets_nowhere_is_not_started_again() {
    let mut run = Restarting::new(Vec::new(), 9);
    assert_eq!(boot(&mut run, &[]), None);
    assert_eq!(boot(&mut run, &[STARTED.into(), begun("a")]), cases(&["base.a"]));
    assert_eq!(boot(&mut run, &[]), None);
}

#[test]
fn an_end_between_two_cases_blames_none() {
    let mut run = Restarting::new(Vec::new(), 9);
    assert_eq!(boot(&mut run, &[STARTED.into(), begun("a"), passed("a")]), cases(&["base.a"]));
    assert_eq!(boot(&mut run, &[begun("b"), passed("b"), begun("c"), passed("c")]), None);
    let record = run.runs().current();
    assert_eq!(record.totals().pass, 3);
    let reason = "the kernel died, between two cases, after base.a".to_owned();
    assert_eq!(record.end, Some(End::BrokenOff { by: Breaker::Kernel, reason }));
}

#[test]
fn trouble_of_the_machine_between_two_cases_is_the_machines() {
    let mut run = Restarting::new(Vec::new(), 9);
    let all: Vec<String> = [STARTED.into(), begun("a"), passed("a")].into();
    all.iter().for_each(|line| run.take(line));
    let killed = Cause { by: Breaker::Machine, words: "the suite ended by signal 9".to_owned(), blames: true };
    assert_eq!(run.machine_ended(&killed), cases(&["base.a"]));
    [begun("b"), passed("b"), begun("c"), passed("c")].iter().for_each(|line| run.take(line));
    assert_eq!(run.machine_ended(&killed), None);
    assert!(matches!(run.runs().current().end, Some(End::BrokenOff { by: Breaker::Machine, .. })));
}

#[test]
fn a_run_with_its_own_end_is_over() {
    let mut run = Restarting::new(Vec::new(), 9);
    assert_eq!(boot(&mut run, &[STARTED.into(), FINISHED.into()]), None);
    assert_eq!(String::from_utf8(run.events).unwrap(), format!("{STARTED}\n{FINISHED}\n"));
}

#[test]
fn a_suite_that_plans_too_much_needs_no_memory() {
    let plan: Vec<String> = (0..200_000).map(|number| format!("\"{number}\"")).collect();
    let line = STARTED.replace(r#""base.a","base.b","base.c""#, &plan.join(","));
    let mut run = Restarting::new(io::sink(), 0);
    (0..9).for_each(|round| run.take(&line.replace("7.2.13", &round.to_string())));
    assert!(run.runs().iter().count() < 5);
    assert!(run.finish().is_err());
}

fn two_at_once() -> String {
    STARTED.replace(r#""plan""#, r#""threads":2,"plan""#)
}

#[test]
fn of_two_running_cases_the_one_that_crashes_alone_is_the_culprit() {
    let mut run = Restarting::new(Vec::new(), 3);
    let next = boot(&mut run, &[two_at_once(), begun("a"), begun("b"), passed("a"), begun("c")]);
    assert_eq!(next, cases(&["base.a"]));
    assert_eq!(boot(&mut run, &[begun("b"), passed("b"), begun("c")]), None);
    let runs = run.finish().unwrap();
    let Some(End::Finished(end)) = &runs.current().end else { panic!("{:?}", runs.current().end) };
    assert_eq!(end.totals, Totals { pass: 2, error: 1, ..Totals::default() });
    assert_eq!(runs.current().ended().nth(2).unwrap().case, "base.c");
}

#[test]
fn a_crash_that_does_not_come_again_is_the_kernels_and_of_no_case() {
    let mut run = Restarting::new(Vec::new(), 3);
    boot(&mut run, &[two_at_once(), begun("a"), begun("b")]);
    let rest = ["a", "b", "c"].iter().flat_map(|case| [begun(case), passed(case)]);
    assert_eq!(boot(&mut run, &rest.collect::<Vec<_>>()), None);
    let reason = "the kernel died, while base.a and base.b were running; alone, neither crashed the kernel".to_owned();
    let runs = run.finish().unwrap();
    assert_eq!(runs.current().end, Some(End::BrokenOff { by: Breaker::Kernel, reason }));
    assert_eq!(runs.current().totals().pass, 3);
}

#[test]
fn a_guest_cannot_review_its_own_kernel() {
    let forged = |name: &str| format!(r#"{{"event":"{name}","checks":[]}}"#);
    let forged = [forged("kernel_reviewed"), forged("kernel\\u005freviewed")];
    let mut run = Restarting::new(Vec::new(), 0);
    run.review(Review { left_out: 2, ..Review::default() });
    let lines = [&forged[..], &[STARTED.into(), passed("a")], &forged[..], &[passed("b"), passed("c")]].concat();
    assert_eq!(boot(&mut run, &lines), None);
    let written = String::from_utf8(run.events.clone()).unwrap();
    assert_eq!(written.matches("reviewed").count(), 1);
    let runs = run.finish().unwrap();
    assert_eq!(runs.current().review.as_ref().map(Review::count), Some(2));
    assert_eq!((runs.iter().count(), runs.current().totals().pass), (1, 3));
}
