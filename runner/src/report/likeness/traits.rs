// SPDX-License-Identifier: Apache-2.0 OR MIT
//! What findings have in common with those of another run: clause, check, words without
//! numbers and names, and registers.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::LazyLock;

use reglist_suite::arch;
use reglist_suite::report::events::{CaseFinished, Finding, Outcome};
use reglist_suite::spec::clause::Level;
use reglist_suite::spec::{Source, Spec};

use crate::record::Record;
use crate::report::groups::pattern;
use crate::report::id::{check, theme};

/// Traits by clause.
pub(super) type Traits = BTreeMap<String, BTreeSet<String>>;

/// A run with more findings looks like no fault.
const MOST: usize = 100_000;
/// The theme of the checks with other threads.
const BUSY: &str = "busy";
/// In place of a clause for cases in error.
const IN_ERROR: &str = "in error";

/// The traits of a run's failures and warnings.
pub(super) fn of(record: &Record) -> Traits {
    let mut traits = Traits::new();
    let findings = record.ended().flat_map(|case| case.findings.iter().map(move |finding| (case, finding)));
    let told = findings.filter(|(_, finding)| finding.level != Level::Note);
    for (number, (case, finding)) in told.enumerate() {
        if number == MOST {
            return Traits::new();
        }
        traits.entry(finding.clause.clone()).or_default().extend(of_finding(case, finding));
    }
    for case in record.ended().filter(|case| case.outcome == Outcome::Error) {
        traits.entry(IN_ERROR.to_owned()).or_default().insert(check(&case.case).to_owned());
    }
    traits
}

fn of_finding(case: &CaseFinished, finding: &Finding) -> impl Iterator<Item = String> {
    let words = [&finding.expected, &finding.observed].map(|words| nameless(&pattern(words, finding)));
    let call = [&finding.ioctl, &finding.errno].map(|part| part.as_deref().unwrap_or("-"));
    let [expected, observed] = words;
    let said = format!("{} {}: {expected}; {observed}", call[0], call[1]);
    // Chance decides which registers other threads change.
    let register = finding.register.as_ref().filter(|_| theme(&case.case) != BUSY);
    let register = register.map(|register| register.name.clone());
    [check(&case.case).to_owned(), said].into_iter().chain(register)
}

/// A text without names of registers.
fn nameless(text: &str) -> String {
    static NAMES: LazyLock<HashSet<String>> = LazyLock::new(names);
    let mut nameless = String::new();
    let mut rest = text;
    while !rest.is_empty() {
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '#';
        let end = rest.find(|c| !is_name(c)).unwrap_or(rest.len());
        let (word, more) = rest.split_at(end);
        nameless.push_str(if NAMES.contains(word) { "*" } else { word });
        let end = more.find(is_name).unwrap_or(more.len());
        let (between, more) = more.split_at(end);
        nameless.push_str(between);
        rest = more;
    }
    nameless
}

/// The names of all registers as [`pattern`] leaves them.
fn names() -> HashSet<String> {
    let specs =
        arch::ALL.into_iter().filter_map(|arch| Spec::load(&Source::Embedded, arch, arch.default_series()).ok());
    let names = specs.flat_map(|spec| spec.registers.all().to_vec()).map(|register| register.name);
    names.map(|name| pattern_of(&name)).collect()
}

fn pattern_of(name: &str) -> String {
    pattern(name, &Finding::new("", Level::Note, String::new(), String::new()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_keep_errnos_and_lose_names_and_numbers() {
        let text = "0x5 as before SET of CPUCFG20, not EFAULT; ERA";
        assert_eq!(nameless(&pattern_of(text)), "# as before SET of *, not EFAULT; *");
    }
}
