// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The effect of `--quiet` and `--verbose`.

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Verbosity {
    Quiet,
    #[default]
    Normal,
    Verbose,
}

impl Verbosity {
    pub(crate) fn of(quiet: bool, verbose: bool) -> Self {
        match (quiet, verbose) {
            (_, true) => Self::Verbose,
            (true, false) => Self::Quiet,
            (false, false) => Self::Normal,
        }
    }

    pub(crate) fn is_verbose(self) -> bool {
        self == Self::Verbose
    }

    pub(crate) fn is_quiet(self) -> bool {
        self == Self::Quiet
    }
}
