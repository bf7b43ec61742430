// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The cells of the matrix.

use console::Style;

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

    /// Its letter, meaning and style.
    pub(super) fn look(self) -> (char, &'static str, Style) {
        match self {
            Self::Nothing => ('.', "", Style::new().dim()),
            Self::Noticed => ('x', "noticed", Style::new().green()),
            Self::Alone => ('A', "noticed by this clause only", Style::new().green().bold()),
            Self::Consequence => ('o', "a consequence", Style::new()),
            Self::Note => ('n', "noted", Style::new().cyan()),
            Self::Unnoticed => ('U', "UNNOTICED", Style::new().red().bold()),
            Self::Accused => ('W', "WRONGLY ACCUSED", Style::new().red().bold()),
        }
    }
}
