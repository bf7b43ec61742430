// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Failures that are known, from a file that says why, where to read more, and
//! until when. A known failure fails nothing; a case that is known to fail and
//! passes does, for the entry would hide the next failure.
//!
//! The only part of the program that reads YAML of the user's.

use std::collections::HashMap;
use std::fmt;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use reglist_suite::report::events::{Outcome, Totals, Verdict};
use reglist_suite::report::record::Record;
use serde::{Deserialize, Serialize, Serializer};

/// Bytes of a known file.
const LARGEST: u64 = 1 << 20;
const SECONDS_PER_DAY: u64 = 24 * 60 * 60;
/// Stands for every configuration.
const ANY: &str = "*.";

/// A known file that cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KnownError {
    /// It cannot be read.
    #[error("failed to read the known failures in `{}`\n[name a YAML file that can be read]", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// More than anybody would write.
    #[error("`{}` is larger than {LARGEST} bytes, which no file of known failures is\n[give the file with `case`, `reason`, `link` and `expires` of each]", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
    /// Not YAML, or not of the expected form.
    #[error("{}:{line}: {problem}\n[a list of entries with the keys `case`, `reason`, `link` and `expires`, of which the last two may be left out]", path.display())]
    Form {
        /// The file.
        path: PathBuf,
        /// Line from 1.
        line: usize,
        /// What the parser says.
        problem: serde_yaml::Error,
    },
    /// Not a case's id.
    #[error("{}:{line}: key `case`: `{case}` is no case id\n[write an id as `--list` shows it, or `*.theme.name` for every configuration]", path.display())]
    Case {
        /// The file.
        path: PathBuf,
        /// Line from 1.
        line: usize,
        /// What stands there.
        case: String,
    },
    /// The same case again.
    #[error("{}:{line}: key `case`: `{case}` stands here a second time, after line {first}\n[keep one of the two entries]", path.display())]
    Twice {
        /// The file.
        path: PathBuf,
        /// Line from 1.
        line: usize,
        /// The case.
        case: String,
        /// Line from 1 of the first entry.
        first: usize,
    },
    /// A failure without a reason.
    #[error("{}:{line}: key `reason`: nothing is said of `{case}`\n[say why it fails, in a sentence]", path.display())]
    NoReason {
        /// The file.
        path: PathBuf,
        /// Line from 1.
        line: usize,
        /// The case.
        case: String,
    },
    /// Not a day.
    #[error("{}:{line}: key `expires`: `{date}` is no date\n[write the last day on which it counts as YYYY-MM-DD]", path.display())]
    Date {
        /// The file.
        path: PathBuf,
        /// Line from 1.
        line: usize,
        /// What stands there.
        date: String,
    },
    /// A file of known failures where failing is what is wanted.
    #[error("--known says nothing of `--fault all`, where a case is to fail\n[leave one of the two out]")]
    WithEveryFault,
}

/// A day of the calendar, in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Date {
    year: u16,
    month: u8,
    day: u8,
}

impl Date {
    /// `2026-12-31`, and nothing else.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let number = |range, digits| {
            let part: &str = text.get(range)?;
            (part.len() == digits && part.bytes().all(|digit| digit.is_ascii_digit())).then(|| part.parse().ok())?
        };
        let (year, month, day): (u16, u16, u16) = (number(0..4, 4)?, number(5..7, 2)?, number(8..10, 2)?);
        let date = Self { year, month: month.try_into().ok()?, day: day.try_into().ok()? };
        let whole = text.len() == 10 && text.get(4..5) == Some("-") && text.get(7..8) == Some("-");
        let exists = (1..=12).contains(&date.month) && (1..=days(date.year, date.month)).contains(&date.day);
        (whole && exists).then_some(date)
    }

    /// The day on which this is called.
    pub(crate) fn today() -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self::after_1970(since.as_secs() / SECONDS_PER_DAY)
    }

    /// So many days after the first one of 1970; a clock that is far off counts
    /// as the last day of 9999.
    fn after_1970(mut left: u64) -> Self {
        for year in 1970..=9999 {
            for month in 1..=12 {
                let length = days(year, month);
                match u8::try_from(left) {
                    Ok(day) if day < length => return Self { year, month, day: day + 1 },
                    _ => left -= u64::from(length),
                }
            }
        }
        Self { year: 9999, month: 12, day: 31 }
    }
}

/// Days of a month.
fn days(year: u16, month: u8) -> u8 {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

impl Serialize for Date {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// One known failure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Entry {
    /// Id of the case, or `*.theme.name` for every configuration.
    pub(crate) case: String,
    /// Why it fails.
    pub(crate) reason: String,
    /// Where to read more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) link: Option<String>,
    /// The last day on which it counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) expires: Option<Date>,
    /// Line from 1 of the file.
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

/// A file of known failures, on the day on which it is asked.
#[derive(Debug)]
pub(crate) struct Known {
    /// The file as messages name it.
    pub(crate) file: String,
    /// Entries that count.
    entries: Vec<Entry>,
    /// Entries that count no more.
    pub(crate) expired: Vec<Entry>,
    /// Where in `entries` a case is.
    places: HashMap<String, usize>,
}

/// An entry as it stands in the file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    case: String,
    reason: String,
    link: Option<String>,
    expires: Option<String>,
}

impl Known {
    /// Reads a file; what expired before `today` counts no more.
    pub(crate) fn read(path: &Path, today: Date) -> Result<Self, KnownError> {
        let mut text = String::new();
        let file = File::open(path).and_then(|file| file.take(LARGEST + 1).read_to_string(&mut text));
        match file {
            Err(source) => Err(KnownError::Unreadable { path: path.to_owned(), source }),
            Ok(length) if length as u64 > LARGEST => Err(KnownError::TooLarge { path: path.to_owned() }),
            Ok(_) => Self::from_text(path, &text, today),
        }
    }

    /// Understands the text of a file.
    pub(crate) fn from_text(path: &Path, text: &str, today: Date) -> Result<Self, KnownError> {
        let path = || path.to_owned();
        // A file whose last entry was taken out is empty.
        let written: Option<Vec<Written>> = serde_yaml::from_str(text).map_err(|problem| {
            let last = text.lines().count().max(1);
            let line = problem.location().map_or(1, |location| location.line().clamp(1, last));
            KnownError::Form { path: path(), line, problem }
        })?;
        let mut known = Self {
            file: path().display().to_string(),
            entries: Vec::new(),
            expired: Vec::new(),
            places: HashMap::new(),
        };
        let mut lines: HashMap<String, usize> = HashMap::new();
        let mut from = 1;
        for Written { case, reason, link, expires } in written.unwrap_or_default() {
            let line = line_of(text, from, "case", &case).unwrap_or(from);
            from = line;
            if !is_case(&case) {
                return Err(KnownError::Case { path: path(), line, case });
            }
            if let Some(first) = lines.get(&case).copied() {
                // Both may stand in one line.
                let line = line_of(text, first + 1, "case", &case).unwrap_or(line);
                return Err(KnownError::Twice { path: path(), line, case, first });
            }
            lines.insert(case.clone(), line);
            if reason.trim().is_empty() {
                return Err(KnownError::NoReason { path: path(), line, case });
            }
            let expires = match expires {
                Some(date) => Some(Date::parse(&date).ok_or_else(|| KnownError::Date {
                    path: path(),
                    line: line_of(text, line, "expires", &date).unwrap_or(line),
                    date,
                })?),
                None => None,
            };
            known.add(Entry { case, reason, link, expires, line }, today);
        }
        Ok(known)
    }

    fn add(&mut self, entry: Entry, today: Date) {
        if entry.expires.is_some_and(|last| last < today) {
            self.expired.push(entry);
        } else {
            self.places.insert(entry.case.clone(), self.entries.len());
            self.entries.push(entry);
        }
    }

    /// The entry that counts for a case; its own before that of all
    /// configurations.
    pub(crate) fn entry(&self, case: &str) -> Option<&Entry> {
        let any = || self.places.get(&any_configuration(case)?);
        self.places.get(case).or_else(any).and_then(|place| self.entries.get(*place))
    }

    /// Entries that count and match no case of a plan.
    pub(crate) fn unmatched<'k>(&'k self, plan: &[impl AsRef<str>]) -> Vec<&'k Entry> {
        let mut cases: HashMap<String, ()> = HashMap::new();
        for case in plan.iter().map(AsRef::as_ref) {
            cases.extend(any_configuration(case).map(|any| (any, ())));
            cases.insert(case.to_owned(), ());
        }
        self.entries.iter().filter(|entry| !cases.contains_key(&entry.case)).collect()
    }

    /// What a run says where these failures are known.
    pub(crate) fn judge(&self, record: &Record) -> Judged {
        let mut judged = Judged { file: self.file.clone(), expired: self.expired.clone(), ..Judged::default() };
        for case in &record.ended {
            match (self.entry(&case.case), case.outcome) {
                // In error nothing is known of the clause, so that no entry
                // can have foreseen it.
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

/// The first line from `from` on with `key: value`; serde_yaml tells the line of
/// a malformed value, but not of a well-formed one that is wrong.
fn line_of(text: &str, from: usize, key: &str, value: &str) -> Option<usize> {
    let is_there = |line: &str| {
        line.match_indices(key).any(|(at, _)| {
            let rest = line.get(at + key.len()..).unwrap_or_default().trim_start_matches(['"', '\'']);
            let rest = rest.strip_prefix(':').map(|rest| rest.trim_start().trim_start_matches(['"', '\'']));
            let after = rest.and_then(|rest| rest.strip_prefix(value));
            after.is_some_and(|after| after.is_empty() || after.starts_with([' ', ',', '}', '"', '\'', '\t']))
        })
    };
    (1..).zip(text.lines()).find(|(number, line)| *number >= from && is_there(line)).map(|(number, _)| number)
}

/// A run beside the failures that are known.
#[derive(Debug, Default)]
pub(crate) struct Judged {
    /// The file of known failures.
    pub(crate) file: String,
    /// Cases that fail, as is known.
    pub(crate) failing: Vec<(String, Entry)>,
    /// Cases that pass, although they are known to fail.
    pub(crate) passing: Vec<(String, Entry)>,
    /// Entries that count no more.
    pub(crate) expired: Vec<Entry>,
    /// Entries that count and match no case of the plan.
    pub(crate) unmatched: Vec<Entry>,
}

impl Judged {
    /// Number of cases by outcome, without expected failures.
    pub(crate) fn totals(&self, totals: Totals) -> Totals {
        Totals { fail: totals.fail.saturating_sub(self.failing.len()), ..totals }
    }

    /// The verdict of a complete run where expected failures do not fail it, and
    /// unexpected passes do.
    pub(crate) fn verdict(&self, totals: Totals) -> Verdict {
        match self.totals(totals).verdict() {
            _ if !self.passing.is_empty() => Verdict::Failed,
            // What is known to fail was tested.
            Verdict::NothingTested if !self.failing.is_empty() => Verdict::Passed,
            verdict => verdict,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TODAY: Date = Date { year: 2026, month: 7, day: 1 };

    fn known(text: &str) -> Result<Known, KnownError> {
        Known::from_text(Path::new("known.yaml"), text, TODAY)
    }

    fn complaint(text: &str) -> String {
        known(text).unwrap_err().to_string()
    }

    #[test]
    fn only_days_that_exist_are_dates() {
        for day in ["2026-12-31", "2024-02-29", "2000-02-29", "0001-01-01"] {
            assert_eq!(Date::parse(day).unwrap().to_string(), day);
        }
        for day in [
            "",
            "2026-13-01",
            "2026-02-29",
            "1900-02-29",
            "2026-1-1",
            "2026/12/31",
            "31.12.2026",
            "2026-12-311",
            "+026-12-31",
            "２026-12-31",
        ] {
            assert_eq!(Date::parse(day), None, "{day}");
        }
    }

    #[test]
    fn days_are_counted_as_the_calendar_does() {
        for (count, day) in
            [(0, "1970-01-01"), (30, "1970-01-31"), (31, "1970-02-01"), (11_016, "2000-02-29"), (20_635, "2026-07-01")]
        {
            assert_eq!(Date::after_1970(count).to_string(), day);
        }
        assert_eq!(Date::after_1970(u64::MAX).to_string(), "9999-12-31");
        assert!(Date::today() > TODAY || Date::today() < TODAY || Date::today() == TODAY);
    }

    #[test]
    fn an_entry_counts_through_its_last_day() {
        let known = known(
            "- {case: base.a.x, reason: r, expires: 2026-07-01}\n- {case: base.b.x, reason: r, expires: 2026-06-30}\n",
        )
        .unwrap();
        assert!(known.entry("base.a.x").is_some() && known.entry("base.b.x").is_none());
        assert_eq!(known.expired[0].line, 2);
    }

    #[test]
    fn a_star_stands_for_every_configuration() {
        let known = known("- {case: '*.a.x', reason: all}\n- {case: base.a.x, reason: one}\n").unwrap();
        assert_eq!(known.entry("base.a.x").unwrap().reason, "one");
        assert_eq!(known.entry("lbt.a.x").unwrap().reason, "all");
        assert!(known.entry("lbt.a.y").is_none());
        assert_eq!(known.unmatched(&["lbt.a.x"]).len(), 1);
    }

    #[test]
    fn a_file_without_entries_is_one() {
        for text in ["", "\n", "# none left\n", "[]\n"] {
            assert!(known(text).unwrap().entry("base.a.x").is_none());
        }
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        for (text, expected) in [
            ("- {case: base.a.x}\n", "known.yaml:1: .[0]: missing field `reason`"),
            ("- case: base.a.x\n  reason: r\n  until: x\n", "known.yaml:3: .[0]: unknown field `until`"),
            (
                "- case: base.a.x\n  reason: r\n- case: base.a.y\n  reason: ' '\n",
                "known.yaml:3: key `reason`: nothing is said of `base.a.y`",
            ),
            (
                "- case: base.a.x\n  reason: r\n  expires: 2026-02-30\n",
                "known.yaml:3: key `expires`: `2026-02-30` is no date",
            ),
            ("- case: base.*\n  reason: r\n", "known.yaml:1: key `case`: `base.*` is no case id"),
            ("- case: '*'\n  reason: r\n", "known.yaml:1: key `case`: `*` is no case id"),
            (
                "- case: base.a.x\n  reason: r\n\n- case: base.a.x\n  reason: s\n",
                "known.yaml:4: key `case`: `base.a.x` stands here a second time, after line 1",
            ),
            ("base: x\n", "known.yaml:1: "),
            ("- [", "known.yaml:1: "),
        ] {
            let text = complaint(text);
            let (what, remedy) = text.split_once("\n[").unwrap();
            assert!(what.starts_with(expected) && remedy.ends_with(']'), "{text}");
        }
    }
}
