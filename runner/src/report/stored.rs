// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The started runs of a file.

use std::collections::BTreeMap;
use std::path::Path;

use reglist_suite::report::events::RunStarted;

use crate::record::Record;
use crate::record::reader::{ReadError, StoredFile, Stray};

#[derive(Debug, thiserror::Error)]
pub(crate) enum StoredError {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error("{file} contains two runs of {what}, at line {first} and at line {second}\n[store one run per file]")]
    TwoRuns { file: String, what: String, first: usize, second: usize },
}

#[derive(Debug)]
pub(crate) struct Stored {
    /// The file's name for messages.
    pub(crate) file: String,
    /// At least one run; each has another round.
    pub(crate) runs: Vec<StoredRun>,
    pub(crate) stray: Stray,
}

#[derive(Debug)]
pub(crate) struct StoredRun {
    pub(crate) started: RunStarted,
    pub(crate) record: Record,
}

/// Identifies a run in a file of `--fault all`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Round {
    pub(crate) fault: Option<String>,
    /// The configuration of the first case.
    pub(crate) configuration: Option<String>,
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
    /// Reads a file; `-` is standard input.
    pub(crate) fn read(path: &Path) -> Result<Self, StoredError> {
        Self::of(StoredFile::read(path)?)
    }

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
