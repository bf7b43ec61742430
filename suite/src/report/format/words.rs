// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Names and text that several formats share; no text ends a line.

use crate::report::control;
use crate::report::events::{CaseFinished, Finding, Outcome};

/// The suite's name in formats that have a place for one; part of the contract
/// with those who store results.
pub const SUITE: &str = "kvm_reglist";

/// Text on one line, without control characters and without a signal of LAVA, which
/// finds its signals in every format and anywhere in a line.
pub(super) fn plain(text: &str) -> String {
    control::plain(text).replace("<LAVA", "< LAVA")
}

/// An id as every format can hold it. The suite's own ids are such already.
pub(super) fn word(id: &str) -> String {
    let fits = |character: char| character.is_ascii_alphanumeric() || matches!(character, '.' | '_' | '-');
    id.chars().map(|character| if fits(character) { character } else { '_' }).collect()
}

/// The lines that a case has beside its outcome: its reason, then `finding` of
/// each finding.
pub(super) fn details(case: &CaseFinished, finding: impl Fn(&Finding) -> String) -> Vec<String> {
    let kind = match case.outcome {
        Outcome::Skip => "skip: ",
        Outcome::Error => "error: ",
        Outcome::Pass | Outcome::Fail => "",
    };
    let reason = case.reason.iter().flat_map(|reason| reason.lines()).map(|line| plain(&format!("{kind}{line}")));
    reason.chain(case.findings.iter().map(|found| plain(&finding(found)))).collect()
}

/// The same with sentences.
pub(super) fn sentences(case: &CaseFinished) -> Vec<String> {
    details(case, ToString::to_string)
}
