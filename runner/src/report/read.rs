// SPDX-License-Identifier: Apache-2.0 OR MIT
//! A stored stream of events, read line by line and never trusted: it may be
//! torn, foreign, of another version, or far too long.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read as _};
use std::path::{Path, PathBuf};

use reglist_suite::report::events::{Event, EventError, RunStarted};

use crate::record::stream::Record;

/// Bytes of a line; the longest ones that a run has are a tenth of it.
const LONGEST_LINE: usize = 2 << 20;
/// Approximate bytes of memory for one file, ten times what a run that tries
/// every fault needs.
const MOST_MEMORY: usize = 128 << 20;
/// Approximate bytes of memory for a finding, for a case of the plan, and for
/// what begins a run.
const OF_FINDING: usize = 512;
const OF_CASE: usize = 192;
const OF_RUN: usize = 1024;

/// A file that is no record of a run.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReadError {
    /// It cannot be read.
    #[error("failed to read `{}`\n[name a file of events that can be read]", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// Not one byte.
    #[error("`{}` is empty\n[a run writes its events with `--events FILE`]", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// No event that begins a run.
    #[error("`{}` holds no run: none of its {lines} lines says that one started\n[a run writes its events with `--events FILE`, the lab as events.jsonl among its results]", path.display())]
    NoRun {
        /// The file.
        path: PathBuf,
        /// Number of lines.
        lines: usize,
    },
    /// A newer program wrote it.
    #[error("`{}`, line {line}: {}", path.display(), error)]
    Newer {
        /// The file.
        path: PathBuf,
        /// Line from 1.
        line: usize,
        /// The version, and what to do about it.
        error: EventError,
    },
    /// A line that no run writes.
    #[error("`{}`, line {line} is longer than {LONGEST_LINE} bytes, which no event is\n[give a file that `--events FILE` wrote]", path.display())]
    LongLine {
        /// The file.
        path: PathBuf,
        /// Line from 1.
        line: usize,
    },
    /// More than any run says.
    #[error("`{}`, line {line}: too many events to compare, more than ten times those of `--fault all`\n[keep one run in one file]", path.display())]
    TooMuch {
        /// The file.
        path: PathBuf,
        /// Line from 1 at which it became too much.
        line: usize,
    },
    /// Two runs of which nobody can say which one is meant.
    #[error("`{}` holds two runs of {what}, from line {first} and from line {second} on\n[keep one run in one file]", path.display())]
    TwoRuns {
        /// The file.
        path: PathBuf,
        /// Configuration and fault.
        what: String,
        /// Line from 1 at which one starts.
        first: usize,
        /// Line from 1 at which the other starts.
        second: usize,
    },
}

/// What a file says.
#[derive(Debug)]
pub(crate) struct Stored {
    /// The file as messages name it.
    pub(crate) path: PathBuf,
    /// Its runs, no two of the same round; one at least.
    pub(crate) runs: Vec<StoredRun>,
    /// Number of lines that are no events, or events that fit nowhere.
    pub(crate) stray: usize,
    /// The first of them, from 1; 0 if there is none.
    pub(crate) first_stray: usize,
}

/// One run of a file.
#[derive(Debug)]
pub(crate) struct StoredRun {
    /// What began it.
    pub(crate) started: RunStarted,
    /// What it said.
    pub(crate) record: Record,
}

/// What tells one run of a file from another: those of `--fault all` differ in
/// it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Round {
    /// The fault.
    pub(crate) fault: Option<String>,
    /// The configuration of the first case.
    pub(crate) configuration: Option<String>,
    /// Whether registers beyond the expected list are only reported.
    pub(crate) allow_new: bool,
}

impl Round {
    /// In words.
    pub(crate) fn words(&self) -> String {
        let fault = self.fault.as_ref().map_or_else(|| "no fault".to_owned(), |fault| format!("the fault {fault}"));
        let new = if self.allow_new { ", new registers allowed" } else { "" };
        match &self.configuration {
            Some(configuration) => format!("{fault} in {configuration}{new}"),
            None => format!("{fault}{new}"),
        }
    }
}

impl StoredRun {
    /// What tells it from others.
    pub(crate) fn round(&self) -> Round {
        Round {
            fault: self.started.fault.clone(),
            configuration: self.started.configuration().map(str::to_owned),
            allow_new: self.started.allow_new,
        }
    }
}

impl Stored {
    /// Reads a file.
    pub(crate) fn read(path: &Path) -> Result<Self, ReadError> {
        let unreadable = |source| ReadError::Unreadable { path: path.to_owned(), source };
        Self::from_lines(path, BufReader::new(File::open(path).map_err(unreadable)?))
    }

    /// Reads lines as those of the file `path`.
    pub(crate) fn from_lines(path: &Path, lines: impl BufRead) -> Result<Self, ReadError> {
        let mut reading = Reading {
            stored: Self { path: path.to_owned(), runs: Vec::new(), stray: 0, first_stray: 0 },
            rounds: BTreeMap::new(),
            line: 0,
            memory: 0,
        };
        reading.all(lines)?;
        let Reading { stored, line, .. } = reading;
        match (line, stored.runs.is_empty()) {
            (0, _) => Err(ReadError::Empty { path: stored.path }),
            (lines, true) => Err(ReadError::NoRun { path: stored.path, lines }),
            _ => Ok(stored),
        }
    }
}

struct Reading {
    stored: Stored,
    /// The line from 1 at which each round starts.
    rounds: BTreeMap<Round, usize>,
    /// The line that is being read, from 1.
    line: usize,
    /// Approximate bytes of memory so far.
    memory: usize,
}

impl Reading {
    fn path(&self) -> PathBuf {
        self.stored.path.clone()
    }

    fn all(&mut self, mut lines: impl BufRead) -> Result<(), ReadError> {
        let mut bytes = Vec::new();
        loop {
            bytes.clear();
            let read = (&mut lines).take(LONGEST_LINE as u64 + 1).read_until(b'\n', &mut bytes);
            match read {
                Err(source) => return Err(ReadError::Unreadable { path: self.path(), source }),
                Ok(0) => return Ok(()),
                Ok(length) => {
                    self.line += 1;
                    if length > LONGEST_LINE {
                        return Err(ReadError::LongLine { path: self.path(), line: self.line });
                    }
                }
            }
            let text = String::from_utf8_lossy(&bytes);
            let text = text.trim();
            if !text.is_empty() {
                self.take(text)?;
            }
        }
    }

    fn take(&mut self, text: &str) -> Result<(), ReadError> {
        let event = match Event::from_line(text) {
            Ok(event) => event,
            Err(EventError::Malformed(_)) => {
                self.stray();
                return Ok(());
            }
            Err(error) => return Err(ReadError::Newer { path: self.path(), line: self.line, error }),
        };
        let more = needed(&event, text.len());
        let fits = match event {
            Event::RunStarted(started) => self.start(started)?,
            event => self.stored.runs.last_mut().is_some_and(|run| run.record.add(event)),
        };
        if !fits {
            self.stray();
            return Ok(());
        }
        self.memory = self.memory.saturating_add(more);
        if self.memory > MOST_MEMORY {
            return Err(ReadError::TooMuch { path: self.path(), line: self.line });
        }
        Ok(())
    }

    /// Begins a run; false where the line is only there twice. A run that broke
    /// off is over when another one starts.
    fn start(&mut self, started: RunStarted) -> Result<bool, ReadError> {
        let just_begun = |run: &StoredRun| run.record.ended.is_empty() && run.record.running.is_none();
        if self.stored.runs.last().is_some_and(|run| run.started == started && just_begun(run)) {
            return Ok(false);
        }
        let mut record = Record::default();
        record.add(Event::RunStarted(started.clone()));
        let run = StoredRun { started, record };
        let round = run.round();
        if let Some(first) = self.rounds.get(&round).copied() {
            return Err(ReadError::TwoRuns { path: self.path(), what: round.words(), first, second: self.line });
        }
        self.rounds.insert(round, self.line);
        self.stored.runs.push(run);
        Ok(true)
    }

    fn stray(&mut self) {
        if self.stored.stray == 0 {
            self.stored.first_stray = self.line;
        }
        self.stored.stray += 1;
    }
}

/// Approximate bytes of memory that an event needs, which stood in so many
/// bytes.
fn needed(event: &Event, length: usize) -> usize {
    let parts = match event {
        Event::RunStarted(started) => OF_RUN + started.plan.len() * OF_CASE,
        Event::CaseFinished(case) => case.findings.len() * OF_FINDING,
        _ => 0,
    };
    parts + 2 * length
}

#[cfg(test)]
mod tests {
    use super::*;

    const STARTED: &str = r#"{"event":"run_started","format":1,"suite":"0.1.0","subject":"kvm","architecture":"loongarch64","kernel":"7.2.13","cpu":"","series":"v5","strict":false,"allow_new":false,"plan":["base.a.x","base.b.x"]}"#;
    const ENDED: &str = r#"{"event":"case_finished","case":"base.a.x","outcome":"pass","duration_us":1,"ioctls":1}"#;

    fn read(text: &[u8]) -> Result<Stored, ReadError> {
        Stored::from_lines(Path::new("f"), text)
    }

    fn complaint(text: &[u8]) -> String {
        read(text).unwrap_err().to_string()
    }

    #[test]
    fn what_holds_no_run_is_refused() {
        assert!(complaint(b"").starts_with("`f` is empty\n["));
        assert!(complaint(b"\n\n").starts_with("`f` holds no run: none of its 2 lines"));
        assert!(complaint(&[0, 255, 10, 7]).starts_with("`f` holds no run: none of its 2 lines"));
        assert!(complaint(ENDED.as_bytes()).starts_with("`f` holds no run"));
    }

    #[test]
    fn a_newer_format_is_refused_with_its_line() {
        let newer = STARTED.replace("\"format\":1", "\"format\":2");
        let text = complaint(format!("noise\n{newer}\n").as_bytes());
        assert!(
            text.starts_with("`f`, line 2: event format 2 is newer than this program's 1\n[use a reglist"),
            "{text}"
        );
    }

    #[test]
    fn torn_and_foreign_lines_are_counted() {
        let stored =
            read(format!("{STARTED}\n{STARTED}\r\n{ENDED}\nnoise\n{ENDED}\n{}", &ENDED[..30]).as_bytes()).unwrap();
        assert_eq!((stored.runs.len(), stored.stray, stored.first_stray), (1, 4, 2));
        assert_eq!(stored.runs[0].record.missing(), ["base.b.x"]);
        assert!(stored.runs[0].record.stray.is_empty());
    }

    #[test]
    fn two_runs_are_told_apart_or_refused() {
        let other = STARTED.replace("base.", "lbt.");
        assert_eq!(read(format!("{STARTED}\n{ENDED}\n{other}\n").as_bytes()).unwrap().runs.len(), 2);
        let text = complaint(format!("{STARTED}\n{ENDED}\n{STARTED}\n{ENDED}\n").as_bytes());
        assert!(
            text.starts_with("`f` holds two runs of no fault in base, from line 1 and from line 3 on\n["),
            "{text}"
        );
    }

    #[test]
    fn a_line_without_an_end_is_refused() {
        let endless = BufReader::new(io::repeat(b'x'));
        let error = Stored::from_lines(Path::new("f"), endless).unwrap_err();
        assert!(matches!(error, ReadError::LongLine { line: 1, .. }), "{error}");
    }

    #[test]
    fn more_than_any_run_says_is_refused() {
        let finding = r#"{"clause":"a.b","level":"note","observed":"x"}"#;
        let findings = vec![finding; 20_000].join(",");
        let plan: Vec<String> = (0..100).map(|number| format!("\"base.a.x{number}\"")).collect();
        let mut text = STARTED.replace("\"base.a.x\",\"base.b.x\"", &plan.join(","));
        for number in 0..100 {
            text += &format!(
                "\n{{\"event\":\"case_finished\",\"case\":\"base.a.x{number}\",\"outcome\":\"pass\",\"duration_us\":1,\"ioctls\":1,\"findings\":[{findings}]}}"
            );
        }
        let error = read(text.as_bytes()).unwrap_err();
        assert!(matches!(error, ReadError::TooMuch { .. }), "{error}");
    }
}
