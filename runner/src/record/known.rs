// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Expected failures, from a YAML file with reasons, links and expiry dates.
//!
//! An expected failure does not fail the run. An unexpected pass does, because
//! its entry would hide the next failure.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use reglist_suite::report::events::{Outcome, Totals, Verdict};
use reglist_suite::report::record::Record;
use serde::{Deserialize, Serialize};

use crate::system::date::Date;

/// Maximum size of the file in bytes.
const LARGEST: u64 = 1 << 20;
/// Maximum entries: ten times the cases of a run.
const MOST: usize = 4096;
/// Maximum `{` and `[`: libyaml needs quadratic time for nested ones.
const MOST_BRACKETS: usize = 4 * MOST;
/// Maximum cases whose line is searched in vain.
const MOST_MISSED: usize = 16;
/// Matches every configuration.
const ANY: &str = "*.";

#[derive(Debug, thiserror::Error)]
pub(crate) enum KnownError {
    #[error("failed to read the expected failures `{}`\n[name a readable YAML file]", path.display())]
    Unreadable { path: PathBuf, source: io::Error },
    #[error("`{}` is larger than {LARGEST} bytes\n[name a YAML file of expected failures]", path.display())]
    TooLarge { path: PathBuf },
    #[error("`{}` is not a regular file\n[name a YAML file of expected failures]", path.display())]
    Special { path: PathBuf },
    #[error("`{}` has more than {MOST} entries\n[write `*.theme.name` for every configuration]", path.display())]
    TooMany { path: PathBuf },
    #[error("`{}` has more than {MOST_BRACKETS} brackets\n[write each key on a line of its own, without `{{` and `[`]", path.display())]
    Brackets { path: PathBuf },
    #[error("{}:{line}: {problem}\n[write a list of entries with the keys `case` and `reason`, and optionally `link` and `expires`]", path.display())]
    Form { path: PathBuf, line: usize, problem: serde_yaml::Error },
    #[error("{}:{line}: key `case`: `{case}` is not a case id\n[write an id that `--list` prints, or `*.theme.name` for every configuration]", path.display())]
    Case { path: PathBuf, line: usize, case: String },
    #[error("{}:{line}: key `case`: duplicate of `{case}` in line {first}\n[remove one of the two entries]", path.display())]
    Twice { path: PathBuf, line: usize, case: String, first: usize },
    #[error("{}:{line}: key `reason`: `{case}` has no reason\n[write why the case fails]", path.display())]
    NoReason { path: PathBuf, line: usize, case: String },
    #[error("{}:{line}: key `expires`: `{date}` is not a date\n[write the entry's last day as YYYY-MM-DD]", path.display())]
    Date { path: PathBuf, line: usize, date: String },
    #[error(
        "--known and `--fault all` exclude each other: with a fault, cases must fail\n[remove one of the two options]"
    )]
    WithEveryFault,
}

/// One expected failure.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub(crate) struct Entry {
    /// Case id, or `*.theme.name` for every configuration.
    pub(crate) case: String,
    pub(crate) reason: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) link: Option<String>,
    /// Last day of the entry.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) expires: Option<Date>,
    /// Line of the file, from 1.
    pub(crate) line: usize,
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)?;
        if let Some(link) = &self.link {
            write!(f, ", {link}")?;
        }
        match &self.expires {
            Some(date) => write!(f, ", until {date}"),
            None => Ok(()),
        }
    }
}

/// The expected failures of a file, on a given day.
#[derive(Debug, Default)]
pub(crate) struct Known {
    /// The file's name for messages.
    pub(crate) file: String,
    entries: Vec<Entry>,
    pub(crate) expired: Vec<Entry>,
    /// Index into `entries` by case.
    places: HashMap<String, usize>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    case: String,
    reason: String,
    link: Option<String>,
    expires: Option<String>,
}

impl Known {
    /// Reads a file. Entries that expired before `today` have no effect.
    pub(crate) fn read(path: &Path, today: Date) -> Result<Self, KnownError> {
        let mut text = String::new();
        // To open a FIFO waits for its writer.
        let special = path.metadata().is_ok_and(|there| !there.is_file() && !there.is_dir());
        if special {
            return Err(KnownError::Special { path: path.to_owned() });
        }
        let file = File::open(path).and_then(|file| file.take(LARGEST + 1).read_to_string(&mut text));
        match file {
            Err(source) => Err(KnownError::Unreadable { path: path.to_owned(), source }),
            Ok(length) if length as u64 > LARGEST => Err(KnownError::TooLarge { path: path.to_owned() }),
            Ok(_) => Self::from_text(path, &text, today),
        }
    }

    pub(crate) fn from_text(path: &Path, text: &str, today: Date) -> Result<Self, KnownError> {
        let path = || path.to_owned();
        if text.bytes().filter(|byte| matches!(byte, b'{' | b'[')).count() > MOST_BRACKETS {
            return Err(KnownError::Brackets { path: path() });
        }
        // A file without entries is valid.
        let written: Option<Vec<Written>> = serde_yaml::from_str(text).map_err(|problem| {
            let last = text.lines().count().max(1);
            let line = problem.location().map_or(1, |location| location.line().clamp(1, last));
            KnownError::Form { path: path(), line, problem }
        })?;
        let mut known = Self { file: path().display().to_string(), ..Self::default() };
        let mut lines: HashMap<String, usize> = HashMap::new();
        let written = written.unwrap_or_default();
        if written.len() > MOST {
            return Err(KnownError::TooMany { path: path() });
        }
        let text: Vec<&str> = text.lines().collect();
        let (mut line, mut missed) = (1, 0);
        for Written { case, reason, link, expires } in written {
            let found = if missed < MOST_MISSED { line_of(&text, line, "case", &case) } else { None };
            match found {
                Some(found) => line = found,
                None => missed += 1,
            }
            if !is_case(&case) {
                return Err(KnownError::Case { path: path(), line, case });
            }
            if let Some(first) = lines.get(&case).copied() {
                // Both entries may be in the same line.
                let line = line_of(&text, first + 1, "case", &case).unwrap_or(line);
                return Err(KnownError::Twice { path: path(), line, case, first });
            }
            lines.insert(case.clone(), line);
            if reason.trim().is_empty() {
                return Err(KnownError::NoReason { path: path(), line, case });
            }
            let parse = |date: String| {
                Date::parse(&date).ok_or_else(|| {
                    let line = line_of(&text, line, "expires", &date).unwrap_or(line);
                    KnownError::Date { path: path(), line, date }
                })
            };
            let expires = expires.map(parse).transpose()?;
            let entry = Entry { case, reason, link, expires, line };
            if entry.expires.as_ref().is_some_and(|last| *last < today) {
                known.expired.push(entry);
            } else {
                known.places.insert(entry.case.clone(), known.entries.len());
                known.entries.push(entry);
            }
        }
        Ok(known)
    }

    /// The entry of a case; its own id has priority over `*`.
    pub(crate) fn entry(&self, case: &str) -> Option<&Entry> {
        let any = || self.places.get(&any_configuration(case)?);
        self.places.get(case).or_else(any).and_then(|place| self.entries.get(*place))
    }

    /// Active entries that match no case of a plan.
    pub(crate) fn unmatched<'k>(&'k self, plan: &[impl AsRef<str>]) -> Vec<&'k Entry> {
        let plan = plan.iter().map(AsRef::as_ref);
        let cases: HashSet<String> =
            plan.flat_map(|case| [Some(case.to_owned()), any_configuration(case)]).flatten().collect();
        self.entries.iter().filter(|entry| !cases.contains(&entry.case)).collect()
    }

    /// Compares a run with the expected failures.
    pub(crate) fn judge(&self, record: &Record) -> Judged {
        let mut judged = Judged { file: self.file.clone(), expired: self.expired.clone(), ..Judged::default() };
        for case in record.ended() {
            match (self.entry(&case.case), case.outcome) {
                // An error proves nothing about a clause, so no entry expects it.
                (Some(entry), Outcome::Fail) => judged.failing.push((case.case.clone(), entry.clone())),
                (Some(entry), Outcome::Pass) => judged.passing.push((case.case.clone(), entry.clone())),
                _ => {}
            }
        }
        if let Some(started) = &record.started {
            judged.unmatched = self.unmatched(&started.plan).into_iter().cloned().collect();
        }
        judged
    }
}

/// A case's id with a star for its configuration.
fn any_configuration(case: &str) -> Option<String> {
    case.split_once('.').map(|(_, check)| format!("{ANY}{check}"))
}

fn is_case(case: &str) -> bool {
    let is_part = |part: &str| {
        !part.is_empty() && part.bytes().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'_')
    };
    let check = case.strip_prefix(ANY);
    check.unwrap_or(case).split('.').all(is_part) && (check.is_some() || case.contains('.'))
}

/// The first line from `from` on with `key: value`. serde_yaml reports lines only
/// for malformed values.
fn line_of(text: &[&str], from: usize, key: &str, value: &str) -> Option<usize> {
    let is_there = |line: &str| {
        line.match_indices(key).any(|(at, _)| {
            let rest = line.get(at + key.len()..).unwrap_or_default().trim_start_matches(['"', '\'']);
            let rest = rest.strip_prefix(':').map(|rest| rest.trim_start().trim_start_matches(['"', '\'']));
            let after = rest.and_then(|rest| rest.strip_prefix(value));
            after.is_some_and(|after| after.is_empty() || after.starts_with([' ', ',', '}', '"', '\'', '\t']))
        })
    };
    let mut rest = (from..).zip(text.get(from - 1..)?);
    rest.find(|(_, line)| is_there(line)).map(|(number, _)| number)
}

/// A run compared with the expected failures.
#[derive(Debug, Default)]
pub(crate) struct Judged {
    /// The file of expected failures.
    pub(crate) file: String,
    /// Expected failures.
    pub(crate) failing: Vec<(String, Entry)>,
    /// Unexpected passes.
    pub(crate) passing: Vec<(String, Entry)>,
    pub(crate) expired: Vec<Entry>,
    /// Active entries that match no case of the plan.
    pub(crate) unmatched: Vec<Entry>,
}

impl Judged {
    /// Number of cases by outcome, without expected failures.
    pub(crate) fn totals(&self, totals: Totals) -> Totals {
        Totals { fail: totals.fail.saturating_sub(self.failing.len()), ..totals }
    }

    /// The verdict of a complete run, given the expected failures.
    pub(crate) fn verdict(&self, totals: Totals) -> Verdict {
        match self.totals(totals).verdict() {
            _ if !self.passing.is_empty() => Verdict::Failed,
            // An expected failure is a tested case.
            Verdict::NothingTested if !self.failing.is_empty() => Verdict::Passed,
            verdict => verdict,
        }
    }
}

#[cfg(test)]
mod tests;
