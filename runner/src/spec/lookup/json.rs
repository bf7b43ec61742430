// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Descriptions for programs.

use std::io;

use reglist_suite::report::describe::Description;
use serde::Serialize;

use super::overview::Overview;

/// Version of the format; a program that reads it should refuse a newer one.
const FORMAT: u32 = 1;

#[derive(Serialize)]
struct Shown<'d> {
    format: u32,
    shown: &'d [Description],
}

#[derive(Serialize)]
struct There<'o> {
    format: u32,
    there_is: &'o Overview,
}

/// Everything that was asked for, with its details.
///
/// # Errors
/// Where serde_json cannot serialize it, which no description can cause.
pub(super) fn json(shown: &[Description]) -> io::Result<String> {
    Ok(serde_json::to_string_pretty(&Shown { format: FORMAT, shown })? + "\n")
}

/// What there is to show.
///
/// # Errors
/// As [`json`].
pub(super) fn overview(overview: &Overview) -> io::Result<String> {
    Ok(serde_json::to_string_pretty(&There { format: FORMAT, there_is: overview })? + "\n")
}
