// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Marks of cells: a sign, words, a colour.

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) sign: char,
    /// Its class in the stylesheet.
    pub(super) class: &'static str,
    pub(super) word: &'static str,
    pub(super) meaning: &'static str,
    /// Link to details.
    pub(super) link: Option<String>,
}

/// Whether a register is in a configuration's list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Listing {
    Listed,
    Missing,
    Unexpected,
    /// New and allowed.
    New,
    /// Correctly not listed.
    Absent,
    Unknown,
}

impl Listing {
    /// In the order of the legend.
    pub(super) const ALL: [Self; 6] =
        [Self::Listed, Self::Missing, Self::Unexpected, Self::New, Self::Absent, Self::Unknown];

    pub(super) fn is_wrong(self) -> bool {
        matches!(self, Self::Missing | Self::Unexpected)
    }

    pub(super) fn mark(self, link: Option<String>) -> Mark {
        let (sign, class, word, meaning) = match self {
            Self::Listed => ('L', "good", "listed", "listed"),
            Self::Missing => ('M', "bad", "missing", "missing"),
            Self::Unexpected => ('U', "bad", "unexpected", "unexpected: listed, but not expected"),
            Self::New => ('N', "new", "new", "new: not in the series, but allowed"),
            Self::Absent => ('\u{2013}', "none", "not listed", "not listed, as expected"),
            Self::Unknown => ('?', "open", "list not tested", "list not tested"),
        };
        Mark { sign, class, word, meaning, link }
    }
}

/// Result of a register's round trip: GET, SET, save and restore.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Trip {
    Passed,
    Failed,
    Warned,
    NotTried,
}

impl Trip {
    /// In the order of the legend.
    pub(super) const ALL: [Self; 4] = [Self::Passed, Self::Failed, Self::Warned, Self::NotTried];

    pub(super) fn mark(self, link: Option<String>) -> Mark {
        let (sign, class, meaning) = match self {
            Self::Passed => ('\u{2713}', "yes", "round trip passed"),
            Self::Failed => ('\u{2717}', "bad", "round trip failed"),
            Self::Warned => ('!', "warn", "round trip with a warning"),
            Self::NotTried => ('\u{b7}', "none", "round trip not tested"),
        };
        Mark { sign, class, word: meaning, meaning, link }
    }
}
