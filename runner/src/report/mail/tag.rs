// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The line `Tested-by:` for a kernel on which every case passed.

use reglist_suite::report::events::{RunStarted, SubjectKind};

use super::ascii;
use super::block::Block;
use super::tested::architecture;
use crate::record::Record;
use crate::record::verdict::{Conclusion, Kind};
use crate::report::words::count;

/// The line, for the user to fill in. None for the model, for a kernel with a fault, for a
/// log that does not say what was tested, and unless all cases that ran have passed.
pub(super) fn blocks(record: &Record, started: &RunStarted, conclusion: &Conclusion) -> Vec<Block> {
    let totals = record.totals();
    let is_known = started.suite != RunStarted::unknown().suite;
    let is_kernel = started.subject == SubjectKind::Kvm && started.fault.is_none() && is_known;
    let is_good = conclusion.kind == Kind::Passed && totals.fail + totals.error + record.missing_count() == 0;
    if !is_kernel || !is_good {
        return Vec::new();
    }
    let skipped = if totals.skip == 0 { String::new() } else { format!(" ({} skipped)", totals.skip) };
    let parts = [format!("reglist {}", started.suite), count(totals.pass, "case") + &skipped, machine(started)];
    let words = ascii::escaped(&parts.join(", "));
    let heading = "A tag for the patch; put in your name and address".to_owned();
    vec![Block::Heading(heading), Block::Tag(format!("Tested-by: NAME <ADDRESS> # {words}"))]
}

fn machine(started: &RunStarted) -> String {
    let architecture = architecture(started);
    match started.machine().map(|machine| machine.split_once(", ").unwrap_or((machine, ""))) {
        Some((emulator, rest)) => {
            let emulator = emulator.split_whitespace().next().unwrap_or_default();
            let rest = if rest.is_empty() { String::new() } else { format!(", {rest}") };
            format!("emulated {architecture} ({emulator}){rest}")
        }
        None if started.cpu.is_empty() => architecture.to_owned(),
        None => started.cpu.clone(),
    }
}
