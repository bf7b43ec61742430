// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Prints results as text or as JSON.

use clap::ValueEnum;
use reglist_suite::report::control;
use serde::Serialize;

use crate::system::output::{PrintError, print};

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    Text,
    Json,
}

impl Format {
    /// Prints `document`, or its `text`.
    pub(super) fn print(self, document: &impl Serialize, text: impl FnOnce() -> String) -> Result<(), PrintError> {
        match self {
            Self::Text => print(&text()),
            Self::Json => print_json(document),
        }
    }
}

pub(super) fn print_json(document: &impl Serialize) -> Result<(), PrintError> {
    let json = serde_json::to_string_pretty(document).map_err(|error| PrintError(error.into()))?;
    print(&(control::escaped(&json) + "\n"))
}
