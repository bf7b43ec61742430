// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The file of a page.

use std::path::{Path, PathBuf};

use reglist_suite::exit;

use super::fit::Input;
use super::template;
use crate::record::Record;
use crate::system::files::{self, FileError};
use crate::system::results::PAGE;
use crate::system::session::Session;

#[derive(Debug, thiserror::Error)]
pub(crate) enum PageError {
    #[error(
        "the page has room for two runs, but there are {runs}, each with a fault\n[for --fault all, use `--matrix FILE.json` of run or lab]"
    )]
    EveryFault { runs: usize },
    #[error(
        "the page has room for two runs, but there are {runs}\n[name one file with one run, or two files to compare]"
    )]
    Several { runs: usize },
    #[error(transparent)]
    File(#[from] FileError),
    #[error("failed to create `{}`", path.display())]
    Template { path: PathBuf, source: askama::Error },
}

impl PageError {
    /// The exit code: a wrong argument, or infrastructure trouble.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::File(error) => error.exit_code(),
            Self::Template { .. } => exit::INFRASTRUCTURE,
            _ => exit::USAGE,
        }
    }
}

/// The page's file, and its runs.
#[derive(Debug)]
pub(crate) struct Output {
    path: PathBuf,
    force: bool,
    inputs: Vec<Input>,
    runs: usize,
    /// Number of runs with a fault.
    faults: usize,
}

impl Output {
    /// Checks the path.
    pub(crate) fn check(path: &Path, force: bool) -> Result<Self, PageError> {
        files::check(path, force)?;
        Ok(Self { path: path.to_owned(), force, inputs: Vec::new(), runs: 0, faults: 0 })
    }

    pub(crate) fn take(&mut self, file: &str, record: &Record) {
        self.runs += 1;
        self.faults += usize::from(record.started.as_ref().is_some_and(|started| started.fault.is_some()));
        if self.inputs.len() < 2 {
            self.inputs.extend(Input::new(file.trim_matches('`'), record));
        }
    }

    pub(crate) fn write(&self) -> Result<(), PageError> {
        Ok(files::write(&self.path, &self.text()?, self.force)?)
    }

    pub(crate) fn text(&self) -> Result<String, PageError> {
        let (new, old) = match self.inputs.as_slice() {
            _ if self.runs > 2 && self.faults > 1 => return Err(PageError::EveryFault { runs: self.runs }),
            _ if self.runs > 2 => return Err(PageError::Several { runs: self.runs }),
            [] => return Err(PageError::Several { runs: 0 }),
            [new] => (new, None),
            [old, new, ..] => (new, Some(old)),
        };
        template::text(new, old).map_err(|source| PageError::Template { path: self.path.clone(), source })
    }
}

/// Saves the page of a run in its results, if the run started.
pub(crate) fn leave(session: &Session, record: &Record) -> Result<(), PageError> {
    let Some(input) = Input::new("events.jsonl", record) else {
        return Ok(());
    };
    let path = session.results().join(PAGE);
    let text = template::text(&input, None).map_err(|source| PageError::Template { path: path.clone(), source })?;
    Ok(files::write(&path, &text, true)?)
}

#[cfg(test)]
pub(crate) fn text(file: &str, record: &Record) -> Option<String> {
    template::text(&Input::new(file, record)?, None).ok()
}
