// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Where the suite runs. Every target yields the same: a stream of events, and
//! the log of a console where there is one.

pub mod contract;
mod kernel_log;
pub(crate) mod lab;
pub(crate) mod local;
mod restart;
pub(crate) mod ssh;
mod watch;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use reglist_suite::exit;
use reglist_suite::report::events::{CaseFinished, EventError, Outcome, Verdict};

use crate::command::error::Error;
use crate::record::known::{Judged, Known};
use crate::record::stream::{Record, Runs};
use crate::report::matrix::{self, Matrix, Output};
use crate::report::page;
use crate::report::text as report;
use crate::system::output::{self, print};
use crate::system::progress::Bar;
use crate::system::session::Session;
use crate::system::stage::indented;
use crate::system::verbosity::Verbosity;

/// Silence in seconds that means a hang: longer than any case may take.
const SILENCE: u64 = 60;
/// What a case may take beyond its own limit until its end is reported, in
/// seconds.
const MARGIN: u64 = 30;

/// A place where the suite can run.
pub(crate) trait Target {
    /// Makes everything ready.
    fn prepare(&mut self) -> Result<(), Error>;
    /// Runs the suite to its end, whatever end that is.
    fn run(&mut self) -> Result<Run, Error>;
    /// Removes what only the run needed.
    fn clean_up(&mut self) -> Result<(), Error>;
}

/// Has a target do all of its work.
pub(crate) fn carry_out(target: &mut dyn Target) -> Result<Run, Error> {
    target.prepare()?;
    let run = target.run();
    target.clean_up()?;
    run
}

/// Shows on a bar how far a run is.
fn show(run: &Record, bar: &Bar) {
    if let Some(started) = run.started.as_ref().filter(|_| run.ended.is_empty()) {
        bar.length(started.plan.len() as u64);
    } else {
        bar.advance_to(run.ended.len() as u64);
    }
    bar.message(run.running.as_deref().unwrap_or_default());
}

/// The name of a file of which each boot has its own.
fn numbered(name: &str, boot: u32) -> String {
    match name.rsplit_once('.') {
        Some((stem, kind)) if boot > 1 => format!("{stem}-{boot}.{kind}"),
        _ => name.to_owned(),
    }
}

/// Whether a file has the name that [`numbered`] gives one of some boot.
fn is_numbered(file: &str, name: &str) -> bool {
    let Some((stem, kind)) = name.rsplit_once('.') else { return false };
    let rest = file.strip_prefix(stem).and_then(|rest| rest.strip_suffix(kind)?.strip_suffix('.'));
    let is_number = |rest: &str| rest.strip_prefix('-').is_some_and(|number| number.parse::<u32>().is_ok());
    rest.is_some_and(|rest| rest.is_empty() || is_number(rest))
}

/// What came back from a target.
#[derive(Debug, Default)]
pub(crate) struct Run {
    /// The events.
    pub(crate) runs: Runs,
    /// Last lines of the console, if the target has one.
    pub(crate) console: Vec<String>,
    /// Where everything is kept, if it is.
    pub(crate) results: Option<Kept>,
    /// The limit that the target broke by saying nothing.
    pub(crate) silent: Option<Duration>,
    /// What ended the suite, if its kernel lives on.
    pub(crate) ended: Option<String>,
    /// What brought the target down where no case can be blamed.
    pub(crate) unblamed: Vec<String>,
    /// What the target's own program complained about.
    pub(crate) complaints: Vec<String>,
    /// Exit code of a suite that ran in this process; why it gave up, or that it
    /// was asked for something else than a run, it has said itself.
    pub(crate) code: Option<u8>,
    /// Whether the user asked to stop.
    pub(crate) interrupted: bool,
    /// Where a run goes on that nobody can follow any more.
    pub(crate) left: Option<Left>,
    /// What it says beside the failures that are known, if a file names any.
    pub(crate) judged: Option<Judged>,
}

/// A directory of results, and what is in it.
#[derive(Debug, Clone)]
pub(crate) struct Kept {
    /// The directory.
    pub(crate) path: PathBuf,
    /// Whether the target has a console, and its log is there.
    pub(crate) has_console: bool,
}

/// A run that goes on where nobody can follow it.
#[derive(Debug, Clone)]
pub(crate) struct Left {
    /// What happened.
    pub(crate) what: String,
    /// The command that asks for the rest.
    pub(crate) again: String,
    /// Where the results are so far.
    pub(crate) results: PathBuf,
}

/// A run that gave no verdict.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RunError {
    /// Not one event.
    #[error("the kernel did not come as far as starting the suite{}{console}{kept}", hang(silent.as_ref()))]
    NoStart {
        /// The limit it broke, if it was a hang.
        silent: Option<Duration>,
        /// Last lines of the console, each on its own line.
        console: String,
        /// Where everything is kept, on its own line.
        kept: String,
    },
    /// The suite gave up before the first case.
    #[error("the suite gave up: {reason}{console}{kept}")]
    Aborted {
        /// What the suite says.
        reason: String,
        /// Last lines of the console, each on its own line.
        console: String,
        /// Where everything is kept, on its own line.
        kept: String,
    },
    /// The stream broke off.
    #[error("{what} {}; {missing} of {planned} cases did not finish{console}{kept}", during(suspect.as_deref()))]
    Incomplete {
        /// What ended it.
        what: String,
        /// The case that had begun and not ended.
        suspect: Option<String>,
        /// Number of cases without an end.
        missing: usize,
        /// Number of cases planned.
        planned: usize,
        /// Whether a case that ended says that the kernel is wrong.
        failed: bool,
        /// Last lines of the console, each on its own line.
        console: String,
        /// Where everything is kept, on its own line.
        kept: String,
    },
    /// The board of a run is out of reach.
    #[error("{} {}; {missing} of {planned} cases have not been heard of\n[results so far: {}; for the rest, when the board is back: {}]", left.what, if *planned > 0 { during(suspect.as_deref()) } else { "before its first event".to_owned() }, left.results.display(), left.again)]
    Left {
        /// What happened, and where the run goes on.
        left: Left,
        /// The case that had begun and not ended.
        suspect: Option<String>,
        /// Number of cases without an end.
        missing: usize,
        /// Number of cases planned.
        planned: usize,
    },
    /// The kernel went down, and all cases ended all the same.
    #[error("{}{kept}", ends.join("\n"))]
    Unblamed {
        /// What brought it down, each time.
        ends: Vec<String>,
        /// Where everything is kept, on its own line.
        kept: String,
    },
    /// The user asked to stop.
    #[error("interrupted {}; {missing} of {planned} cases did not finish", during(suspect.as_deref()))]
    Interrupted {
        /// The case that had begun and not ended.
        suspect: Option<String>,
        /// Number of cases without an end.
        missing: usize,
        /// Number of cases planned.
        planned: usize,
    },
    /// The stream ended between two rounds.
    #[error("{} before {faults} of the faults were tried{console}{kept}", if *interrupted { "interrupted" } else { "the run ended" })]
    Unreached {
        /// Number of faults without a round.
        faults: usize,
        /// Whether the user asked for it.
        interrupted: bool,
        /// Last lines of the console, each on its own line.
        console: String,
        /// Where everything is kept, on its own line.
        kept: String,
    },
    /// The stream cannot be understood.
    #[error("the suite's events cannot be read")]
    Unreadable(#[source] Arc<EventError>),
}

fn kept(results: Option<&Kept>) -> String {
    let what = |has_console| if has_console { "console, events and logs" } else { "events and logs" };
    results.map(|kept| format!("\n[{}: {}]", what(kept.has_console), kept.path.display())).unwrap_or_default()
}

fn hang(limit: Option<&Duration>) -> String {
    limit.map(|limit| format!(": silence for {} s", limit.as_secs())).unwrap_or_default()
}

fn during(case: Option<&str>) -> String {
    case.map_or_else(|| "between two cases".to_owned(), |case| format!("in case {case}"))
}

impl RunError {
    /// The exit code: a wrong kernel, or nothing that could be learnt of it.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::Unblamed { .. } | Self::Incomplete { failed: true, .. } => exit::FAILED,
            _ => exit::INFRASTRUCTURE,
        }
    }
}

impl Run {
    /// The same run where some failures are known.
    pub(crate) fn know(mut self, known: Option<&Known>) -> Self {
        self.judged = known.map(|known| known.judge(self.runs.current()));
        self
    }

    /// Shows the report, or the matrix of a run that tries every fault; the
    /// result is the exit code, or why there is none.
    pub(crate) fn conclude(self, verbosity: Verbosity, output: Option<&Output>) -> Result<u8, Error> {
        let matrix = output.and_then(|output| Some((output, Matrix::of(&self.runs, output.clauses())?)));
        let Some((output, matrix)) = matrix else {
            print(&report::judged_text(self.runs.current(), verbosity, self.judged.as_ref()))?;
            return Ok(self.judge()?);
        };
        print(&matrix::text(&matrix, verbosity))?;
        let written = output.write(&matrix);
        match (self.judge_rounds(&matrix), written) {
            (Err(error), Err(unwritten)) => {
                output::say(&output::chain(&unwritten));
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
        self,
        session: &Session,
        verbosity: Verbosity,
        output: Option<Output>,
    ) -> Result<u8, Error> {
        let output = output.map(|output| output.and_in(session.results()));
        let has_page = output.is_none() && self.left.is_none();
        let page = if has_page { page::leave(session, self.runs.current()) } else { Ok(()) };
        session.progress().remark(&format!("results are in {}", session.results().display()));
        match (self.conclude(verbosity, output.as_ref()), page) {
            (Err(error), Err(unwritten)) => {
                output::say(&output::chain(&unwritten));
                Err(error)
            }
            (concluded, page) => {
                page?;
                concluded
            }
        }
    }

    /// The runs, and what [`Self::judge`] says of them.
    pub(crate) fn judge_apart(self) -> (Runs, Result<u8, RunError>) {
        let runs = self.runs.clone();
        let judged = self.judge();
        (runs, judged)
    }

    /// The same as [`Self::judge`], where all rounds that were to come count.
    fn judge_rounds(self, matrix: &Matrix) -> Result<u8, RunError> {
        let faults = matrix.unreached();
        if faults > 0 && self.runs.current().finished.is_some() {
            let (console, kept, interrupted) = (indented(&self.console), kept(self.results.as_ref()), self.interrupted);
            return Err(RunError::Unreached { faults, interrupted, console, kept });
        }
        self.judge()
    }

    /// The exit code of a complete run; the reason why there is none, if the
    /// run is not complete.
    pub(crate) fn judge(mut self) -> Result<u8, RunError> {
        let is_round = self.runs.iter().count() > 1;
        let record = self.runs.current_mut();
        if let Some(error) = record.unreadable.take() {
            return Err(RunError::Unreadable(error));
        }
        if let (Some(code), true) = (self.code, record.aborted.is_some() || record.started.is_none()) {
            return Ok(code);
        }
        let complaints = self.complaints.iter().filter(|line| !line.trim().is_empty());
        let lines: Vec<String> = self.console.iter().chain(complaints).cloned().collect();
        let (console, kept) = (indented(&lines), kept(self.results.as_ref()));
        if let Some(reason) = record.aborted.take() {
            return Err(RunError::Aborted { reason, console, kept });
        }
        if let Some(left) = self.left.filter(|_| record.finished.is_none()) {
            let (missing, planned) = (record.missing().len(), record.started.as_ref().map_or(0, |run| run.plan.len()));
            return Err(RunError::Left { left, suspect: record.running.take(), missing, planned });
        }
        let Some(started) = &record.started else {
            return Err(RunError::NoStart { silent: self.silent, console, kept });
        };
        let (missing, planned) = (record.missing().len(), started.plan.len());
        let suspect = record.running.take();
        match record.finished.take() {
            Some(finished) if finished.verdict == Verdict::NotImplemented || missing == 0 => {
                let finished = self.judged.as_ref().map_or(finished.clone(), |judged| judged.end(&finished));
                if self.unblamed.is_empty() || finished.verdict == Verdict::Failed {
                    return Ok(finished.verdict.exit_code());
                }
                Err(RunError::Unblamed { ends: self.unblamed, kept })
            }
            _ if self.interrupted => Err(RunError::Interrupted { suspect, missing, planned }),
            _ => {
                let wrong = |case: &CaseFinished| matches!(case.outcome, Outcome::Fail | Outcome::Error);
                // In a round for a fault cases are meant to fail.
                let failed = !is_round && record.ended.iter().any(wrong);
                // A case that was blamed has ended.
                let blamed = record.ended.last().filter(|case| case.outcome == Outcome::Error);
                let suspect = suspect.or_else(|| blamed.map(|case| case.case.clone()));
                let kernel = if self.silent.is_some() { "the kernel hangs" } else { "the kernel died" };
                let what = self.ended.unwrap_or_else(|| kernel.to_owned());
                Err(RunError::Incomplete { what, suspect, missing, planned, failed, console, kept })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use reglist_suite::clause::Clauses;
    use reglist_suite::report::events::{Event, RunFinished, Totals};

    use super::*;
    use crate::record::known::Date;

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
        let error = Run { interrupted: true, ..run(&lines) }.judge_rounds(&matrix).unwrap_err();
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
