// SPDX-License-Identifier: Apache-2.0 OR MIT
//! What the matrix says as a whole.

use reglist_suite::exit;
use serde::Serialize;

use super::data::Matrix;
use super::fault::{State, Wrong};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Verdict {
    /// Every fault was noticed as it should be, and nothing is said of the right
    /// subject.
    AllNoticed,
    NotAllNoticed,
    /// No fault was asked for that the subject can have.
    NothingTried,
}

/// Number of faults by what came of them. One that has more than one thing
/// wrong with it counts in each of these.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(super) struct Totals {
    /// Faults that were asked for and that the subject can have.
    pub(super) wanted: usize,
    /// Faults of which all is as it should be.
    pub(super) noticed: usize,
    /// Faults of which a broken clause was not noticed.
    pub(super) unnoticed: usize,
    /// Faults for which a clause was accused that they do not break.
    pub(super) accused: usize,
    /// Faults with cases that ended in error.
    pub(super) in_error: usize,
    pub(super) not_tried: usize,
    /// Faults that were to be tried when the stream ended.
    pub(super) unreached: usize,
    pub(super) not_selected: usize,
    /// Faults that the subject cannot have.
    pub(super) impossible: usize,
}

impl Matrix {
    /// Number of faults by what came of them.
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

    /// Rounds without a fault of which not all cases passed.
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

    /// Faults that were to be tried when the stream ended.
    pub(crate) fn unreached(&self) -> usize {
        self.totals().unreached
    }

    /// Whether the stream ends where it should.
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
