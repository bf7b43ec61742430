// SPDX-License-Identifier: Apache-2.0 OR MIT
//! `--fault all` in several guests at once. Each guest takes every n-th round; the run
//! has all rounds in the order of one guest.

use std::collections::VecDeque;
use std::fs::File;
use std::io::Write;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

use reglist_suite::report::events::{Breaker, Event};
use reglist_suite::report::record::Record;

use super::machine::{End, Machine, Sink};
use crate::lab::LabError;
use crate::target::restart::{Cause, MOST, Restarting};

/// More guests at once have too few rounds each to pay for their boots.
const MOST_GUESTS: usize = 4;

/// What a guest did.
#[derive(Debug)]
enum Said {
    Line(String),
    Ended(Cause),
}

/// The rounds of several guests, in order.
#[derive(Debug)]
struct Merged<W> {
    run: Restarting<W>,
    /// For each guest, what is not in the run yet; none after its end.
    waiting: Vec<Option<VecDeque<Said>>>,
    /// The guest whose round is next, or under way.
    turn: usize,
    /// Bytes of all lines; beyond [`MOST`], lines are ignored, and rounds are missing.
    taken: usize,
}

impl<W: Write> Merged<W> {
    fn new(run: Restarting<W>, guests: usize) -> Self {
        Self { run, waiting: (0..guests).map(|_| Some(VecDeque::new())).collect(), turn: 0, taken: 0 }
    }

    fn add(&mut self, guest: usize, said: Said) {
        if let Said::Line(line) = &said {
            self.taken = self.taken.saturating_add(line.len());
            if self.taken > MOST {
                return;
            }
        }
        if let Some(Some(waiting)) = self.waiting.get_mut(guest) {
            waiting.push_back(said);
        }
        self.catch_up();
    }

    /// Takes into the run what is next in order.
    fn catch_up(&mut self) {
        while self.waiting.iter().any(Option::is_some) {
            let Some(Some(waiting)) = self.waiting.get_mut(self.turn) else {
                self.advance();
                continue;
            };
            match waiting.pop_front() {
                None => return,
                Some(Said::Line(line)) => {
                    self.run.take(&line);
                    if is_end(&line) {
                        self.advance();
                    }
                }
                Some(Said::Ended(cause)) => {
                    if cause.by == Breaker::User {
                        self.run.break_off(&cause);
                    } else {
                        self.run.machine_ended(&cause);
                    }
                    if let Some(waiting) = self.waiting.get_mut(self.turn) {
                        *waiting = None;
                    }
                    self.advance();
                }
            }
        }
    }

    fn advance(&mut self) {
        self.turn = (self.turn + 1) % self.waiting.len().max(1);
    }
}

/// Whether a line is the last one of a round.
fn is_end(line: &str) -> bool {
    let line = line.trim();
    let may_be = line.contains("run_finished") || line.contains("run_aborted");
    may_be && matches!(Event::from_line(line), Ok(Event::RunFinished(_) | Event::RunAborted { .. }))
}

/// One guest's way into the run.
struct Lane<'m> {
    merged: &'m Mutex<Merged<File>>,
    guest: usize,
}

impl Lane<'_> {
    fn lock(&self) -> MutexGuard<'_, Merged<File>> {
        self.merged.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sink for Lane<'_> {
    fn take(&mut self, line: &str) {
        self.lock().add(self.guest, Said::Line(line.to_owned()));
    }

    fn look(&self, look: &mut dyn FnMut(&Record)) {
        look(self.lock().run.runs().current());
    }
}

/// Tries every fault. Returns the run, how the first guest that ended early did so, and
/// error output.
pub(super) fn try_all(machine: &Machine<'_>, events: File) -> Result<(Restarting<File>, End, Vec<String>), LabError> {
    let guests = (machine.guest.session.jobs() / machine.guest.cpus()).clamp(1, MOST_GUESTS);
    let merged = Mutex::new(Merged::new(Restarting::new(events, 0), guests));
    let guest = |guest: usize| {
        let mut lane = Lane { merged: &merged, guest };
        // Consoles and images of the guests have different names.
        let mut machine = Machine { boots: guest as u32, ..machine.clone() };
        let share = ["--share".to_owned(), format!("{}/{guests}", guest + 1)];
        let more = if guests > 1 { share.to_vec() } else { Vec::new() };
        let end = machine.boot(&mut lane, more);
        let cause = end.as_ref().map_or_else(|error| End::of(error).cause, |end| end.cause.clone());
        lane.lock().add(guest, Said::Ended(cause));
        (end, machine.complaints)
    };
    let ends: Vec<_> = thread::scope(|scope| {
        let all: Vec<_> = (0..guests).map(|number| scope.spawn(move || guest(number))).collect();
        all.into_iter().map(|guest| guest.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
    });
    let run = merged.into_inner().unwrap_or_else(PoisonError::into_inner).run;
    let mut complaints = Vec::new();
    let mut first = None;
    for (end, said) in ends {
        complaints.extend(said);
        let end = match end {
            // Without any event, the error is all there is to tell.
            Err(error) if run.runs().iter().all(|record| record.started.is_none()) => return Err(error),
            Err(error) => End::of(&error),
            Ok(end) => end,
        };
        end.warn(machine.guest.session, run.runs().current());
        if first.as_ref().is_none_or(|first: &End| first.console.is_empty()) {
            first = Some(end);
        }
    }
    let end = first.ok_or(LabError::NotReady)?;
    Ok((run, end, complaints))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn started(round: usize) -> String {
        format!(
            r#"{{"event":"run_started","format":1,"suite":"0.1.0","subject":"kvm","architecture":"loongarch64","kernel":"7.2.13","cpu":"","series":"v5","strict":false,"allow_new":false,"fault":"{round}","plan":["base.a"]}}"#
        )
    }

    fn round(number: usize) -> [String; 3] {
        let passed = r#"{"event":"case_finished","case":"base.a","outcome":"pass","duration_us":1,"ioctls":1}"#;
        let end = r#"{"event":"run_finished","verdict":"passed","totals":{"pass":1,"fail":0,"skip":0,"error":0}}"#;
        [started(number), passed.to_owned(), end.to_owned()]
    }

    fn crash() -> Said {
        Said::Ended(Cause { by: Breaker::Kernel, words: "the kernel crashed".to_owned(), blames: true })
    }

    fn rounds(merged: &Merged<Vec<u8>>) -> Vec<(usize, usize)> {
        let number = |record: &Record| record.started.as_ref()?.fault.as_ref()?.parse().ok();
        merged.run.runs().iter().filter_map(|record| Some((number(record)?, record.ended().len()))).collect()
    }

    #[test]
    fn rounds_come_in_the_order_of_one_guest() {
        let mut merged = Merged::new(Restarting::new(Vec::new(), 0), 2);
        // The second guest is ahead of the first.
        for line in [round(1), round(3), round(5)].concat() {
            merged.add(1, Said::Line(line));
        }
        for number in [0, 2, 4] {
            for line in round(number) {
                merged.add(0, Said::Line(line));
            }
        }
        merged.add(1, crash());
        merged.add(0, crash());
        assert_eq!(rounds(&merged), [(0, 1), (1, 1), (2, 1), (3, 1), (4, 1), (5, 1)]);
    }

    #[test]
    fn a_guest_that_sends_lines_without_end_needs_no_memory() {
        let mut merged = Merged::new(Restarting::new(Vec::new(), 0), 2);
        let line = "x".repeat(MOST / 8);
        (0..20).for_each(|_| merged.add(1, Said::Line(line.clone())));
        assert_eq!(merged.waiting[1].as_ref().map(VecDeque::len), Some(8));
    }

    #[test]
    fn a_guest_that_ends_early_leaves_out_its_rounds() {
        let mut merged = Merged::new(Restarting::new(Vec::new(), 0), 2);
        merged.add(0, Said::Line(started(0)));
        merged.add(0, Said::Line(r#"{"event":"case_started","case":"base.a"}"#.to_owned()));
        for line in [round(1), round(3)].concat() {
            merged.add(1, Said::Line(line));
        }
        assert_eq!(rounds(&merged), [(0, 0)]);
        merged.add(0, crash());
        merged.add(1, crash());
        assert_eq!(rounds(&merged), [(0, 1), (1, 1), (3, 1)]);
    }
}
