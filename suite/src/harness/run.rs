// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The run while it goes on: each case's outcome as an event and for
//! libtest-mimic, and the verdict at the end.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use libtest_mimic::{Completion, Failed};

use super::{complain, say};
use crate::arch::{Feature, LoongArch64};
use crate::events::{CaseFinished, Event, EventLog, Finding, Outcome, RunFinished, Totals, Verdict};
use crate::job::{CaseJob, Job, Message};
use crate::new_registers;
use crate::process::{self, JobError};
use crate::worker::chain;

/// The run while it goes on.
pub(super) struct Run {
    pub(super) log: Mutex<EventLog>,
    pub(super) finished: Mutex<Vec<CaseFinished>>,
    pub(super) strict: bool,
    pub(super) timeout: Duration,
    pub(super) required: Vec<Feature>,
}

impl Run {
    /// Writes an event; that it cannot be written is said, and the run goes on.
    pub(super) fn write(&self, event: &Event) {
        if let Err(error) = lock(&self.log).write(event) {
            complain(&format!("an event cannot be written: {error}"));
        }
    }

    /// Runs a case from its first event to its last.
    pub(super) fn case(&self, id: String, job: CaseJob) -> Result<Completion, Failed> {
        self.write(&Event::CaseStarted { case: id.clone() });
        let start = Instant::now();
        let mut findings = Vec::new();
        let mut end = None;
        let result = process::run(&Job::Case(Box::new(job)), self.timeout, |message| match message {
            Message::Found(finding) => finding.add_to(&mut findings),
            last => end = Some(last),
        });
        let (outcome, reason, ioctls) = self.judge(result, end, &findings);
        let finished = CaseFinished {
            case: id,
            outcome,
            reason,
            duration_us: start.elapsed().as_micros().try_into().unwrap_or(u64::MAX),
            ioctls,
            findings,
        };
        self.write(&Event::CaseFinished(finished.clone()));
        let conclusion = conclusion(&finished, self.strict);
        lock(&self.finished).push(finished);
        conclusion
    }

    fn judge(
        &self,
        result: Result<(), JobError>,
        end: Option<Message>,
        findings: &[Finding],
    ) -> (Outcome, Option<String>, u64) {
        if let Err(error) = result {
            return (Outcome::Error, Some(chain(&error)), 0);
        }
        match end {
            Some(Message::Done { ioctls }) => {
                let broken = findings.iter().any(|finding| finding.level.fails(self.strict));
                (if broken { Outcome::Fail } else { Outcome::Pass }, None, ioctls)
            }
            Some(Message::Absent { feature, reason }) if self.required.contains(&feature) => {
                (Outcome::Error, Some(format!("{reason}, but the host is known to have it")), 0)
            }
            Some(Message::Absent { reason, .. }) => (Outcome::Skip, Some(reason), 0),
            Some(Message::Trouble { reason }) => (Outcome::Error, Some(reason), 0),
            _ => (Outcome::Error, Some("the case gave no result".to_owned()), 0),
        }
    }

    /// Ends the run with its verdict on stdout; the result is the exit code.
    pub(super) fn conclude(&self, kernel: &str, series: &str) -> u8 {
        let finished = lock(&self.finished);
        let mut totals = Totals::default();
        finished.iter().for_each(|case| totals.count(case.outcome));
        let verdict = totals.verdict();
        self.write(&Event::RunFinished(RunFinished { verdict, totals }));

        for case in finished.iter() {
            for finding in case.findings.iter().filter(|finding| !finding.level.fails(self.strict)) {
                say(&format!("{}: {finding}", case.case));
            }
        }
        if let Some(yaml) = new_registers::as_yaml(finished.iter().flat_map(|case| &case.findings), &LoongArch64) {
            say(yaml.trim_end());
        }
        let word = match verdict {
            Verdict::Passed => "passed",
            Verdict::Failed => "failed",
            Verdict::NothingTested | Verdict::NotImplemented => "nothing tested",
        };
        let Totals { pass, fail, skip, error } = totals;
        say(&format!(
            "{word}: {pass} passed, {fail} failed, {skip} skipped, {error} in error; series {series}, Linux {kernel}"
        ));
        verdict.exit_code()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What libtest-mimic is told, with every failing finding in the message.
fn conclusion(case: &CaseFinished, strict: bool) -> Result<Completion, Failed> {
    let reason = case.reason.clone().unwrap_or_default();
    match case.outcome {
        Outcome::Pass => Ok(Completion::Completed),
        Outcome::Skip => Ok(Completion::ignored_with(reason)),
        Outcome::Fail | Outcome::Error => {
            let failing = case.findings.iter().filter(|finding| finding.level.fails(strict));
            let mut lines: Vec<String> = failing.map(ToString::to_string).collect();
            if !reason.is_empty() {
                lines.push(reason);
            }
            Err(lines.join("\n").into())
        }
    }
}
