// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Findings and states in words that every report here uses.

use std::fmt::Write as _;

use reglist_suite::report::events::Finding;

use super::compare::State;

/// What a finding is about, beside its clause: ioctl, register, entries.
pub(crate) fn subject(finding: &Finding) -> String {
    let register = finding.register.as_ref().map(|register| format!("{} ({:#018x})", register.name, register.id));
    parts(finding, register)
}

/// The same without the register, for where it is known.
pub(crate) fn subject_beside_register(finding: &Finding) -> String {
    parts(finding, None)
}

fn parts(finding: &Finding, register: Option<String>) -> String {
    let mut parts: Vec<String> = finding.ioctl.iter().cloned().chain(register).collect();
    if let Some(after) = &finding.after {
        parts.push(format!("after {}", after.name));
    }
    match (finding.entry, finding.last_entry) {
        (Some(first), Some(last)) => parts.push(format!("entries {first} to {last}")),
        (Some(entry), None) => parts.push(format!("entry {entry}")),
        _ => {}
    }
    parts.join(", ")
}

/// What a finding says.
pub(crate) fn observed(finding: &Finding) -> String {
    if finding.expected.is_empty() {
        finding.observed.clone()
    } else {
        format!("expected {}, observed {}", finding.expected, finding.observed)
    }
}

/// A whole finding.
pub(crate) fn finding(finding: &Finding) -> String {
    let mut words = finding.clause.clone();
    let subject = subject(finding);
    if !subject.is_empty() {
        let _ = write!(words, ", {subject}");
    }
    format!("{words}: {}", observed(finding))
}

/// How a case stood.
pub(crate) fn was(state: State) -> &'static str {
    match state {
        State::Pass => "passed",
        State::Fail => "failed",
        State::Skip => "was skipped",
        State::Error => "was in error",
        State::Missing => "was missing",
    }
}

/// How a case stands.
pub(crate) fn is(state: State) -> &'static str {
    match state {
        State::Pass => "passes",
        State::Fail => "fails",
        State::Skip => "is skipped",
        State::Error => "is in error",
        State::Missing => "is missing",
    }
}

/// The place of a fact: a configuration, or one of several runs, whose words
/// name the configuration.
pub(super) fn place(configuration: &str, run: Option<&str>) -> String {
    run.unwrap_or(configuration).to_owned()
}

/// A number of things.
pub(crate) fn count(number: usize, thing: &str) -> String {
    format!("{number} {thing}{}", if number == 1 { "" } else { "s" })
}

/// Foreign words without what a terminal would obey.
pub(crate) fn plain(words: &str) -> String {
    let words: String =
        words.chars().map(|c| if c.is_control() && !c.is_whitespace() { '\u{fffd}' } else { c }).collect();
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}
