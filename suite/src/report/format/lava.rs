// SPDX-License-Identifier: Apache-2.0 OR MIT
//! LAVA's signals, as printed by `lava-test-case`, for jobs of type `definitions`.
//!
//! LAVA has pass, fail, skip and unknown. An error is a fail here, because consumers
//! drop unknown results.

use super::lines::Lines;
use super::words::{plain, sentences, word};
use crate::report::events::{Event, Outcome};

/// Signals of one run, or of several as test sets.
#[derive(Debug, Default)]
pub(super) struct Lava {
    several: bool,
    run: usize,
    running: Option<String>,
}

impl Lava {
    pub(super) fn new(several: bool) -> Self {
        Self { several, ..Self::default() }
    }

    fn set(&self, what: &str) -> Vec<String> {
        match self.several {
            true if what == "STOP" => vec!["<LAVA_SIGNAL_TESTSET STOP>".to_owned()],
            true => vec![format!("<LAVA_SIGNAL_TESTSET {what} run_{}>", self.run)],
            false => Vec::new(),
        }
    }
}

impl Lines for Lava {
    fn event(&mut self, event: &Event) -> Vec<String> {
        match event {
            Event::KernelReviewed(_) => Vec::new(),
            Event::RunStarted(started) => {
                self.run += 1;
                let subject = format!("Linux {}, series {}, suite {}", started.kernel, started.series, started.suite);
                let mut lines = vec![plain(&subject)];
                lines.extend(self.set("START"));
                lines
            }
            Event::CaseStarted { case } => {
                let id = word(case);
                let line = format!("<LAVA_SIGNAL_STARTTC {id}>");
                self.running = Some(id);
                vec![line]
            }
            Event::CaseFinished(case) => {
                let id = word(&case.case);
                let mut lines: Vec<String> =
                    sentences(case).iter().map(|text| plain(&format!("{id}: {text}"))).collect();
                if self.running.take_if(|running| *running == id).is_some() {
                    lines.push(format!("<LAVA_SIGNAL_ENDTC {id}>"));
                }
                let result = match case.outcome {
                    Outcome::Pass => "pass",
                    Outcome::Fail | Outcome::Error => "fail",
                    Outcome::Skip => "skip",
                };
                lines.push(format!("<LAVA_SIGNAL_TESTCASE TEST_CASE_ID={id} RESULT={result}>"));
                lines
            }
            Event::RunAborted { reason } | Event::RunBrokenOff { reason, .. } => {
                vec![plain(&format!("aborted: {reason}"))]
            }
            Event::RunFinished(_) => self.set("STOP"),
        }
    }
}
