// SPDX-License-Identifier: Apache-2.0 OR MIT
//! What a run says in the end: the one function from a record to a verdict, its
//! words and its exit code. Every command and every report uses it.

use reglist_suite::exit;
use reglist_suite::report::events::{Breaker, Outcome, Totals, Verdict};
use reglist_suite::report::record::{End, Record};

use super::known::Judged;

/// What a run says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Every case ended; at least one passed, none failed.
    Passed,
    /// Every case ended; one failed or ended in error, or passed unexpectedly.
    Failed,
    /// Every case was skipped.
    NothingTested,
    /// The kernel does not know the ioctl.
    NotImplemented,
    /// The suite could not reach or set up the subject.
    GaveUp,
    /// The user stopped the run.
    Interrupted,
    /// The machine that runs or reaches the kernel went away.
    MachineGone,
    /// The kernel under test went down, and the run with it.
    KernelGone,
    /// The events break off, and nothing says why.
    BrokenOff,
}

/// Whether news is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    /// It is.
    Good,
    /// It is bad.
    Bad,
    /// Nobody can tell.
    Open,
}

/// What a run says, with the figures for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Conclusion {
    /// What it says.
    pub(crate) kind: Kind,
    /// Number of cases by outcome; expected failures are left out.
    pub(crate) totals: Totals,
    /// Number of planned cases.
    pub(crate) planned: usize,
    /// Number of planned cases without an end.
    pub(crate) missing: usize,
    /// Where it broke off, if it did.
    pub(crate) place: String,
    /// What the run says of its end, if it says anything.
    pub(crate) reason: Option<String>,
    /// Whether something speaks against the kernel in a run that broke off.
    accuses: bool,
}

impl Conclusion {
    /// What a record says; with `judged`, expected failures do not count, and
    /// unexpected passes do.
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
            // Only the last line may be lost of a run whose cases have all ended.
            Some(End::Finished(_)) | None if missing == 0 && record.started.is_some() => {
                complete(judged.map_or_else(|| totals.verdict(), |judged| judged.verdict(record.totals())))
            }
            Some(End::Aborted { .. }) => Kind::GaveUp,
            Some(End::BrokenOff { by: Breaker::User, .. }) => Kind::Interrupted,
            Some(End::BrokenOff { by: Breaker::Machine, .. }) => Kind::MachineGone,
            Some(End::BrokenOff { by: Breaker::Kernel, .. }) => Kind::KernelGone,
            Some(End::Finished(_)) | None => Kind::BrokenOff,
        };
        let reason = match &record.end {
            Some(End::Aborted { reason } | End::BrokenOff { reason, .. }) => Some(reason.clone()),
            Some(End::Finished(_)) | None => None,
        };
        let is_wrong = |outcome| matches!(outcome, Outcome::Fail | Outcome::Error);
        let accuses = record.running.is_some() || record.ended.iter().any(|case| is_wrong(case.outcome));
        Self { kind, totals, planned: record.plan().len(), missing, place: place(record), reason, accuses }
    }

    /// Whether every case that could run has an end.
    pub(crate) fn is_complete(&self) -> bool {
        matches!(self.kind, Kind::Passed | Kind::Failed | Kind::NothingTested | Kind::NotImplemented)
    }

    /// The exit code.
    pub(crate) fn exit_code(&self) -> u8 {
        match self.kind {
            Kind::Passed => exit::PASSED,
            Kind::Failed | Kind::KernelGone => exit::FAILED,
            Kind::NothingTested | Kind::NotImplemented => exit::NOTHING_TESTED,
            Kind::GaveUp | Kind::Interrupted | Kind::MachineGone => exit::INFRASTRUCTURE,
            Kind::BrokenOff if self.accuses => exit::FAILED,
            Kind::BrokenOff => exit::INFRASTRUCTURE,
        }
    }

    /// Whether the verdict is good news.
    pub(crate) fn tone(&self) -> Tone {
        match self.kind {
            Kind::Passed => Tone::Good,
            Kind::NothingTested | Kind::NotImplemented | Kind::Interrupted => Tone::Open,
            Kind::Failed | Kind::GaveUp | Kind::MachineGone | Kind::KernelGone | Kind::BrokenOff => Tone::Bad,
        }
    }

    /// The verdict in a word or two.
    pub(crate) fn word(&self) -> &'static str {
        match self.kind {
            Kind::Passed => "passed",
            Kind::Failed => "failed",
            Kind::NothingTested => "nothing tested",
            Kind::NotImplemented => "not implemented",
            Kind::GaveUp => "suite gave up",
            Kind::Interrupted => "interrupted",
            Kind::MachineGone => "machine lost",
            Kind::KernelGone => "kernel down",
            Kind::BrokenOff => "broken off",
        }
    }
}

/// Where a run broke off.
fn place(record: &Record) -> String {
    // A case that was blamed for the end has ended.
    let blamed = record.ended.last().filter(|case| case.outcome == Outcome::Error).map(|case| &case.case);
    match (record.running.as_ref().or(blamed), record.ended.last()) {
        (Some(case), _) => format!("in case {case}"),
        (None, Some(case)) => format!("after case {}", case.case),
        (None, None) => "before the first case".to_owned(),
    }
}

/// The exit code that says most: a wrong kernel before a wrong request, that
/// before a run of which nothing was learnt, that before one that tested nothing.
pub(crate) fn worst(codes: impl IntoIterator<Item = u8>) -> u8 {
    let order = [exit::PASSED, exit::NOTHING_TESTED, exit::INFRASTRUCTURE, exit::USAGE, exit::FAILED];
    let rank = |code: &u8| order.iter().position(|known| known == code);
    codes.into_iter().max_by_key(rank).unwrap_or(exit::PASSED)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_is_a_wrong_kernel() {
        let codes = [exit::PASSED, exit::NOTHING_TESTED, exit::INFRASTRUCTURE, exit::USAGE, exit::FAILED];
        for (place, code) in codes.iter().enumerate() {
            for less in &codes[..place] {
                assert_eq!((worst([*code, *less]), worst([*less, *code])), (*code, *code));
            }
        }
    }
}
