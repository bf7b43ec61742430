// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The reasons of skips and errors, each once.

use std::collections::HashMap;
use std::fmt::Write as _;

use console::Style;
use indexmap::IndexSet;
use reglist_suite::report::events::{Outcome, RunStarted};

use crate::record::Record;
use crate::report::id::{by_key, configuration};
use crate::report::paragraph::{hanging, labelled};

/// Maximum reasons of each kind; the rest is counted.
const SHOWN: usize = 12;

pub(super) fn write(text: &mut String, record: &Record, started: &RunStarted) {
    for (outcome, word, style) in
        [(Outcome::Error, "error", Style::new().red().bold()), (Outcome::Skip, "skipped", Style::new().yellow())]
    {
        let cases = record.ended().filter(|case| case.outcome == outcome);
        let reasons =
            by_key(cases.map(|case| (case.reason.as_deref().unwrap_or("no reason given"), case.case.as_str())));
        for (reason, cases) in reasons.iter().take(SHOWN) {
            text.push('\n');
            for (number, line) in reason.lines().enumerate() {
                let head = if number == 0 { format!("{}: ", style.apply_to(word)) } else { String::new() };
                hanging(text, &format!("{head}{line}"));
            }
            affected(text, cases, started);
        }
        if reasons.len() > SHOWN {
            let _ = writeln!(text, "\n{word}: {} more reasons", reasons.len() - SHOWN);
        }
    }
}

/// Writes complete configurations, then single cases.
fn affected(text: &mut String, cases: &[&str], started: &RunStarted) {
    let planned = by_key(started.plan.iter().map(|case| (configuration(case), ())));
    let planned: HashMap<&str, usize> = planned.into_iter().map(|(name, cases)| (name, cases.len())).collect();
    let mut wholes = by_key(cases.iter().map(|case| (configuration(case), ())));
    wholes.retain(|(name, cases)| cases.len() > 1 && planned.get(name) == Some(&cases.len()));
    let wholes: IndexSet<&str> = wholes.into_iter().map(|(name, _)| name).collect();
    let single: Vec<&str> = cases.iter().copied().filter(|case| !wholes.contains(&configuration(case))).collect();
    if !wholes.is_empty() {
        labelled(text, "all cases of", &wholes.iter().copied().collect::<Vec<_>>().join(", "));
    }
    if !single.is_empty() {
        labelled(text, "cases", &single.join(", "));
    }
}
