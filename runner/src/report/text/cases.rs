// SPDX-License-Identifier: Apache-2.0 OR MIT
//! One line per case.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use console::Style;
use reglist_suite::report::events::{CaseFinished, RunStarted};

use crate::record::Record;
use crate::report::state::State;
use crate::report::words::milliseconds;

/// Writes a line per planned case: id, outcome, number of tested ioctls, time.
pub(super) fn write(text: &mut String, record: &Record, started: &RunStarted) {
    let ended: BTreeMap<&str, &CaseFinished> = record.ended().map(|case| (case.case.as_str(), case)).collect();
    let width = started.plan.iter().map(String::len).max().unwrap_or_default();
    let _ = writeln!(text, "\n{:width$}  {:<7}  {:>7}  {:>11}", "case", "outcome", "ioctls", "time");
    for case in &started.plan {
        let ended = ended.get(case.as_str());
        let state = ended.map_or(State::Missing, |ended| ended.outcome.into());
        let style = match state {
            State::Pass => Style::new().green(),
            State::Skip => Style::new().yellow(),
            State::Fail | State::Error | State::Missing => Style::new().red().bold(),
        };
        let _ = write!(text, "{case:width$}  {}", style.apply_to(format!("{:<7}", state.words().alone)));
        if let Some(ended) = ended {
            let _ = write!(text, "  {:>7}  {:>11}", ended.ioctls, milliseconds(ended.duration_us));
        }
        text.push('\n');
    }
}
