// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The program at work on its model, and what its events say.

use std::process::{Command, Stdio};
use std::sync::{Condvar, Mutex};

use clap::ValueEnum;
use reglist_suite::events::{CaseFinished, Event, Finding, Outcome};

const PROGRAM: &str = env!("CARGO_BIN_EXE_reglist-suite");

/// Runs at the same time.
const SEATS: usize = 2;

/// Something that a check said, and which is true of the subject or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) check: String,
    pub(crate) finding: Finding,
}

/// The cases of a run, all of which came to their end.
#[derive(Debug)]
pub(crate) struct Run(pub(crate) Vec<CaseFinished>);

impl Run {
    /// A run of a configuration on the model.
    pub(crate) fn of(configuration: &str, more: &[&str]) -> Self {
        let seat = Seat::take();
        // A pipe: events in a file are waited for until they are on the disk.
        let mut command = Command::new(PROGRAM);
        command.args(["--subject", "model", "--config", configuration, "--events", "/dev/stderr"]).args(more);
        let output = command.stdin(Stdio::null()).output().unwrap();
        drop(seat);
        let text = String::from_utf8(output.stderr).unwrap();
        let events: Vec<Event> =
            text.lines().map(|line| Event::from_line(line).unwrap_or_else(|_| panic!("{command:?}: {line}"))).collect();
        let (Some(Event::RunStarted(started)), Some(Event::RunFinished(_))) = (events.first(), events.last()) else {
            panic!("{command:?}\n{text}");
        };
        let cases: Vec<CaseFinished> = events
            .iter()
            .filter_map(|event| if let Event::CaseFinished(case) = event { Some(case.clone()) } else { None })
            .collect();
        assert!(!cases.is_empty(), "{command:?}");
        assert!(cases.iter().map(|case| &case.case).eq(&started.plan), "{command:?}\n{text}");
        for case in &cases {
            assert_ne!(case.outcome, Outcome::Error, "{command:?} {}: {:?}", case.case, case.reason);
        }
        Self(cases)
    }

    /// Everything that the checks said.
    pub(crate) fn said(&self) -> Vec<Said> {
        let said = |case: &CaseFinished| {
            let check = check(&case.case);
            let findings = case.findings.clone().into_iter();
            findings.map(move |finding| Said { check: check.clone(), finding }).collect::<Vec<_>>()
        };
        self.0.iter().flat_map(said).collect()
    }
}

/// The check of a case: what follows its configuration.
fn check(case: &str) -> String {
    case.split_once('.').unwrap().1.to_owned()
}

/// The name by which the program knows a value of an option.
pub(crate) fn name(value: impl ValueEnum) -> String {
    value.to_possible_value().unwrap().get_name().to_owned()
}

/// Leave to run the program.
struct Seat;

static TAKEN: Mutex<usize> = Mutex::new(0);
static FREED: Condvar = Condvar::new();

impl Seat {
    fn take() -> Self {
        let taken = TAKEN.lock().unwrap();
        *FREED.wait_while(taken, |taken| *taken == SEATS).unwrap() += 1;
        Self
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        *TAKEN.lock().unwrap() -= 1;
        FREED.notify_one();
    }
}
