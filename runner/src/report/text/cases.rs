// SPDX-License-Identifier: Apache-2.0 OR MIT
//! One line for each case.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use console::Style;
use reglist_suite::report::events::{CaseFinished, Outcome, RunStarted};

use crate::record::Record;

/// Writes a line for each case of the plan: id, outcome, ioctls under test, time.
pub(super) fn write(text: &mut String, record: &Record, started: &RunStarted) {
    let ended: BTreeMap<&str, &CaseFinished> = record.ended.iter().map(|case| (case.case.as_str(), case)).collect();
    let width = started.plan.iter().map(String::len).max().unwrap_or_default();
    let _ = writeln!(text, "\n{:width$}  {:<7}  {:>7}  {:>11}", "case", "outcome", "ioctls", "time");
    for case in &started.plan {
        let Some(case) = ended.get(case.as_str()) else {
            let _ = writeln!(text, "{case:width$}  {}", Style::new().red().bold().apply_to("missing"));
            continue;
        };
        let (word, style) = outcome(case.outcome);
        let _ = writeln!(
            text,
            "{:width$}  {}  {:>7}  {:>8.1} ms",
            case.case,
            style.apply_to(format!("{word:<7}")),
            case.ioctls,
            case.duration_us as f64 / 1e3,
        );
    }
}

fn outcome(outcome: Outcome) -> (&'static str, Style) {
    match outcome {
        Outcome::Pass => ("pass", Style::new().green()),
        Outcome::Fail => ("fail", Style::new().red().bold()),
        Outcome::Skip => ("skip", Style::new().yellow()),
        Outcome::Error => ("error", Style::new().red().bold()),
    }
}
