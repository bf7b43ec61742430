// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The kernel versions that the model can follow.

use clap::ValueEnum as _;

/// The kernel that the model is like; the order is that of the versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub enum Kernel {
    /// Linux 6.12
    #[value(name = "6.12")]
    V6_12,
    /// Linux 7.2
    #[value(name = "7.2")]
    V7_2,
    /// Linux 7.3
    #[value(name = "7.3")]
    V7_3,
}

impl Kernel {
    /// The model for a kernel (major, minor): of this version, else of the next
    /// later one, else the newest.
    pub fn closest(version: (u32, u32)) -> Self {
        match version {
            (..=5, _) | (6, ..=12) => Self::V6_12,
            (6, _) | (7, ..=2) => Self::V7_2,
            _ => Self::V7_3,
        }
    }

    /// Its version, as `--model-kernel` takes it.
    pub fn version(self) -> String {
        self.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
    }
}
