// SPDX-License-Identifier: Apache-2.0 OR MIT
//! When to use colours.

use clap::ValueEnum;
use reglist_suite::harness::options::ColorSetting;

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    Auto,
    Always,
    Never,
}

impl Color {
    pub(super) fn apply(self) {
        match self {
            Self::Auto => {}
            Self::Always => console::set_colors_enabled(true),
            Self::Never => console::set_colors_enabled(false),
        }
    }

    pub(super) fn of_libtest(self) -> Option<ColorSetting> {
        match self {
            Self::Auto => None,
            Self::Always => Some(ColorSetting::Always),
            Self::Never => Some(ColorSetting::Never),
        }
    }
}
