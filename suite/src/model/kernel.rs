// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The kernel versions that the model can follow.

use clap::ValueEnum as _;

/// The kernel that the model is like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Kernel {
    /// Linux 7.2
    #[value(name = "7.2")]
    V7_2,
    /// Linux 6.12
    #[value(name = "6.12")]
    V6_12,
}

impl Kernel {
    /// Its version, as `--model-kernel` takes it.
    pub fn version(self) -> String {
        self.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
    }
}
