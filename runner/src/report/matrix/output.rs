// SPDX-License-Identifier: Apache-2.0 OR MIT
//! `--matrix`: the files of a matrix, checked before the run.

use std::io;
use std::path::{Path, PathBuf};

use reglist_suite::exit;
use reglist_suite::spec::clause::Clauses;
use reglist_suite::spec::{Source, SpecError};

use super::data::Matrix;
use super::json;
use crate::system::files::{self, FileError};
use crate::system::results::MATRIX;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) files: Vec<PathBuf>,
    pub(crate) force: bool,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum OutputError {
    #[error("--matrix requires --fault all\n[add --fault all]")]
    OneFault,
    #[error("--matrix and {option} exclude each other\n[remove one of the two options]")]
    OwnOutput { option: String },
    #[error("--matrix requires a file\n[write --matrix FILE.json]")]
    NoFile,
    #[error("`{}`: the matrix is a JSON file\n[name a file that ends in .json]", path.display())]
    Ending { path: PathBuf },
    #[error(transparent)]
    Clauses(#[from] SpecError),
    #[error(transparent)]
    File(#[from] FileError),
}

impl OutputError {
    /// The exit code: a wrong argument, or infrastructure trouble.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::File(error) => error.exit_code(),
            _ => exit::USAGE,
        }
    }
}

/// The matrix files of a run.
#[derive(Debug, Clone)]
pub(crate) struct Output {
    files: Vec<PathBuf>,
    force: bool,
    /// The file in a directory of results; it replaces an earlier one there.
    own: Option<PathBuf>,
    pub(crate) clauses: Clauses,
}

impl Output {
    /// Checks the files. `all`: the run tries every fault. None if the run has no
    /// matrix.
    pub(crate) fn check(request: &Request, all: bool, specs: &Source) -> Result<Option<Self>, OutputError> {
        let mut files = Vec::new();
        for path in &request.files {
            if path.as_os_str().is_empty() {
                return Err(OutputError::NoFile);
            }
            if !all {
                return Err(OutputError::OneFault);
            }
            if path.extension().is_none_or(|extension| extension != "json") {
                return Err(OutputError::Ending { path: path.clone() });
            }
            files::check(path, request.force)?;
            if !files.contains(path) {
                files.push(path.clone());
            }
        }
        if !all {
            return Ok(None);
        }
        Ok(Some(Self { files, force: request.force, own: None, clauses: Clauses::load(specs)? }))
    }

    /// Adds the file in a directory of results.
    pub(crate) fn and_in(mut self, results: &Path) -> Self {
        let path = results.join(MATRIX);
        if !self.files.contains(&path) {
            self.own = Some(path);
        }
        self
    }

    pub(crate) fn write(&self, matrix: &Matrix) -> Result<(), OutputError> {
        let text = json::text(matrix);
        let named = self.files.iter().map(|path| (path, self.force));
        for (path, force) in named.chain(self.own.iter().map(|path| (path, true))) {
            let text = text.as_ref().map_err(|error| FileError::write(path)(io::Error::other(error.to_string())))?;
            files::write(path, text, force)?;
        }
        Ok(())
    }
}
