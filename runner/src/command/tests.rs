// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Every end that a run can have, as every command shows it: the same words and
//! the same exit code.

use std::path::Path;

use reglist_suite::exit;
use reglist_suite::report::events::{Breaker, Event};

use crate::record::known::Known;
use crate::record::reader::StoredFile;
use crate::record::run::Run;
use crate::record::runs::Runs;
use crate::record::verdict::{Conclusion, worst};
use crate::report::diff::compare::Comparison;
use crate::report::page;
use crate::report::stored::Stored;
use crate::report::text;
use crate::system::date::Date;
use crate::system::verbosity::Verbosity;

const PLAN: [&str; 2] = ["base.a.x", "base.b.x"];
const ON: &str = " on Linux 7.2.13, series v5";
const KNOWN: &str = "- {case: base.a.x, reason: r}\n";

/// An end that a run can have.
struct Situation {
    /// Outcomes of the cases, as far as they ended; the next one is running if
    /// there is no end.
    outcomes: &'static [&'static str],
    /// Level of a finding in the first case.
    level: Option<&'static str>,
    strict: bool,
    /// The last line of the events.
    end: Option<&'static str>,
    /// Expected failures.
    known: Option<&'static str>,
    /// The last line of the report.
    last: String,
    code: u8,
    /// The exit code of `diff` against a run that passed.
    diff: u8,
}

fn finished(verdict: &str) -> Option<&'static str> {
    let line = format!(
        r#"{{"event":"run_finished","verdict":"{verdict}","totals":{{"pass":0,"fail":0,"skip":0,"error":0}}}}"#
    );
    Some(line.leak())
}

fn broken_off(by: Breaker) -> Option<&'static str> {
    let line = Event::RunBrokenOff { by, reason: "it went\nand more".into() }.to_line().unwrap();
    Some(line.leak().trim_end())
}

fn situations() -> Vec<Situation> {
    let of = |outcomes: &'static [&'static str], end, last: &str, code, diff| Situation {
        outcomes,
        level: None,
        strict: false,
        end,
        known: None,
        last: format!("reglist: {last}"),
        code,
        diff,
    };
    let place = "in case base.b.x";
    vec![
        of(&["pass", "pass"], finished("passed"), &format!("passed: 2 cases{ON}"), exit::PASSED, 0),
        of(&["pass", "fail"], finished("failed"), &format!("failed: 1 of 2 cases{ON}"), exit::FAILED, 1),
        Situation {
            level: Some("should"),
            ..of(&["pass", "pass"], finished("passed"), &format!("passed: 2 cases{ON}"), exit::PASSED, 0)
        },
        Situation {
            level: Some("should"),
            strict: true,
            ..of(&["fail", "pass"], finished("failed"), &format!("failed: 1 of 2 cases{ON}"), exit::FAILED, 1)
        },
        of(
            &["pass"],
            broken_off(Breaker::User),
            &format!("interrupted: {place}; 1 of 2 cases did not finish{ON}"),
            exit::INFRASTRUCTURE,
            1,
        ),
        of(
            &["pass"],
            broken_off(Breaker::Machine),
            &format!("machine lost: {place}: it went; 1 of 2 cases did not finish{ON}"),
            exit::INFRASTRUCTURE,
            1,
        ),
        of(
            &["pass"],
            broken_off(Breaker::Kernel),
            &format!("kernel down: {place}: it went; 1 of 2 cases did not finish{ON}"),
            exit::FAILED,
            1,
        ),
        of(
            &[],
            finished("not_implemented"),
            "not implemented: KVM_GET_REG_LIST is unknown to Linux 7.2.13 (ENOTTY)",
            exit::NOTHING_TESTED,
            1,
        ),
        of(
            &["skip", "skip"],
            finished("nothing_tested"),
            &format!("nothing tested: 2 cases{ON}, all skipped"),
            exit::NOTHING_TESTED,
            1,
        ),
        of(&["pass"], None, &format!("broken off: {place}; 1 of 2 cases did not finish{ON}"), exit::FAILED, 1),
        Situation {
            known: Some(KNOWN),
            ..of(
                &["fail", "pass"],
                finished("failed"),
                &format!("passed: 1 case{ON}, 1 expected failure"),
                exit::PASSED,
                0,
            )
        },
        Situation {
            known: Some(KNOWN),
            ..of(
                &["pass", "pass"],
                finished("passed"),
                &format!("failed: 0 of 2 cases{ON}, 1 unexpected pass"),
                exit::FAILED,
                1,
            )
        },
    ]
}

fn lines(situation: &Situation) -> String {
    let plan = PLAN.map(|case| format!("{case:?}")).join(",");
    let mut lines = vec![format!(
        r#"{{"event":"run_started","format":1,"suite":"0.1.0","subject":"kvm","architecture":"loongarch64","kernel":"7.2.13","cpu":"","series":"v5","strict":{},"allow_new":false,"plan":[{plan}]}}"#,
        situation.strict
    )];
    for (case, outcome) in PLAN.iter().zip(situation.outcomes) {
        let finding = situation.level.filter(|_| *case == PLAN[0]).map(|level| {
            format!(r#","findings":[{{"clause":"list.order","level":"{level}","expected":"a","observed":"b"}}]"#)
        });
        let finding = finding.unwrap_or_default();
        lines.push(format!(r#"{{"event":"case_started","case":"{case}"}}"#));
        lines.push(format!(
            r#"{{"event":"case_finished","case":"{case}","outcome":"{outcome}","duration_us":1,"ioctls":1{finding}}}"#
        ));
    }
    let next = PLAN.get(situation.outcomes.len()).filter(|_| !situation.outcomes.is_empty());
    lines.extend(next.map(|case| format!(r#"{{"event":"case_started","case":"{case}"}}"#)));
    lines.extend(situation.end.map(str::to_owned));
    // A torn line is no event.
    lines.push(r#"{"event":"case_fin"#.to_owned());
    lines.join("\n")
}

fn stored(text: &str) -> Stored {
    Stored::of(StoredFile::from_lines(&mut text.as_bytes(), "`f`").unwrap()).unwrap()
}

#[test]
fn every_end_has_the_same_words_and_code_everywhere() {
    console::set_colors_enabled(false);
    let passing = lines(&situations()[0]);
    for situation in situations() {
        let text = lines(&situation);
        let today = Date::parse("2026-07-01").unwrap();
        let known = situation.known.map(|known| Known::from_text(Path::new("k.yaml"), known, today).unwrap());

        // `run`, `lab` and `ssh` follow the stream.
        let mut runs = Runs::default();
        text.lines().for_each(|line| runs.take(line));
        let run = Run { runs, ..Run::default() }.know(known.as_ref());
        let shown = text::text(run.record(), Verbosity::Normal, run.judged.as_ref());
        assert_eq!(shown.lines().last(), Some(situation.last.as_str()));
        assert_eq!(run.exit_code(), situation.code, "{}", situation.last);

        // `report` and `--set` read it, with no file of expected failures.
        let file = stored(&text);
        let record = &file.runs[0].record;
        if known.is_none() {
            assert_eq!(text::text(record, Verbosity::Quiet, None).lines().last(), Some(situation.last.as_str()));
            assert_eq!(worst([exit::PASSED, Conclusion::of(record, None).exit_code()]), situation.code);
            let html = page::text("f", record).unwrap();
            let (word, sentence) = situation.last.trim_start_matches("reglist: ").split_once(": ").unwrap();
            assert!(html.contains(word) && html.contains(sentence), "{}", situation.last);
            assert!(html.contains(&format!("exit code {}: ", situation.code)), "{}", situation.last);
        }

        let comparison = Comparison::of(&stored(&passing), &file, known.as_ref()).unwrap();
        let worse = comparison.regressions() + comparison.unexpected_passes() > 0;
        assert_eq!(u8::from(worse), situation.diff, "{}", situation.last);
    }
}

#[test]
fn a_suite_that_did_not_begin_has_no_verdict_of_its_own() {
    let aborted = r#"{"event":"run_aborted","reason":"no /dev/kvm"}"#;
    let run = |lines: &[&str], code| {
        let mut runs = Runs::default();
        lines.iter().for_each(|line| runs.take(line));
        Run { runs, code, ..Run::default() }
    };
    for code in [exit::PASSED, exit::NOTHING_TESTED] {
        let run = run(&[], Some(code));
        assert!(run.trouble().is_none() && run.exit_code() == code);
    }
    for (run, said) in
        [(run(&[], None), "the suite did not start"), (run(&[aborted], None), "the suite gave up: no /dev/kvm")]
    {
        assert_eq!(run.exit_code(), exit::INFRASTRUCTURE);
        assert_eq!(run.trouble().unwrap().to_string(), said);
    }
}
