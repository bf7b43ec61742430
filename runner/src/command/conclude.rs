// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The end of a run: its report on the standard output, its files, its exit code.

use crate::command::error::Error;
use crate::record::run::{Run, RunError, kept};
use crate::report::matrix::{self, Matrix, Output};
use crate::report::page;
use crate::report::text as report;
use crate::system::output::{print, show};
use crate::system::session::Session;
use crate::system::stage::indented;
use crate::system::verbosity::Verbosity;

/// Shows the report, or the matrix of a run that tries every fault; the
/// result is the exit code, or why there is none.
pub(crate) fn conclude(run: Run, verbosity: Verbosity, output: Option<&Output>) -> Result<u8, Error> {
    let matrix = output.and_then(|output| Some((output, Matrix::of(&run.runs, output.clauses())?)));
    let Some((output, matrix)) = matrix else {
        print(&report::judged_text(run.runs.current(), verbosity, run.judged.as_ref()))?;
        return Ok(run.judge()?);
    };
    print(&matrix::text(&matrix, verbosity))?;
    let written = output.write(&matrix);
    match (judge_rounds(run, &matrix), written) {
        (Err(error), Err(unwritten)) => {
            show(&unwritten);
            Err(error.into())
        }
        (judged, written) => {
            judged?;
            written?;
            Ok(matrix.exit_code())
        }
    }
}

/// The same with everything among the session's results: the matrix, or the
/// page of a run that does not go on elsewhere.
pub(crate) fn conclude_in(
    run: Run,
    session: &Session,
    verbosity: Verbosity,
    output: Option<Output>,
) -> Result<u8, Error> {
    let output = output.map(|output| output.and_in(session.results()));
    let has_page = output.is_none() && run.left.is_none();
    let page = if has_page { page::leave(session, run.runs.current()) } else { Ok(()) };
    session.progress().remark(&format!("results are in {}", session.results().display()));
    match (conclude(run, verbosity, output.as_ref()), page) {
        (Err(error), Err(unwritten)) => {
            show(&unwritten);
            Err(error)
        }
        (concluded, page) => {
            page?;
            concluded
        }
    }
}

/// The same as [`Run::judge`], where all rounds that were to come count.
fn judge_rounds(run: Run, matrix: &Matrix) -> Result<u8, RunError> {
    let faults = matrix.unreached();
    if faults > 0 && run.runs.current().finished.is_some() {
        let (console, kept, interrupted) = (indented(&run.console), kept(run.results.as_ref()), run.interrupted);
        return Err(RunError::Unreached { faults, interrupted, console, kept });
    }
    run.judge()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use reglist_suite::clause::Clauses;
    use reglist_suite::exit;
    use reglist_suite::report::events::{Event, RunFinished, Totals};

    use super::*;
    use crate::record::known::{Date, Known};
    use crate::record::run::Kept;

    const STARTED: &str = r#"{"event":"run_started","format":1,"suite":"0.1.0","subject":"kvm","architecture":"loongarch64","kernel":"7.2.13","cpu":"","series":"v5","strict":false,"allow_new":false,"plan":["base.a.x","base.b.x"]}"#;
    const BEGUN: &str = r#"{"event":"case_started","case":"base.a.x"}"#;
    const ABORTED: &str = r#"{"event":"run_aborted","reason":"no /dev/kvm"}"#;

    fn run(lines: &[&str]) -> Run {
        let mut run = Run::default();
        lines.iter().for_each(|line| run.runs.take(line));
        run
    }

    #[test]
    fn a_suite_that_spoke_for_itself_has_the_last_word() {
        for (lines, code) in [(&[STARTED, ABORTED][..], exit::FAILED), (&[], exit::USAGE), (&[], exit::PASSED)] {
            assert_eq!(Run { code: Some(code), ..run(lines) }.judge().unwrap(), code);
        }
    }

    #[test]
    fn only_failures_that_are_known_fail_nothing() {
        let ended = |case: &str, outcome: &str| {
            format!(
                r#"{{"event":"case_finished","case":"base.{case}.x","outcome":"{outcome}","duration_us":1,"ioctls":1}}"#
            )
        };
        let judged = |outcomes: [&str; 2], known: &str, unblamed: Vec<String>| {
            let mut totals = Totals::default();
            for outcome in outcomes {
                *match outcome {
                    "pass" => &mut totals.pass,
                    "skip" => &mut totals.skip,
                    "fail" => &mut totals.fail,
                    _ => &mut totals.error,
                } += 1;
            }
            let end = Event::RunFinished(RunFinished { verdict: totals.verdict(), totals }).to_line().unwrap();
            let run = run(&[STARTED, &ended("a", outcomes[0]), &ended("b", outcomes[1]), &end]);
            let today = Date::parse("2026-07-01").unwrap();
            let known = Known::from_text(Path::new("known.yaml"), known, today).unwrap();
            console::set_colors_enabled(false);
            let run = Run { unblamed, ..run }.know(Some(&known));
            let text = report::judged_text(run.runs.current(), Verbosity::Normal, run.judged.as_ref());
            (run.judge(), text)
        };
        let known = "- {case: base.a.x, reason: r, link: 'https://example.org/1', expires: 2026-12-31}\n- {case: '*.c.x', reason: s}\n- {case: base.b.x, reason: t, expires: 2026-01-01}\n";
        let (code, text) = judged(["fail", "pass"], known, Vec::new());
        assert_eq!(code.unwrap(), exit::PASSED);
        insta::assert_snapshot!(text);
        let (code, text) = judged(["pass", "fail"], known, Vec::new());
        assert_eq!(code.unwrap(), exit::FAILED);
        insta::assert_snapshot!(text);
        for (outcomes, code) in [
            (["fail", "fail"], exit::FAILED),
            (["fail", "skip"], exit::PASSED),
            (["error", "pass"], exit::FAILED),
            (["pass", "pass"], exit::FAILED),
            (["skip", "skip"], exit::NOTHING_TESTED),
        ] {
            assert_eq!(judged(outcomes, known, Vec::new()).0.unwrap(), code, "{outcomes:?}");
        }
        // A kernel that went down is no failure that an entry could foresee.
        assert!(matches!(judged(["fail", "pass"], known, vec!["it died".into()]).0, Err(RunError::Unblamed { .. })));
    }

    #[test]
    fn a_suite_that_gave_up_elsewhere_is_told() {
        let error = run(&[STARTED, ABORTED]).judge().unwrap_err();
        assert_eq!(error.to_string(), "the suite gave up: no /dev/kvm");
    }

    #[test]
    fn a_stream_that_ends_between_two_rounds_is_told() {
        let right = STARTED.replace("base.", "lbt_mips.");
        let ends = ["a", "b"].map(|check| {
            format!(
                r#"{{"event":"case_finished","case":"lbt_mips.{check}.x","outcome":"pass","duration_us":1,"ioctls":1}}"#
            )
        });
        let over = r#"{"event":"run_finished","verdict":"passed","totals":{"pass":2,"fail":0,"skip":0,"error":0}}"#;
        let lines = [&right, &ends[0], &ends[1], over];
        let matrix = Matrix::of(&run(&lines).runs, &Clauses { clauses: Vec::new() }).unwrap();
        let error = judge_rounds(Run { interrupted: true, ..run(&lines) }, &matrix).unwrap_err();
        assert_eq!(error.exit_code(), exit::INFRASTRUCTURE);
        assert!(error.to_string().starts_with("interrupted before 1"), "{error}");
    }

    #[test]
    fn a_stream_that_breaks_off_names_the_suspect() {
        let error = Run { code: Some(exit::PASSED), ..run(&[STARTED, BEGUN]) }.judge().unwrap_err();
        assert_eq!(error.to_string(), "the kernel died in case base.a.x; 2 of 2 cases did not finish");
        let error = Run { interrupted: true, ..run(&[STARTED, BEGUN]) }.judge().unwrap_err();
        assert_eq!(error.to_string(), "interrupted in case base.a.x; 2 of 2 cases did not finish");
        for (has_console, what) in [(true, "console, events and logs"), (false, "events and logs")] {
            let results = Some(Kept { path: "/r".into(), has_console });
            let error = Run { results, ..run(&[STARTED]) }.judge().unwrap_err().to_string();
            assert!(
                error.ends_with(&format!("between two cases; 2 of 2 cases did not finish\n[{what}: /r]")),
                "{error}"
            );
        }
        let ended = Some("the suite's program ended with status 1".to_owned());
        let error = Run { ended, ..run(&[STARTED, BEGUN]) }.judge().unwrap_err().to_string();
        assert!(error.starts_with("the suite's program ended with status 1 in case base.a.x; "), "{error}");
    }
}
