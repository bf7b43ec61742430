// SPDX-License-Identifier: Apache-2.0 OR MIT
//! How much is told.

/// How much is told, beside files and errors.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Verbosity {
    /// What failed, and the verdict.
    Quiet,
    /// What decides, and what is to be known.
    #[default]
    Normal,
    /// Every case, and what is done meanwhile.
    Verbose,
}

impl Verbosity {
    /// What was asked for on the command line.
    pub(crate) fn of(quiet: bool, verbose: bool) -> Self {
        match (quiet, verbose) {
            (_, true) => Self::Verbose,
            (true, false) => Self::Quiet,
            (false, false) => Self::Normal,
        }
    }

    /// Whether details are wanted.
    pub(crate) fn is_verbose(self) -> bool {
        self == Self::Verbose
    }

    /// Whether nothing but what failed is wanted.
    pub(crate) fn is_quiet(self) -> bool {
        self == Self::Quiet
    }
}
