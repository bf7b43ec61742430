// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The program at work on its model, and what its events say.

use std::mem;
use std::process::{Command, Stdio};
use std::sync::{Condvar, Mutex};

use reglist_suite::fault::Said;
use reglist_suite::report::events::{CaseFinished, Event, Outcome, RunStarted};

const PROGRAM: &str = env!("CARGO_BIN_EXE_reglist-suite");

/// Runs at the same time.
const SEATS: usize = 2;

/// The cases of a run, all of which came to their end.
#[derive(Debug)]
pub(crate) struct Run(pub(crate) Vec<CaseFinished>);

impl Run {
    /// A run of a configuration on the model.
    pub(crate) fn of(configuration: &str, more: &[&str]) -> Self {
        let seat = Seat::take();
        let mut runs = Self::each(&[&["--config", configuration], more].concat());
        drop(seat);
        assert_eq!(runs.len(), 1, "{configuration} {more:?}");
        runs.remove(0).1
    }

    /// Every run of a call of the program.
    pub(crate) fn each(arguments: &[&str]) -> Vec<(RunStarted, Self)> {
        // A pipe: events in a file are waited for until they are on the disk.
        let mut command = Command::new(PROGRAM);
        command.args(["--subject", "model", "--events", "/dev/stderr"]).args(arguments);
        let output = command.stdin(Stdio::null()).output().unwrap();
        let mut runs = Vec::new();
        let mut cases = Vec::new();
        for line in String::from_utf8(output.stderr).unwrap().lines() {
            match Event::from_line(line).unwrap_or_else(|_| panic!("{command:?}: {line}")) {
                Event::RunStarted(started) => runs.push((started, None)),
                Event::CaseStarted { .. } => {}
                Event::CaseFinished(case) => {
                    assert_ne!(case.outcome, Outcome::Error, "{command:?} {}: {:?}", case.case, case.reason);
                    cases.push(case);
                }
                Event::RunFinished(_) => runs.last_mut().unwrap().1 = Some(Self(mem::take(&mut cases))),
                aborted @ (Event::RunAborted { .. } | Event::RunBrokenOff { .. } | Event::KernelReviewed(_)) => {
                    panic!("{command:?}: {aborted:?}")
                }
            }
        }
        assert!(!runs.is_empty(), "{command:?}");
        let whole = |(started, run): (RunStarted, Option<Self>)| {
            let run = run.unwrap();
            assert!(!run.0.is_empty(), "{command:?}");
            assert!(run.0.iter().map(|case| &case.case).eq(&started.plan), "{command:?}");
            (started, run)
        };
        runs.into_iter().map(whole).collect()
    }

    /// Everything that the checks said.
    pub(crate) fn said(&self) -> Vec<Said> {
        Said::of(&self.0)
    }
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
