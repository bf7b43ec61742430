// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The vocabulary of every report.

use std::fmt::Write as _;

use reglist_suite::report::events::{Finding, RunStarted, SubjectKind};
use reglist_suite::spec::clause::Level;

use super::state::State;
use crate::record::known::Entry;

/// The subject of a finding: ioctl, register, entries.
pub(crate) fn subject(finding: &Finding) -> String {
    let register = finding.register.as_ref().map(|register| format!("{} ({:#018x})", register.name, register.id));
    subject_with(finding, register)
}

pub(crate) fn subject_with(finding: &Finding, register: Option<String>) -> String {
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

pub(crate) fn observed(finding: &Finding) -> String {
    if finding.expected.is_empty() {
        finding.observed.clone()
    } else {
        format!("expected {}, observed {}", finding.expected, finding.observed)
    }
}

pub(crate) fn finding(finding: &Finding) -> String {
    let subject = subject(finding);
    let comma = if subject.is_empty() { "" } else { ", " };
    format!("{}{comma}{subject}: {}", finding.clause, observed(finding))
}

/// A finding that does not fail its case.
pub(crate) fn warning_or_note(level: Level) -> &'static str {
    if level == Level::Note { "note" } else { "warning" }
}

/// The words for a state.
pub(crate) struct StateWords {
    pub(crate) alone: &'static str,
    /// After a number: "3 failed".
    pub(crate) ended: &'static str,
    /// After a case in an older run, and in a newer run.
    pub(crate) was: &'static str,
    pub(crate) is: &'static str,
}

impl State {
    pub(crate) fn words(self) -> StateWords {
        let (alone, ended, was, is) = match self {
            Self::Pass => ("pass", "passed", "passed", "passes"),
            Self::Fail => ("fail", "failed", "failed", "fails"),
            Self::Skip => ("skip", "skipped", "was skipped", "is skipped"),
            Self::Error => ("error", "in error", "was in error", "is in error"),
            Self::Missing => ("missing", "missing", "was missing", "is missing"),
        };
        StateWords { alone, ended, was, is }
    }
}

/// In the first and the last line of a run on the model.
pub(crate) const UNTESTED: &str = "model: no kernel was tested";

/// The end of a verdict on the model.
pub(crate) fn untested(subject: SubjectKind) -> String {
    if subject == SubjectKind::Model { format!("; {UNTESTED}") } else { String::new() }
}

/// The release without build details.
pub(crate) fn release(started: &RunStarted) -> &str {
    started.kernel.split_whitespace().next().unwrap_or("of an unknown release")
}

/// A number of things, such as "1 case", "2 passes" or "3 entries".
pub(crate) fn count(number: usize, thing: &str) -> String {
    match thing.strip_suffix('y') {
        _ if number == 1 => format!("1 {thing}"),
        Some(stem) => format!("{number} {stem}ies"),
        None if thing.ends_with('s') => format!("{number} {thing}es"),
        None => format!("{number} {thing}s"),
    }
}

/// A sentence for each expired or unmatched entry of expected failures.
pub(crate) fn useless_entries(file: &str, expired: &[Entry], unmatched: &[Entry]) -> Vec<String> {
    let sentence = |entry: &Entry, why: &str| format!("{file}:{}: the entry for {} {why}", entry.line, entry.case);
    let expired = expired.iter().map(|entry| sentence(entry, &format!("expired: {entry}")));
    expired.chain(unmatched.iter().map(|entry| sentence(entry, &format!("matches no case: {entry}")))).collect()
}

/// The first `most` names and the number of the rest.
pub(crate) fn some<S: AsRef<str>>(names: &[S], most: usize) -> String {
    let mut shown: Vec<&str> = names.iter().take(most).map(AsRef::as_ref).collect();
    let more = format!("{} more", names.len().saturating_sub(most));
    if names.len() > most {
        shown.push(&more);
    }
    shown.join(", ")
}

pub(crate) fn milliseconds(microseconds: u64) -> String {
    format!("{:.1} ms", microseconds as f64 / 1e3)
}

/// Foreign text in one line, without control characters.
pub(crate) fn plain(text: &str) -> String {
    text.split_whitespace().map(|word| word.chars().map(shown).collect()).collect::<Vec<String>>().join(" ")
}

/// The first `most` characters of foreign text, with line ends and without other
/// control characters.
pub(crate) fn cut(text: &str, most: usize) -> String {
    let mut plain: String = text.chars().take(most).map(shown).collect();
    let more = text.chars().skip(most).count();
    if more > 0 {
        let _ = write!(plain, " ... ({more} more characters)");
    }
    plain
}

/// Replaces control characters and direction marks.
fn shown(character: char) -> char {
    let is_mark = matches!(
        character,
        '\u{061c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
    );
    let is_noncharacter = u32::from(character) & 0xfffe == 0xfffe || matches!(character, '\u{fdd0}'..='\u{fdef}');
    match character {
        '\n' => character,
        '\t' => ' ',
        _ if character.is_control() || is_mark || is_noncharacter => '\u{fffd}',
        _ => character,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn things_are_counted() {
        let words = [(1, "case"), (2, "case"), (0, "entry"), (2, "unexpected pass")]
            .map(|(number, thing)| count(number, thing));
        assert_eq!(words, ["1 case", "2 cases", "0 entries", "2 unexpected passes"]);
    }

    #[test]
    fn foreign_characters_are_replaced() {
        assert_eq!(cut("a\u{202e}b\u{0}c\td\ne", 99), "a\u{fffd}b\u{fffd}c d\ne");
        assert_eq!(cut("\u{5d0}\u{645}", 99), "\u{5d0}\u{645}");
        assert_eq!(cut("abcdef", 4), "abcd ... (2 more characters)");
        assert_eq!(plain("a\u{1b}[1m\n b\u{202e}"), "a\u{fffd}[1m b\u{fffd}");
    }
}
