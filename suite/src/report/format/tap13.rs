// SPDX-License-Identifier: Apache-2.0 OR MIT
//! TAP version 13, for consumers outside kernel testing. Reasons are in the
//! directive, and findings are a YAML block.

use super::lines::Lines;
use super::words::{plain, sentences, word};
use crate::report::events::{CaseFinished, Event, Outcome};

/// A document of one run or several.
#[derive(Debug, Default)]
pub(super) struct Tap13 {
    several: bool,
    run: usize,
    number: usize,
}

impl Tap13 {
    pub(super) fn new(several: bool) -> Self {
        Self { several, ..Self::default() }
    }

    fn result(&mut self, case: &CaseFinished) -> Vec<String> {
        self.number += 1;
        let run = if self.several { format!("run_{}.", self.run) } else { String::new() };
        let result = match case.outcome {
            Outcome::Pass | Outcome::Skip => "ok",
            Outcome::Fail | Outcome::Error => "not ok",
        };
        let directive = match (case.outcome, &case.reason) {
            (Outcome::Skip, reason) => {
                let reason = plain(reason.as_deref().unwrap_or_default()).replace('#', "");
                format!(" # SKIP {reason}")
            }
            _ => String::new(),
        };
        let id = word(&case.case);
        let mut lines = vec![format!("{result} {} - {run}{id}{}", self.number, directive.trim_end())];
        let details = sentences(case);
        if case.outcome != Outcome::Skip && !details.is_empty() {
            lines.push("  ---".to_owned());
            let severity = match case.outcome {
                Outcome::Fail => "fail",
                Outcome::Error => "error",
                Outcome::Pass | Outcome::Skip => "comment",
            };
            lines.push(format!("  severity: {severity}"));
            // Literal text: perl's TAP::Parser reads not every quoted string of YAML.
            lines.push("  message: |".to_owned());
            lines.extend(details.iter().map(|text| format!("    {}", text.trim())));
            lines.push("  ...".to_owned());
        }
        lines
    }
}

impl Lines for Tap13 {
    fn event(&mut self, event: &Event) -> Vec<String> {
        match event {
            Event::KernelReviewed(_) => Vec::new(),
            Event::RunStarted(started) => {
                self.run += 1;
                let mut lines = Vec::new();
                if self.run == 1 {
                    lines.push("TAP version 13".to_owned());
                }
                if !self.several {
                    lines.push(match started.plan.len() {
                        0 => "1..0 # SKIP no case was selected".to_owned(),
                        count => format!("1..{count}"),
                    });
                }
                let fault = started.fault.as_ref().map(|fault| format!(", fault {fault}")).unwrap_or_default();
                let (suite, series) = (&started.suite, &started.series);
                let subject = format!("Linux {}, series {series}, suite {suite}{fault}", started.kernel);
                lines.push(format!("# {}", plain(&subject)));
                lines
            }
            Event::CaseFinished(case) => self.result(case),
            Event::RunAborted { reason } | Event::RunBrokenOff { reason, .. } => {
                vec![format!("# aborted: {}", plain(reason))]
            }
            Event::CaseStarted { .. } | Event::RunFinished(_) => Vec::new(),
        }
    }

    fn end(&mut self) -> Vec<String> {
        if self.several { vec![format!("1..{}", self.number)] } else { Vec::new() }
    }
}
