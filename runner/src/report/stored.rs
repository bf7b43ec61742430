// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Stored runs that have begun, and what tells those of one file apart.

use std::collections::BTreeMap;
use std::path::Path;

use reglist_suite::report::events::RunStarted;

use crate::record::Record;
use crate::record::reader::{ReadError, StoredFile, Stray};

#[derive(Debug, thiserror::Error)]
pub(crate) enum StoredError {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error("{file} holds two runs of {what}, from line {first} and from line {second} on\n[keep one run in one file]")]
    TwoRuns { file: String, what: String, first: usize, second: usize },
}

#[derive(Debug)]
pub(crate) struct Stored {
    /// The file as messages name it.
    pub(crate) file: String,
    /// Its runs, no two of the same round; one at least.
    pub(crate) runs: Vec<StoredRun>,
    /// Lines that belong to none.
    pub(crate) stray: Stray,
}

#[derive(Debug)]
pub(crate) struct StoredRun {
    pub(crate) started: RunStarted,
    pub(crate) record: Record,
}

/// What tells one run of a file from another: those of `--fault all` differ in
/// it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Round {
    pub(crate) fault: Option<String>,
    /// The configuration of the first case.
    pub(crate) configuration: Option<String>,
    /// Whether registers beyond the expected list are only reported.
    pub(crate) allow_new: bool,
}

impl Round {
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
    pub(crate) fn round(&self) -> Round {
        Round {
            fault: self.started.fault.clone(),
            configuration: self.started.configuration().map(str::to_owned),
            allow_new: self.started.allow_new,
        }
    }
}

impl Stored {
    /// Reads a file; `-` is the standard input.
    pub(crate) fn read(path: &Path) -> Result<Self, StoredError> {
        Self::of(StoredFile::read(path)?)
    }

    /// Tells the runs of a file apart.
    pub(crate) fn of(file: StoredFile) -> Result<Self, StoredError> {
        let StoredFile { file, runs: read, stray } = file;
        let mut lines: BTreeMap<Round, usize> = BTreeMap::new();
        let mut runs = Vec::new();
        for run in read {
            let Some(started) = run.record.started.clone() else { continue };
            let stored = StoredRun { started, record: run.record };
            let round = stored.round();
            if let Some(first) = lines.get(&round).copied() {
                return Err(StoredError::TwoRuns { file, what: round.words(), first, second: run.line });
            }
            lines.insert(round, run.line);
            runs.push(stored);
        }
        Ok(Self { file, runs, stray })
    }
}
