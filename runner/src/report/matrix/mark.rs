// SPDX-License-Identifier: Apache-2.0 OR MIT
//! What stands where the row of a fault and the column of a clause meet.

use super::fault::{FaultRow, Role};

/// What a clause says of a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    Nothing,
    /// The clause is broken, and so it says.
    Noticed,
    /// The same, and no other clause noticed the fault.
    Alone,
    /// The clause is broken by what the fault broke.
    Consequence,
    Note,
    /// The clause is broken, and it says nothing or not the right thing.
    Unnoticed,
    /// The clause is not broken, and it says that it is.
    Accused,
}

/// Every mark that means something, in the order of the legend.
pub(super) const MARKS: [Mark; 6] =
    [Mark::Noticed, Mark::Alone, Mark::Consequence, Mark::Note, Mark::Unnoticed, Mark::Accused];

impl Mark {
    /// What stands in a row and a column.
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

    /// One character that needs no colour.
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
            Self::Alone => "noticed by this clause alone",
            Self::Consequence => "a consequence",
            Self::Note => "noted",
            Self::Unnoticed => "UNNOTICED",
            Self::Accused => "WRONGLY ACCUSED",
        }
    }
}
