// SPDX-License-Identifier: Apache-2.0 OR MIT
//! A running turn: outcomes of cases as events and for libtest-mimic, and the verdict.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Instant;

use libtest_mimic::{Completion, Failed};

use super::console::{complain, say};
use crate::arch::{Arch, Feature};
use crate::checks::IN_EVERY_CASE;
use crate::checks::message::Message;
use crate::exit;
use crate::harness::process::{JobError, Servers, lock};
use crate::harness::worker::chain;
use crate::report::events::{CaseFinished, Event, EventLog, Finding, Outcome, RunFinished, SubjectKind, Totals};
use crate::report::new_registers;
use crate::spec::clause::Level;

pub(super) enum End {
    Concluded(u8),
    Aborted(u8),
}

pub(super) struct Run {
    pub(super) log: Arc<Mutex<EventLog>>,
    pub(super) finished: Mutex<Vec<CaseFinished>>,
    pub(super) strict: bool,
    pub(super) required: Vec<Feature>,
    pub(super) quiet: bool,
    /// The level of [`IN_EVERY_CASE`]; none if the specification lacks it.
    pub(super) quiet_level: Option<Level>,
    /// Whether events contain the kernel's list.
    pub(super) lists: bool,
}

impl Run {
    /// Writes an event. The run continues after a write error.
    pub(super) fn write(&self, event: &Event) {
        if let Err(errors) = lock(&self.log).write(event) {
            errors.iter().for_each(|error| complain(&error.to_string()));
        }
    }

    /// Prints a line on stdout, unless `quiet`.
    pub(super) fn say(&self, message: &str) {
        if !self.quiet {
            say(message);
        }
    }

    pub(super) fn abort(&self, reason: String) -> End {
        complain(&reason);
        self.write(&Event::RunAborted { reason });
        End::Aborted(exit::FAILED)
    }

    pub(super) fn finished(&self) -> MutexGuard<'_, Vec<CaseFinished>> {
        lock(&self.finished)
    }

    pub(super) fn case(&self, id: String, servers: &Servers, job: usize) -> Result<Completion, Failed> {
        self.write(&Event::CaseStarted { case: id.clone() });
        let start = Instant::now();
        let (mut findings, mut listed, mut ran) = (Vec::new(), Vec::new(), None);
        let mut end = None;
        let result = servers.run(job, |message| match message {
            Message::Found(finding) => finding.add_to(&mut findings),
            Message::Listed(list) if self.lists => listed = list,
            Message::Listed(_) => {}
            Message::Logged(text) => findings.extend(self.quiet_level.map(|level| loud(level, text))),
            Message::Ran(blocks) => ran = Some(blocks),
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
            listed,
            ran,
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
            Some(Message::Done(ioctls)) => {
                let broken = findings.iter().any(|finding| finding.level.fails(self.strict));
                (if broken { Outcome::Fail } else { Outcome::Pass }, None, ioctls)
            }
            Some(Message::Absent { feature, reason })
                if self.required.iter().any(|required| required.name == feature) =>
            {
                (Outcome::Error, Some(format!("{reason}, but --require states that the host has it")), 0)
            }
            Some(Message::Absent { reason, .. } | Message::NothingToSay(reason)) => (Outcome::Skip, Some(reason), 0),
            Some(Message::Trouble(reason)) => (Outcome::Error, Some(reason), 0),
            _ => (Outcome::Error, Some("the case returned no result".to_owned()), 0),
        }
    }

    /// Prints the verdict on stdout. Returns the exit code.
    pub(super) fn conclude(&self, subject: SubjectKind, kernel: &str, series: &str, seed: u64, arch: &dyn Arch) -> u8 {
        let finished = lock(&self.finished);
        let mut totals = Totals::default();
        finished.iter().for_each(|case| totals.count(case.outcome));
        let verdict = totals.verdict();
        self.write(&Event::RunFinished(RunFinished { verdict, totals }));

        for case in finished.iter() {
            for finding in case.findings.iter().filter(|finding| !finding.level.fails(self.strict)) {
                self.say(&format!("{}: {finding}", case.case));
            }
        }
        if let Some(yaml) = new_registers::as_yaml(finished.iter().flat_map(|case| &case.findings), arch) {
            self.say(yaml.trim_end());
        }
        let word = verdict.to_string().replace('_', " ");
        let Totals { pass, fail, skip, error } = totals;
        let untested = if subject == SubjectKind::Model { "; model: no kernel was tested" } else { "" };
        self.say(&format!(
            "{word}: {pass} passed, {fail} failed, {skip} skipped, {error} in error; series {series}, Linux {kernel}, seed {seed}{untested}"
        ));
        verdict.exit_code()
    }
}

/// The finding about a message in the kernel's log.
fn loud(level: Level, message: String) -> Finding {
    Finding::new(IN_EVERY_CASE, level, "no warning, BUG or sanitizer report in the kernel log".to_owned(), message)
}

/// The outcome for libtest-mimic, with every failing finding in the message.
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
