// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The matrix as a JSON document, for programs. Members are only ever added;
//! what changes the meaning of one raises [`FORMAT`].

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
    /// [`FORMAT`].
    format: u32,
    suite: &'m str,
    /// What was tested: `kvm` or `model`.
    subject: SubjectKind,
    /// Architecture of the register list, as `uname -m` spells it.
    architecture: &'m str,
    /// Kernel release and version, as `uname -rv` prints them.
    kernel: &'m str,
    /// CPU model; empty where the kernel does not tell.
    cpu: &'m str,
    /// The revision of the expected list.
    series: &'m str,
    /// Where random orders began.
    seed: u64,
    /// Whether a broken `should` clause fails a case.
    strict: bool,
    /// Whether the run came to its end; if not, the verdict is only of what there is.
    complete: bool,
    /// `all_noticed`, `not_all_noticed` or `nothing_tried`.
    verdict: Verdict,
    /// Number of faults by what came of them.
    totals: Totals,
    /// Sum of all cases' wall times in microseconds.
    duration_us: u64,
    /// The rounds without a fault, which the others are compared with.
    right: &'m [RightRound],
    /// The clauses, in the catalogue's order.
    clauses: &'m [ClauseColumn],
    /// The faults, in the order in which they are tried.
    faults: &'m [FaultRow],
}

/// The document's text.
///
/// # Errors
/// Where serde_json cannot serialize it, which no matrix can cause.
pub(super) fn text(matrix: &Matrix) -> serde_json::Result<String> {
    Ok(serde_json::to_string_pretty(&Document::of(matrix))? + "\n")
}

impl<'m> Document<'m> {
    fn of(matrix: &'m Matrix) -> Self {
        let started = &matrix.started;
        Self {
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
        }
    }
}
