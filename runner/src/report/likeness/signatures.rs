// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Makes the signatures of the faults, and counts how often they are recognised.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use super::faults;
use super::guess::Guess;
use super::traits::{self, Traits};

use crate::record::runs::Runs;

/// For the test of the signatures: those of the runs of `--fault all` in these events as JSON, and for each fault
/// that fails a case whether it is among the guesses at its findings.
#[doc(hidden)]
#[must_use]
pub fn signatures(events: &str) -> (String, BTreeMap<String, bool>) {
    let mut all: BTreeMap<String, Traits> = BTreeMap::new();
    let mut guessed = BTreeMap::new();
    for run in split(events) {
        let record = run.current();
        let Some(fault) = record.started.as_ref().and_then(|started| started.fault.clone()) else { continue };
        let traits = traits::of(record);
        if traits.is_empty() {
            continue;
        }
        let is_it = |guess: &Guess| matches!(guess, Guess::Fault { name, .. } if *name == fault);
        *guessed.entry(fault.clone()).or_default() |= faults::guesses(record).iter().any(is_it);
        let merged = all.entry(fault).or_default();
        for (clause, traits) in traits {
            merged.entry(clause).or_default().extend(traits);
        }
    }
    (text(&all), guessed)
}

fn split(events: &str) -> Vec<Runs> {
    let mut runs: Vec<Runs> = Vec::new();
    for line in events.lines() {
        if line.contains(r#""event":"run_started""#) {
            runs.push(Runs::default());
        }
        if let Some(run) = runs.last_mut() {
            run.take(line);
        }
    }
    runs
}

/// One line for each fault and clause.
fn text(all: &BTreeMap<String, Traits>) -> String {
    let clause = |(clause, traits): (&String, &BTreeSet<String>)| format!("  {}: {}", json!(clause), json!(traits));
    let fault = |(fault, traits): (&String, &Traits)| {
        format!("{}: {{\n{}\n}}", json!(fault), traits.iter().map(clause).collect::<Vec<_>>().join(",\n"))
    };
    format!("{{\n{}\n}}\n", all.iter().map(fault).collect::<Vec<_>>().join(",\n"))
}
