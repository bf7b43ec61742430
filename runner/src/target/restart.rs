// SPDX-License-Identifier: Apache-2.0 OR MIT
//! One run over as many boots as it takes: a kernel that goes down in a case
//! costs that case, and the machine starts again for those that are left.

use std::io::{self, Write};

use reglist_suite::report::events::{CaseFinished, Event, Outcome, RunFinished, Totals};

use crate::record::stream::{Record, Runs};

/// A run that outlives its kernel.
#[derive(Debug)]
pub(crate) struct Restarting<W> {
    runs: Runs,
    events: W,
    written: io::Result<()>,
    /// How often the machine may start again.
    left: u32,
    /// Whether it has done so, and the suite speaks of a part of the run alone.
    again: bool,
    /// Cases that had ended when it started.
    ended_before: usize,
    /// What brought the machine down where no case can be blamed.
    unblamed: Vec<String>,
}

/// What comes behind the end of a machine.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Nothing: the run has come to its end, or can never come to it.
    Over,
    /// A boot for the cases that are left.
    Boot {
        /// Cases that have ended.
        except: Vec<String>,
    },
}

impl<W: Write> Restarting<W> {
    /// A run that writes what it hears to `events`, and starts the machine again
    /// at most `restarts` times.
    pub(crate) fn new(events: W, restarts: u32) -> Self {
        Self {
            runs: Runs::default(),
            events,
            written: Ok(()),
            left: restarts,
            again: false,
            ended_before: 0,
            unblamed: Vec::new(),
        }
    }

    /// What is known.
    pub(crate) fn runs(&self) -> &Runs {
        &self.runs
    }

    /// Takes one line of the suite's.
    pub(crate) fn take(&mut self, line: &str) {
        let line = line.trim_end_matches('\r');
        // The beginning and the end of a part are not those of the run.
        let of_a_part = |event| matches!(event, Event::RunStarted(_) | Event::RunFinished(_));
        if self.again && Event::from_line(line.trim()).is_ok_and(of_a_part) {
            return;
        }
        self.write(line);
        self.runs.take(line);
    }

    /// The machine has ended, and `cause` is what brought it down if its work
    /// was not done.
    pub(crate) fn machine_ended(&mut self, cause: &str) -> Next {
        let record = self.runs.current();
        if record.started.is_none() || record.finished.is_some() || record.aborted.is_some() {
            return Next::Over;
        }
        let progress = record.running.is_some() || record.ended.len() > self.ended_before;
        match (record.running.clone(), record.ended.last()) {
            (Some(case), _) => self.blame(case, cause),
            (None, Some(last)) if !record.missing().is_empty() => {
                self.unblamed.push(format!("{cause}, between two cases, behind {}", last.case));
            }
            (None, _) => {}
        }
        let record = self.runs.current();
        if record.missing().is_empty() {
            let totals = totals(record);
            self.add(Event::RunFinished(RunFinished { verdict: totals.verdict(), totals }));
            return Next::Over;
        }
        if self.left == 0 || !progress {
            return Next::Over;
        }
        let except: Vec<String> = record.ended.iter().map(|case| case.case.clone()).collect();
        self.left -= 1;
        self.again = true;
        self.ended_before = except.len();
        Next::Boot { except }
    }

    /// The runs, and the ends of the machine for which no case can be blamed.
    ///
    /// # Errors
    /// Where something that was heard could not be written.
    pub(crate) fn finish(self) -> io::Result<(Runs, Vec<String>)> {
        self.written?;
        Ok((self.runs, self.unblamed))
    }

    fn blame(&mut self, case: String, cause: &str) {
        self.add(Event::CaseFinished(CaseFinished {
            case,
            outcome: Outcome::Error,
            reason: Some(cause.to_owned()),
            duration_us: 0,
            ioctls: 0,
            findings: Vec::new(),
            listed: Vec::new(),
        }));
    }

    /// Adds an event that nobody in the machine could write any more.
    fn add(&mut self, event: Event) {
        match event.to_line() {
            Ok(line) => self.write(line.trim_end()),
            Err(error) => self.written = Err(error),
        }
        // It fits: it is about a case of the plan that was running, or the end.
        let _ = self.runs.add(event);
    }

    fn write(&mut self, line: &str) {
        if let Err(error) = writeln!(self.events, "{line}") {
            self.written = Err(error);
        }
    }
}

fn totals(record: &Record) -> Totals {
    let mut totals = Totals::default();
    record.ended.iter().for_each(|case| totals.count(case.outcome));
    totals
}

#[cfg(test)]
mod tests {
    use reglist_suite::report::events::Verdict;

    use super::*;

    const STARTED: &str = r#"{"event":"run_started","format":1,"suite":"0.1.0","subject":"kvm","architecture":"loongarch64","kernel":"7.2.13","cpu":"","series":"v5","strict":false,"allow_new":false,"plan":["base.a","base.b","base.c"]}"#;
    const FINISHED: &str =
        r#"{"event":"run_finished","verdict":"passed","totals":{"pass":1,"fail":0,"skip":0,"error":0}}"#;

    fn begun(case: &str) -> String {
        format!(r#"{{"event":"case_started","case":"base.{case}"}}"#)
    }

    fn passed(case: &str) -> String {
        format!(r#"{{"event":"case_finished","case":"base.{case}","outcome":"pass","duration_us":1,"ioctls":1}}"#)
    }

    fn boot(run: &mut Restarting<Vec<u8>>, lines: &[String]) -> Next {
        lines.iter().for_each(|line| run.take(line));
        run.machine_ended("the kernel died")
    }

    fn cases(except: &[&str]) -> Next {
        Next::Boot { except: except.iter().map(ToString::to_string).collect() }
    }

    #[test]
    fn a_culprit_costs_one_case_and_the_others_run() {
        let mut run = Restarting::new(Vec::new(), 3);
        let next = boot(&mut run, &[STARTED.into(), begun("a"), passed("a"), begun("b"), "{\"event\":\"case_f".into()]);
        assert_eq!(next, cases(&["base.a", "base.b"]));
        let rest = STARTED.replace(r#""base.a","base.b","#, "");
        assert_eq!(boot(&mut run, &[rest, begun("c"), passed("c"), FINISHED.into()]), Next::Over);
        let written = String::from_utf8(run.events.clone()).unwrap();
        let mut read = Runs::default();
        written.lines().for_each(|line| read.take(line));
        for runs in [&run.finish().unwrap().0, &read] {
            let record = runs.current();
            let end = record.finished.as_ref().unwrap();
            assert_eq!(end.verdict, Verdict::Failed);
            assert_eq!(end.totals, Totals { pass: 2, error: 1, ..Totals::default() });
            assert_eq!(record.ended[1].reason.as_deref(), Some("the kernel died"));
            assert_eq!(runs.iter().count(), 1);
        }
    }

    #[test]
    fn the_last_case_may_be_the_culprit() {
        let mut run = Restarting::new(Vec::new(), 0);
        let lines = [STARTED.into(), passed("a"), passed("b"), begun("c")];
        assert_eq!(boot(&mut run, &lines), Next::Over);
        assert_eq!(run.runs().current().finished.as_ref().unwrap().totals.error, 1);
    }

    #[test]
    fn restarts_come_to_an_end() {
        let mut run = Restarting::new(Vec::new(), 1);
        assert_eq!(boot(&mut run, &[STARTED.into(), begun("a")]), cases(&["base.a"]));
        assert_eq!(boot(&mut run, &[begun("b")]), Next::Over);
        assert_eq!(run.runs().current().missing(), ["base.c"]);
        assert!(run.runs().current().finished.is_none());
    }

    #[test]
    fn a_machine_that_gets_nowhere_is_not_started_again() {
        let mut run = Restarting::new(Vec::new(), 9);
        assert_eq!(boot(&mut run, &[]), Next::Over);
        assert_eq!(boot(&mut run, &[STARTED.into(), begun("a")]), cases(&["base.a"]));
        assert_eq!(boot(&mut run, &[]), Next::Over);
    }

    #[test]
    fn an_end_between_two_cases_blames_none() {
        let mut run = Restarting::new(Vec::new(), 9);
        assert_eq!(boot(&mut run, &[STARTED.into(), begun("a"), passed("a")]), cases(&["base.a"]));
        assert_eq!(boot(&mut run, &[begun("b"), passed("b"), begun("c"), passed("c")]), Next::Over);
        assert_eq!(run.runs().current().finished.as_ref().unwrap().totals.pass, 3);
        assert_eq!(run.finish().unwrap().1, ["the kernel died, between two cases, behind base.a"]);
    }

    #[test]
    fn a_run_with_its_own_end_is_over() {
        let mut run = Restarting::new(Vec::new(), 9);
        assert_eq!(boot(&mut run, &[STARTED.into(), FINISHED.into()]), Next::Over);
        assert_eq!(String::from_utf8(run.events).unwrap(), format!("{STARTED}\n{FINISHED}\n"));
    }
}
