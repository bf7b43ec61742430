// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The verdict of the matrix.

use reglist_suite::exit;
use serde::Serialize;

use super::data::Matrix;
use super::fault::{State, Wrong};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Verdict {
    /// Every fault was correctly noticed, and the rounds without a fault passed.
    AllNoticed,
    NotAllNoticed,
    /// No selected fault is possible on the subject.
    NothingTried,
}

/// Number of faults by result. A fault with several problems counts for each.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(super) struct Totals {
    /// Selected faults that are possible on the subject.
    pub(super) wanted: usize,
    pub(super) noticed: usize,
    /// Faults with a broken clause that was not noticed.
    pub(super) unnoticed: usize,
    /// Faults with a wrongly accused clause.
    pub(super) accused: usize,
    /// Faults with cases that ended in error.
    pub(super) in_error: usize,
    pub(super) not_tried: usize,
    /// Faults that were left at the end of the stream.
    pub(super) unreached: usize,
    pub(super) not_selected: usize,
    /// Faults that are not possible on the subject.
    pub(super) impossible: usize,
}

impl Matrix {
    pub(super) fn totals(&self) -> Totals {
        let mut totals = Totals::default();
        for row in &self.faults {
            match &row.state {
                State::Noticed => totals.noticed += 1,
                State::Wrong(Wrong { unnoticed, accused, in_error }) => {
                    totals.unnoticed += usize::from(!unnoticed.is_empty());
                    totals.accused += usize::from(!accused.is_empty());
                    totals.in_error += usize::from(!in_error.is_empty());
                }
                State::NotTried { .. } => totals.not_tried += 1,
                State::NotReached => totals.unreached += 1,
                State::NotSelected => totals.not_selected += 1,
                State::Impossible { .. } => totals.impossible += 1,
            }
        }
        totals.wanted = self.faults.len() - totals.not_selected - totals.impossible;
        totals
    }

    pub(super) fn wrong_right_rounds(&self) -> usize {
        self.right.iter().filter(|round| !round.passed).count()
    }

    pub(super) fn verdict(&self) -> Verdict {
        let totals = self.totals();
        if totals.noticed < totals.wanted || self.wrong_right_rounds() > 0 {
            Verdict::NotAllNoticed
        } else if totals.wanted == 0 {
            Verdict::NothingTried
        } else {
            Verdict::AllNoticed
        }
    }

    /// Faults that were left at the end of the stream.
    pub(crate) fn unreached(&self) -> usize {
        self.totals().unreached
    }

    pub(super) fn is_complete(&self) -> bool {
        !self.torn && self.totals().unreached == 0
    }

    /// The exit code of a complete stream.
    pub(crate) fn exit_code(&self) -> u8 {
        match self.verdict() {
            Verdict::AllNoticed => exit::PASSED,
            Verdict::NotAllNoticed => exit::FAILED,
            Verdict::NothingTried => exit::NOTHING_TESTED,
        }
    }
}
