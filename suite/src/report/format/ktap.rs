// SPDX-License-Identifier: Apache-2.0 OR MIT
//! KTAP version 1 (the kernel's Documentation/dev-tools/ktap.rst).
//!
//! The document is flat and starts with the plan, because consumers lose levels and
//! cannot count missing results otherwise. A directive has no text, and its reason
//! is on the line before: parsers take text after `# SKIP` for a part of the name.
//! Two kinds of diagnostic lines make a truncated log readable: `# run` and `# plan`
//! contain the plan, `# start` the running case.

use serde_json::Value;

use super::lines::Lines;
use super::words::{details, plain, word};
use crate::report::events::{Event, Outcome, RunStarted, Totals, Verdict};
use crate::report::{control, fields};

/// Longest `# plan` line in bytes; the kernel log takes lines of about 1000.
const PLAN_LINE: usize = 700;

/// A document of one run, or of several as nested ones.
#[derive(Debug, Default)]
pub(super) struct Ktap {
    several: bool,
    run: usize,
    number: usize,
}

impl Ktap {
    pub(super) fn new(several: bool) -> Self {
        Self { several, ..Self::default() }
    }

    fn started(&mut self, started: &RunStarted) -> Vec<String> {
        self.run += 1;
        self.number = 0;
        let plan = match started.plan.len() {
            0 => "1..0 # SKIP no case was selected".to_owned(),
            count => format!("1..{count}"),
        };
        let mut lines = vec!["KTAP version 1".to_owned(), plan];
        lines.extend(head(started).map(|head| format!("# run {head}")));
        let mut line = String::new();
        for case in &started.plan {
            if line.len() + case.len() > PLAN_LINE {
                lines.push(std::mem::take(&mut line));
            }
            if line.is_empty() {
                line.push_str("# plan");
            }
            line.push(' ');
            line.push_str(&word(case));
        }
        lines.extend(Some(line).filter(|line| !line.is_empty()));
        lines
    }
}

/// The lines before the plan.
fn head(started: &RunStarted) -> Option<String> {
    let mut head = serde_json::to_value(started).ok()?;
    if let Value::Object(fields) = &mut head {
        fields.remove("plan");
    }
    Some(control::escaped(&head.to_string()).replace("<LAVA", "\\u003cLAVA"))
}

impl Lines for Ktap {
    fn event(&mut self, event: &Event) -> Vec<String> {
        let first = self.run == 0;
        let lines = match event {
            Event::KernelReviewed(_) => return Vec::new(),
            Event::RunStarted(started) => self.started(started),
            Event::CaseStarted { case } => vec![format!("# start {}", word(case))],
            Event::CaseFinished(case) => {
                self.number += 1;
                let id = word(&case.case);
                let mut lines: Vec<String> =
                    details(case, fields::to_line).into_iter().map(|text| format!("# {id}: {text}")).collect();
                let (result, directive) = match case.outcome {
                    Outcome::Pass => ("ok", ""),
                    Outcome::Fail => ("not ok", ""),
                    Outcome::Skip => ("ok", " # SKIP"),
                    Outcome::Error => ("not ok", " # ERROR"),
                };
                lines.push(format!("{result} {} {id}{directive}", self.number));
                lines
            }
            Event::RunAborted { reason } => vec![format!("# aborted: {}", plain(reason))],
            Event::RunBrokenOff { by, reason } => vec![format!("# broken_off: {by} {}", plain(reason))],
            Event::RunFinished(finished) => {
                let Totals { pass, fail, skip, error } = finished.totals;
                vec![
                    format!("# verdict: {}", finished.verdict),
                    format!("# Totals: pass:{pass} fail:{fail} xfail:0 xpass:0 skip:{skip} error:{error}"),
                ]
            }
        };
        if !self.several {
            return lines;
        }
        let mut lines: Vec<String> = lines.into_iter().map(|line| format!("  {line}")).collect();
        if first {
            lines.insert(0, "KTAP version 1".to_owned());
        }
        if let Event::RunFinished(finished) = event {
            let (result, directive) = match finished.verdict {
                Verdict::Passed => ("ok", ""),
                Verdict::Failed => ("not ok", ""),
                Verdict::NothingTested | Verdict::NotImplemented => ("ok", " # SKIP"),
            };
            lines.push(format!("{result} {0} run_{0}{directive}", self.run));
        }
        lines
    }
}
