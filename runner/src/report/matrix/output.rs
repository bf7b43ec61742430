// SPDX-License-Identifier: Apache-2.0 OR MIT
//! `--matrix`: the files that a matrix is written to. What can be wrong with
//! them is said before anything runs.

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use reglist_suite::clause::Clauses;
use reglist_suite::exit;
use reglist_suite::spec::{Source, SpecError};

use super::{Matrix, json, page};

/// The files that a lab's run with all faults leaves among its results.
pub(crate) const FILES: [&str; 2] = ["matrix.json", "matrix.html"];

/// What the user wants to have of the matrix.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Request {
    /// The files.
    pub(crate) files: Vec<PathBuf>,
    /// Whether they may exist.
    pub(crate) force: bool,
}

/// A matrix cannot be written as it was asked for.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OutputError {
    /// There is no matrix of a single fault.
    #[error("--matrix is for a run that tries every fault\n[add --fault all]")]
    OneFault,
    /// The suite shows its own output, and nobody follows its events.
    #[error("--matrix does not go with {option}\n[leave out one of the two]")]
    OwnOutput {
        /// The option that asks for it.
        option: String,
    },
    /// The option stands alone.
    #[error("--matrix needs a file\n[--matrix FILE.json, or --matrix FILE.html]")]
    NoFile,
    /// The file's ending says nothing.
    #[error("`{}` ends neither in .json nor in .html\n[the ending of the file says what a matrix is written as]", path.display())]
    Ending {
        /// The file.
        path: PathBuf,
    },
    /// Somebody's file is in the way.
    #[error("`{}` exists and is kept as it is\n[choose another file, or add --force]", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// There is no directory for the file.
    #[error("there is no directory for `{}`\n[make it, or choose another file]", path.display())]
    NoDirectory {
        /// The file.
        path: PathBuf,
    },
    /// The clause catalogue cannot be read.
    #[error(transparent)]
    Clauses(#[from] SpecError),
    /// The file cannot be written.
    #[error("failed to write `{}`", path.display())]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// The page's template fails, which no matrix can cause.
    #[error("failed to make `{}`", path.display())]
    Template {
        /// The file.
        path: PathBuf,
        /// What the template engine says.
        #[source]
        source: askama::Error,
    },
}

impl OutputError {
    /// The exit code: a wrong argument, or a machine in trouble.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::Unwritable { .. } | Self::Template { .. } => exit::INFRASTRUCTURE,
            _ => exit::USAGE,
        }
    }
}

/// What a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Json,
    Page,
}

impl Format {
    fn of(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()? {
            "json" => Some(Self::Json),
            "html" => Some(Self::Page),
            _ => None,
        }
    }
}

/// What is made of a run that tries every fault.
#[derive(Debug, Clone)]
pub(crate) struct Output {
    files: Vec<(PathBuf, Format)>,
    force: bool,
    clauses: Clauses,
}

impl Output {
    /// Looks at what was asked for. `all` is whether the run tries every fault,
    /// and `specs` where the clauses are; the result is what is to be made of
    /// the run, if it is one that has a matrix.
    pub(crate) fn check(request: &Request, all: bool, specs: &Source) -> Result<Option<Self>, OutputError> {
        let mut files = Vec::new();
        for path in &request.files {
            if path.as_os_str().is_empty() {
                return Err(OutputError::NoFile);
            }
            if !all {
                return Err(OutputError::OneFault);
            }
            let path = path.clone();
            let Some(format) = Format::of(&path) else {
                return Err(OutputError::Ending { path });
            };
            let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
            if directory.is_some_and(|directory| !directory.is_dir()) {
                return Err(OutputError::NoDirectory { path });
            }
            if !request.force && path.symlink_metadata().is_ok() {
                return Err(OutputError::Exists { path });
            }
            if !files.contains(&(path.clone(), format)) {
                files.push((path, format));
            }
        }
        if !all {
            return Ok(None);
        }
        Ok(Some(Self { files, force: request.force, clauses: Clauses::load(specs)? }))
    }

    /// The same with the files that are left in a directory of results.
    pub(crate) fn and_in(mut self, results: &Path) -> Self {
        for path in FILES.map(|name| results.join(name)) {
            if let Some(format) = Format::of(&path).filter(|format| !self.files.contains(&(path.clone(), *format))) {
                self.files.push((path, format));
            }
        }
        self
    }

    /// The clause catalogue.
    pub(crate) fn clauses(&self) -> &Clauses {
        &self.clauses
    }

    /// Writes every file.
    pub(crate) fn write(&self, matrix: &Matrix) -> Result<(), OutputError> {
        for (path, format) in &self.files {
            let text = match format {
                Format::Json => json::text(matrix)
                    .map_err(|error| OutputError::Unwritable { path: path.clone(), source: error.into() })?,
                Format::Page => {
                    page::text(matrix).map_err(|source| OutputError::Template { path: path.clone(), source })?
                }
            };
            self.write_file(path, &text)?;
        }
        Ok(())
    }

    fn write_file(&self, path: &Path, text: &str) -> Result<(), OutputError> {
        let mut options = OpenOptions::new();
        options.write(true);
        // Somebody may have made the file while the run went on.
        if self.force {
            options.create(true).truncate(true)
        } else {
            options.create_new(true)
        };
        let written = options.open(path).and_then(|mut file| file.write_all(text.as_bytes()));
        written.map_err(|source| match source.kind() {
            io::ErrorKind::AlreadyExists => OutputError::Exists { path: path.to_owned() },
            _ => OutputError::Unwritable { path: path.to_owned(), source },
        })
    }
}
