// SPDX-License-Identifier: Apache-2.0 OR MIT
//! `--fault all`: prints a line for each fault and whether the suite noticed all of them.

use std::collections::BTreeSet;

use super::console::say;
use super::run::Run;
use super::turns::Turn;
use crate::exit;
use crate::fault::{Fault, Right, Tried};
use crate::report::events::SubjectKind;
use crate::spec::clause::Clauses;

#[derive(Debug, Default)]
pub(super) struct Trying {
    right: Right,
    tried: usize,
    /// Faults not noticed as expected, and unfinished turns.
    wrong: usize,
}

impl Trying {
    /// Judges a finished turn, and prints the result unless an observer does.
    pub(super) fn take(&mut self, turn: &Turn<'_>, run: &Run, clauses: &Clauses, observed: bool) {
        let cases = run.finished();
        let Some(configuration) = turn.jobs.ids.first().and_then(|id| id.split('.').next()) else {
            return;
        };
        let (line, right) = match turn.fault {
            None => {
                let broken = self.right.take(configuration, turn.allow_new, &cases);
                let right = broken.is_empty() && cases.len() == turn.jobs.ids.len();
                let new = if turn.allow_new { ", new registers allowed" } else { "" };
                let what = if right { "passes".to_owned() } else { format!("FAILS: {}", broken.join(", ")) };
                (format!("no fault ({configuration}{new}): {what}"), right)
            }
            Some(fault) => {
                self.tried += 1;
                let tried = self.right.compare(fault, configuration, turn.allow_new, &cases, clauses);
                match tried.filter(|_| cases.len() == turn.jobs.ids.len()) {
                    Some(tried) => (line(fault, &tried), tried.is_right()),
                    None => (format!("{}: NOT TRIED", fault.name()), false),
                }
            }
        };
        self.wrong += usize::from(!right);
        if !observed {
            say(&line);
        }
    }

    /// Prints the verdict unless an observer does. Returns the exit code.
    pub(super) fn conclude(&self, subject: SubjectKind, kernel: &str, observed: bool) -> u8 {
        let (word, code) = match (self.tried, self.wrong) {
            (0, 0) => ("nothing tested", exit::NOTHING_TESTED),
            (_, 0) => ("all noticed", exit::PASSED),
            _ => ("not all noticed", exit::FAILED),
        };
        let untested = if subject == SubjectKind::Model { "; model: no kernel was tested" } else { "" };
        if !observed {
            let Self { tried, wrong, .. } = self;
            say(&format!("{word}: {tried} faults of Linux {kernel}, {wrong} not noticed as expected{untested}"));
        }
        code
    }
}

fn line(fault: Fault, tried: &Tried) -> String {
    let noticed: BTreeSet<&str> = tried.said.iter().map(|said| &*said.finding.clause).collect();
    let mut line = format!("{}: {}", fault.name(), noticed.into_iter().collect::<Vec<_>>().join(" "));
    let unnoticed = tried.unnoticed.iter().map(|broken| format!("; UNNOTICED {}", broken.clause));
    let accused = tried.accused.iter().map(|said| format!("; WRONGLY ACCUSED {}", said.finding.clause));
    let in_error = tried.in_error.iter().map(|case| format!("; IN ERROR {case}"));
    line.extend(unnoticed.chain(accused).chain(in_error));
    line
}
