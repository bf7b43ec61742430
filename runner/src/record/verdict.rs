// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The verdict of a record, its words and its exit code. No other code decides
//! about them.

use reglist_suite::exit;
use reglist_suite::report::events::{Breaker, Outcome, Totals, Verdict};
use reglist_suite::report::record::{End, Record};
use reglist_suite::report::review::Review;

use super::known::Judged;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// All cases ended; at least one passed, none failed.
    Passed,
    /// All cases ended; one failed, ended in error, or passed unexpectedly.
    Failed,
    /// No case failed, but the review has notes, and the run is strict.
    Reviewed,
    NothingTested,
    /// The kernel does not know the ioctl.
    NotImplemented,
    /// The suite could not reach or set up the subject.
    GaveUp,
    Interrupted,
    /// The machine, or the connection to it, is lost.
    MachineGone,
    /// The kernel under test crashed and ended the run.
    KernelGone,
    /// The events end early without a reason.
    BrokenOff,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    Good,
    Bad,
    Open,
}

/// The verdict with its numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Conclusion {
    pub(crate) kind: Kind,
    /// Number of cases by outcome, without expected failures.
    pub(crate) totals: Totals,
    pub(crate) planned: usize,
    /// Number of planned cases without an end.
    pub(crate) missing: usize,
    /// Where an incomplete run ended.
    pub(crate) place: String,
    /// Number of notes of the review that fail the run: all with `--strict`, else none.
    pub(crate) review: usize,
    /// The recorded reason of an early end.
    pub(crate) reason: Option<String>,
    /// Whether an incomplete run has evidence against the kernel.
    accuses: bool,
}

impl Conclusion {
    /// The conclusion of a record. With `judged`, expected failures do not fail the
    /// run and unexpected passes do.
    pub(crate) fn of(record: &Record, judged: Option<&Judged>) -> Self {
        let missing = record.missing_count();
        let complete = |verdict: Verdict| match verdict {
            Verdict::Passed => Kind::Passed,
            Verdict::Failed => Kind::Failed,
            Verdict::NothingTested => Kind::NothingTested,
            Verdict::NotImplemented => Kind::NotImplemented,
        };
        let totals = judged.map_or_else(|| record.totals(), |judged| judged.totals(record.totals()));
        let kind = match &record.end {
            Some(End::Finished(_)) if record.is_not_implemented() => Kind::NotImplemented,
            // If all cases ended, the verdict holds without the last line.
            Some(End::Finished(_)) | None if missing == 0 && record.started.is_some() => {
                complete(judged.map_or_else(|| totals.verdict(), |judged| judged.verdict(record.totals())))
            }
            Some(End::Aborted { .. }) => Kind::GaveUp,
            Some(End::BrokenOff { by: Breaker::User, .. }) => Kind::Interrupted,
            Some(End::BrokenOff { by: Breaker::Machine, .. }) => Kind::MachineGone,
            Some(End::BrokenOff { by: Breaker::Kernel, .. }) => Kind::KernelGone,
            Some(End::Finished(_)) | None => Kind::BrokenOff,
        };
        let is_strict = record.started.as_ref().is_some_and(|started| started.strict);
        let review = record.review.as_ref().filter(|_| is_strict).map_or(0, Review::count);
        let kind = match kind {
            Kind::Passed | Kind::NothingTested | Kind::NotImplemented if review > 0 => Kind::Reviewed,
            kind => kind,
        };
        let reason = record.why_unfinished().map(str::to_owned);
        let is_wrong = |outcome| matches!(outcome, Outcome::Fail | Outcome::Error);
        let accuses = !record.running.is_empty() || record.ended().any(|case| is_wrong(case.outcome));
        Self { kind, totals, planned: record.plan().len(), missing, place: place(record), review, reason, accuses }
    }

    /// Whether every case that could run has an end.
    pub(crate) fn is_complete(&self) -> bool {
        matches!(self.kind, Kind::Passed | Kind::Failed | Kind::Reviewed | Kind::NothingTested | Kind::NotImplemented)
    }

    pub(crate) fn exit_code(&self) -> u8 {
        self.judgement().2
    }

    pub(crate) fn tone(&self) -> Tone {
        self.judgement().1
    }

    pub(crate) fn word(&self) -> &'static str {
        self.judgement().0
    }

    fn judgement(&self) -> (&'static str, Tone, u8) {
        match self.kind {
            Kind::Passed => ("passed", Tone::Good, exit::PASSED),
            Kind::Failed | Kind::Reviewed => ("failed", Tone::Bad, exit::FAILED),
            Kind::NothingTested => ("nothing tested", Tone::Open, exit::NOTHING_TESTED),
            Kind::NotImplemented => ("not implemented", Tone::Open, exit::NOTHING_TESTED),
            Kind::GaveUp => ("suite gave up", Tone::Bad, exit::INFRASTRUCTURE),
            Kind::Interrupted => ("interrupted", Tone::Open, exit::INFRASTRUCTURE),
            Kind::MachineGone => ("machine lost", Tone::Bad, exit::INFRASTRUCTURE),
            Kind::KernelGone => ("kernel down", Tone::Bad, exit::FAILED),
            Kind::BrokenOff if self.accuses => ("broken off", Tone::Bad, exit::FAILED),
            Kind::BrokenOff => ("broken off", Tone::Bad, exit::INFRASTRUCTURE),
        }
    }
}

fn place(record: &Record) -> String {
    // The case blamed for the early end is recorded as ended in error.
    let blamed = record.last_ended().filter(|case| case.outcome == Outcome::Error).map(|case| &case.case);
    match (record.running.as_slice(), blamed, record.last_ended()) {
        ([], Some(case), _) => format!("in case {case}"),
        ([], None, Some(case)) => format!("after case {}", case.case),
        ([], None, None) => "before the first case".to_owned(),
        (cases, _, _) => format!("in case {}", cases.join(" or ")),
    }
}

/// The most important exit code: failed, then no build, usage, infrastructure,
/// nothing tested, passed.
pub(crate) fn worst(codes: impl IntoIterator<Item = u8>) -> u8 {
    let order = [exit::PASSED, exit::NOTHING_TESTED, exit::INFRASTRUCTURE, exit::USAGE, exit::NO_BUILD, exit::FAILED];
    let rank = |code: &u8| order.iter().position(|known| known == code);
    codes.into_iter().max_by_key(rank).unwrap_or(exit::PASSED)
}

#[cfg(test)]
mod tests {
    use reglist_suite::report::events::{Event, RunFinished, RunStarted};
    use reglist_suite::report::review::Note;

    use super::*;

    /// A run with these outcomes and a review of one note.
    fn reviewed(strict: bool, totals: Totals) -> Record {
        let mut record = Record::default();
        let note = Note { check: "sparse".into(), file: "a.c".into(), line: None, function: None, message: "x".into() };
        let started = RunStarted { strict, ..RunStarted::unknown() };
        assert!(record.add(Event::KernelReviewed(Review { notes: vec![note], ..Review::default() })));
        assert!(record.add(Event::RunStarted(started)));
        assert!(record.add(Event::RunFinished(RunFinished { verdict: totals.verdict(), totals })));
        record
    }

    #[test]
    fn a_note_of_the_review_fails_a_strict_run_only() {
        let strict = Conclusion::of(&reviewed(true, Totals::default()), None);
        assert_eq!((strict.kind, strict.review, strict.exit_code()), (Kind::Reviewed, 1, exit::FAILED));
        let lax = Conclusion::of(&reviewed(false, Totals::default()), None);
        assert_eq!((lax.kind, lax.review, lax.exit_code()), (Kind::NothingTested, 0, exit::NOTHING_TESTED));
    }

    #[test]
    fn the_worst_is_a_wrong_kernel() {
        let codes =
            [exit::PASSED, exit::NOTHING_TESTED, exit::INFRASTRUCTURE, exit::USAGE, exit::NO_BUILD, exit::FAILED];
        for (place, code) in codes.iter().enumerate() {
            for less in &codes[..place] {
                assert_eq!((worst([*code, *less]), worst([*less, *code])), (*code, *code));
            }
        }
    }
}
