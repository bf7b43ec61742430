// SPDX-License-Identifier: Apache-2.0 OR MIT
//! `spec from-kernel`: creates a series from a kernel's lists, for review.
//!
//! events of a run -> lists -> registers in a common order with features -> groups
//! -> YAML -> loaded and compared with the lists -> files.

mod draft;
pub(super) mod error;
mod features;
mod like;
mod lists;
mod named;
mod order;
#[cfg(test)]
mod tests;
mod write;
mod yaml;

use std::path::{Path, PathBuf};

use reglist_suite::arch::Arch;
use reglist_suite::report::events::SubjectKind;
use reglist_suite::spec::Spec;

use super::error::Error;
use super::tree::Tree;
use crate::record::Record;
use crate::record::reader::StoredFile;
use crate::report::paragraph::hanging;
use crate::report::words::{count, plain};
use draft::Draft;
pub(crate) use error::FromKernelError;
use like::Like;
use lists::Lists;
use write::Files;

#[derive(Debug)]
pub(crate) struct Request {
    /// Directory of the specifications; default: built-in.
    pub(crate) specs: Option<PathBuf>,
    pub(crate) series: String,
    /// Directory for the new tree.
    pub(crate) output: PathBuf,
    /// Series with configurations and groups; default: the run's.
    pub(crate) like: Option<String>,
    pub(crate) force: bool,
    pub(crate) dry_run: bool,
}

/// A checked request.
#[derive(Debug)]
pub(crate) struct Plan {
    request: Request,
    tree: Tree,
}

#[derive(Debug)]
pub(crate) struct Written {
    /// A summary, or the files of a dry run.
    pub(crate) text: String,
    /// A sentence for each id that a specification cannot contain.
    pub(crate) troubles: Vec<String>,
}

impl Plan {
    /// Loads the specifications and checks the output directory.
    pub(crate) fn new(request: Request) -> Result<Self, Error> {
        let tree = Tree::of(request.specs.as_deref())?;
        if !request.dry_run {
            write::check_place(&request.output, request.force)?;
        }
        Ok(Self { request, tree })
    }

    pub(crate) fn write(&self, record: &Record) -> Result<Written, Error> {
        let Request { output, force, .. } = &self.request;
        let made = Made::of(&self.request, &self.tree, record)?;
        made.check(output)?;
        let text = if self.request.dry_run {
            made.files.shown(output)
        } else {
            made.files.write(output, *force)?;
            made.summary(output)
        };
        Ok(Written { text, troubles: made.lists.troubles() })
    }
}

/// Parses the name of a series.
pub(crate) fn series_name(name: &str) -> Result<String, String> {
    let is_right = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '-';
    if name.is_empty() || !name.chars().all(is_right) || name.starts_with('-') {
        return Err("use a to z, 0 to 9, _ and -".to_owned());
    }
    if name == "consumers" {
        return Err("the name is reserved for consumers".to_owned());
    }
    Ok(name.to_owned())
}

/// The single run of a file.
pub(crate) fn stored(path: &Path) -> Result<Record, Error> {
    let runs = StoredFile::read(path).map_err(FromKernelError::from)?.runs;
    let number = runs.len();
    match (runs.into_iter().next(), number) {
        (Some(run), 1) => Ok(run.record),
        _ => Err(FromKernelError::SeveralRuns { path: path.to_owned(), number }.into()),
    }
}

/// A new series.
struct Made {
    arch: &'static dyn Arch,
    series: String,
    lists: Lists,
    like: Like,
    draft: Draft,
    files: Files,
}

impl Made {
    fn of(request: &Request, tree: &Tree, record: &Record) -> Result<Self, Error> {
        let started = record.started.as_ref().ok_or(FromKernelError::NoRun)?;
        let arch = tree.architecture(&plain(&started.architecture))?;
        let name = request.like.as_ref().unwrap_or(&started.series);
        let known = tree.series(arch);
        if !known.contains(name) {
            return Err(FromKernelError::NoLike { series: plain(name), known: known.join(", ") }.into());
        }
        if known.contains(&request.series) && !request.force {
            return Err(FromKernelError::SeriesExists { series: request.series.clone() }.into());
        }
        let like = Like::load(&tree.source, arch, name)?;
        let lists = Lists::of(record, started, &like.spec, arch)?;
        let draft = Draft::of(&lists, &like, arch)?;
        let files = yaml::files(&tree.source, arch, &request.series, &lists, &like, &draft)?;
        Ok(Self { arch, series: request.series.clone(), lists, like, draft, files })
    }

    /// Loads the new files and compares them with the kernel's lists.
    fn check(&self, output: &Path) -> Result<(), Error> {
        let (directory, source) = self.files.aside()?;
        let spec = Spec::load(&source, self.arch, &self.series).map_err(|mut error| {
            if let Ok(below) = Path::new(&error.file).strip_prefix(directory.path()) {
                error.file = output.join(below).display().to_string();
            }
            FromKernelError::Unsound { source: Box::new(error) }
        })?;
        for listed in &self.lists.configurations {
            let written = spec.configurations.iter().find(|configuration| configuration.name == listed.name);
            let ids = written.map(|written| written.registers.iter().map(|register| register.id).collect::<Vec<_>>());
            if ids.as_ref() != Some(&listed.ids) {
                return Err(FromKernelError::Unequal { configuration: listed.name.clone() }.into());
            }
        }
        Ok(())
    }

    /// The summary with the next commands.
    fn summary(&self, output: &Path) -> String {
        let root = output.display();
        let mut shown = String::new();
        let mut line = |words: String| hanging(&mut shown, &words);
        let registers = count(self.draft.registers.len(), "register");
        let configurations = count(self.lists.configurations.len(), "configuration");
        line(format!(
            "{root}: series {} with {registers} and {configurations}, from {}",
            self.series, self.lists.kernel
        ));
        self.lists.note().into_iter().for_each(|note| line(note.to_owned()));
        for review in self.draft.reviews(&self.like.spec.series) {
            line(format!("To review: {review}"));
        }
        let quoted = |path: &Path| {
            shlex::try_quote(&path.display().to_string())
                .map_or_else(|_| path.display().to_string(), |word| word.into_owned())
        };
        let (specs, series) = (quoted(output), &self.series);
        let folder = quoted(&output.join(self.arch.name()).join(series));
        let folder = if folder.contains('/') { folder } else { format!("./{folder}") };
        // The command to test the same subject; the kernel's source is not known here.
        let test = match self.lists.subject {
            SubjectKind::Model => "run",
            SubjectKind::Kvm => "lab ...",
        };
        let like = &self.like.spec.series;
        shown
            + &format!(
                "\n  reglist spec check --specs {specs}\n  reglist spec diff {like} {folder}\n  reglist {test} --specs {specs} --series {series}\n"
            )
    }
}
