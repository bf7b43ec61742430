// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The cells of the matrix.

use super::fault::{FaultRow, Role};

/// The result of a clause for a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    Nothing,
    /// The broken clause has a finding.
    Noticed,
    /// The same, and only this clause.
    Alone,
    /// An expected further finding.
    Consequence,
    Note,
    /// The broken clause lacks the expected finding.
    Unnoticed,
    /// A finding about a clause that is not broken.
    Accused,
}

/// The marks of the legend, in order.
pub(super) const MARKS: [Mark; 6] =
    [Mark::Noticed, Mark::Alone, Mark::Consequence, Mark::Note, Mark::Unnoticed, Mark::Accused];

impl Mark {
    pub(super) fn of(row: &FaultRow, clause: &str) -> Self {
        if row.wrong().is_some_and(|wrong| wrong.unnoticed.iter().any(|broken| broken.clause == clause)) {
            return Self::Unnoticed;
        }
        match row.noticed_by(clause).map(|noticed| noticed.role) {
            None => Self::Nothing,
            Some(Role::Accused) => Self::Accused,
            Some(_) if row.alone.as_deref() == Some(clause) => Self::Alone,
            Some(Role::Broken) => Self::Noticed,
            Some(Role::Consequence) => Self::Consequence,
            Some(Role::Note) => Self::Note,
        }
    }

    pub(super) fn letter(self) -> char {
        match self {
            Self::Nothing => '.',
            Self::Noticed => 'x',
            Self::Alone => 'A',
            Self::Consequence => 'o',
            Self::Note => 'n',
            Self::Unnoticed => 'U',
            Self::Accused => 'W',
        }
    }

    pub(super) fn meaning(self) -> &'static str {
        match self {
            Self::Nothing => "",
            Self::Noticed => "noticed",
            Self::Alone => "noticed by this clause only",
            Self::Consequence => "a consequence",
            Self::Note => "noted",
            Self::Unnoticed => "UNNOTICED",
            Self::Accused => "WRONGLY ACCUSED",
        }
    }
}
