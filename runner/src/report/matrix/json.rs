// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The matrix as JSON. New versions only add members; a changed meaning increments
//! [`FORMAT`].

use reglist_suite::report::control;
use reglist_suite::report::events::SubjectKind;
use serde::Serialize;

use super::clause::ClauseColumn;
use super::data::Matrix;
use super::fault::FaultRow;
use super::rounds::RightRound;
use super::verdict::{Totals, Verdict};

/// Version of the document's format.
const FORMAT: u32 = 1;

#[derive(Debug, Serialize)]
struct Document<'m> {
    format: u32,
    suite: &'m str,
    /// `kvm` or `model`.
    subject: SubjectKind,
    /// As printed by `uname -m`.
    architecture: &'m str,
    /// As printed by `uname -rv`.
    kernel: &'m str,
    /// CPU model, or empty.
    cpu: &'m str,
    series: &'m str,
    seed: u64,
    strict: bool,
    /// Whether the run is complete; if not, the verdict is preliminary.
    complete: bool,
    /// `all_noticed`, `not_all_noticed` or `nothing_tried`.
    verdict: Verdict,
    totals: Totals,
    /// Sum of all cases' durations in microseconds.
    duration_us: u64,
    /// The rounds without a fault.
    right: &'m [RightRound],
    /// In the catalogue's order.
    clauses: &'m [ClauseColumn],
    /// In the order of the run.
    faults: &'m [FaultRow],
}

/// The document's text.
pub(super) fn text(matrix: &Matrix) -> serde_json::Result<String> {
    let started = &matrix.started;
    let document = Document {
        format: FORMAT,
        suite: &started.suite,
        subject: started.subject,
        architecture: &started.architecture,
        kernel: &started.kernel,
        cpu: &started.cpu,
        series: &started.series,
        seed: started.seed,
        strict: started.strict,
        complete: matrix.is_complete(),
        verdict: matrix.verdict(),
        totals: matrix.totals(),
        duration_us: matrix.duration_us,
        right: &matrix.right,
        clauses: &matrix.clauses,
        faults: &matrix.faults,
    };
    Ok(control::escaped(&serde_json::to_string_pretty(&document)?) + "\n")
}
