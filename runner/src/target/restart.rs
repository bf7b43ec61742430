// SPDX-License-Identifier: Apache-2.0 OR MIT
//! One run over as many boots as it takes: a kernel that goes down in a case
//! costs that case, and the machine starts again for those that are left.

use std::io::{self, Write};

use reglist_suite::report::events::{Breaker, CaseFinished, Event, Outcome, RunFinished};

use crate::record::runs::Runs;

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

/// What ended a machine, or the suite on it, before its work was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cause {
    /// Who did it.
    pub(crate) by: Breaker,
    /// What happened, and where to read more.
    pub(crate) words: String,
    /// Whether the case that was running may have brought it about: it is blamed,
    /// and the others run again.
    pub(crate) blames: bool,
}

impl Cause {
    /// The user's wish to stop.
    pub(crate) fn interruption() -> Self {
        Self { by: Breaker::User, words: "interrupted".to_owned(), blames: false }
    }
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

    /// The machine has ended, by `cause` if its work was not done.
    pub(crate) fn machine_ended(&mut self, cause: &Cause) -> Next {
        let record = self.runs.current();
        if record.started.is_none() || record.end.is_some() {
            return Next::Over;
        }
        let progress = record.running.is_some() || record.ended.len() > self.ended_before;
        // What happens to the machine is no fault of a case.
        if cause.blames {
            match (record.running.clone(), record.ended.last()) {
                (Some(case), _) => self.blame(case, &cause.words),
                (None, Some(last)) if record.missing_count() > 0 => {
                    self.unblamed.push(format!("{}, between two cases, after {}", cause.words, last.case));
                }
                (None, _) => {}
            }
        }
        let record = self.runs.current();
        if record.missing_count() == 0 {
            let totals = record.totals();
            let end = match self.unblamed.as_slice() {
                [] => Event::RunFinished(RunFinished { verdict: totals.verdict(), totals }),
                ends => Event::RunBrokenOff { by: Breaker::Kernel, reason: ends.join("\n") },
            };
            self.add(end);
            return Next::Over;
        }
        if self.left == 0 || !progress || !cause.blames {
            self.break_off(cause);
            return Next::Over;
        }
        let except: Vec<String> = record.ended.iter().map(|case| case.case.clone()).collect();
        self.left -= 1;
        self.again = true;
        self.ended_before = except.len();
        Next::Boot { except }
    }

    /// Ends the run from outside.
    pub(crate) fn break_off(&mut self, cause: &Cause) {
        if self.runs.current().started.is_some() && self.runs.current().end.is_none() {
            self.add(Event::RunBrokenOff { by: cause.by, reason: cause.words.clone() });
        }
    }

    /// The runs.
    ///
    /// # Errors
    /// Where something that was heard could not be written.
    pub(crate) fn finish(self) -> io::Result<Runs> {
        self.written?;
        Ok(self.runs)
    }

    fn blame(&mut self, case: String, cause: &str) {
        let ended = CaseFinished::without_result(case, Outcome::Error, cause.to_owned());
        self.add(Event::CaseFinished(ended));
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

#[cfg(test)]
mod tests {
    use reglist_suite::report::events::{Totals, Verdict};
    use reglist_suite::report::record::End;

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
        run.machine_ended(&Cause { by: Breaker::Kernel, words: "the kernel died".to_owned(), blames: true })
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
        for runs in [&run.finish().unwrap(), &read] {
            let record = runs.current();
            let Some(End::Finished(end)) = &record.end else { panic!("{:?}", record.end) };
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
        assert_eq!(run.runs().current().totals().error, 1);
        assert!(matches!(run.runs().current().end, Some(End::Finished(_))));
    }

    #[test]
    fn restarts_come_to_an_end() {
        let mut run = Restarting::new(Vec::new(), 1);
        assert_eq!(boot(&mut run, &[STARTED.into(), begun("a")]), cases(&["base.a"]));
        assert_eq!(boot(&mut run, &[begun("b")]), Next::Over);
        assert_eq!(run.runs().current().missing(), ["base.c"]);
        assert!(matches!(run.runs().current().end, Some(End::BrokenOff { by: Breaker::Kernel, .. })));
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
        let record = run.runs().current();
        assert_eq!(record.totals().pass, 3);
        let reason = "the kernel died, between two cases, after base.a".to_owned();
        assert_eq!(record.end, Some(End::BrokenOff { by: Breaker::Kernel, reason }));
    }

    #[test]
    fn a_run_with_its_own_end_is_over() {
        let mut run = Restarting::new(Vec::new(), 9);
        assert_eq!(boot(&mut run, &[STARTED.into(), FINISHED.into()]), Next::Over);
        assert_eq!(String::from_utf8(run.events).unwrap(), format!("{STARTED}\n{FINISHED}\n"));
    }
}
