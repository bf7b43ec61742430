// SPDX-License-Identifier: Apache-2.0 OR MIT
//! `spec from-kernel`: a series out of what a kernel lists, ready for review.
//!
//! One way through: a run's events -> lists -> registers in one order, each with
//! the features that bring it -> groups -> YAML -> loaded again and held against
//! the lists -> files.

mod ask;
mod draft;
mod error;
mod features;
mod like;
mod lists;
mod named;
mod order;
#[cfg(test)]
mod tests;
mod write;
mod yaml;

use std::io;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use reglist_suite::arch::{self, Arch};
use reglist_suite::exit;
use reglist_suite::report::events::SubjectKind;
use reglist_suite::spec::Spec;

use super::tree::Tree;
use super::{Place, SpecCommandError};
use crate::command::error::Error;
use crate::record::stream::Record;
use crate::report::diff::read::Stored;
use crate::report::diff::words::plain;
use crate::system::output::print;
use crate::system::output::say;
use draft::Draft;
pub(crate) use error::FromKernelError;
use like::Like;
use lists::Lists;
use write::Files;

const AFTER_HELP: &str = "\
Without EVENTS this machine's kernel is asked, which has to be LoongArch's.

The directory becomes a whole tree of specifications, in which the new series is
one more; `--specs DIR --series NAME` of lab and run use it. Registers without a
name are decoded as far as their ids tell, and marked. Groups are those of the
series that the run was made with, as far as they fit.

Exit codes: 0 written in full; 1 the kernel lists something that no
specification can hold, which is named; 64 a run that cannot be used.";

/// What a series is made of, and where it goes.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct FromKernelArgs {
    #[command(flatten)]
    place: Place,
    /// Name of the new series
    #[arg(long, value_name = "NAME", value_parser = series_name)]
    series: String,
    /// Directory that becomes a tree of specifications; new or empty
    #[arg(long, value_name = "DIR")]
    output: PathBuf,
    /// The series whose configurations and groups are taken [default: the run's]
    #[arg(long, value_name = "NAME")]
    like: Option<String>,
    /// Whom to ask, where there are no events
    #[arg(long, value_enum, default_value_t = Asked::Kvm, value_name = "SUBJECT", conflicts_with = "events")]
    subject: Asked,
    /// Write into a directory that is not empty, and over files of these names
    #[arg(long)]
    force: bool,
    /// Print what would be written instead of writing it
    #[arg(long)]
    dry_run: bool,
    /// Events of a run; `-` is the standard input
    #[arg(value_name = "EVENTS")]
    events: Option<PathBuf>,
}

/// Whom to ask for lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Asked {
    /// This machine's kernel
    Kvm,
    /// The built-in model, to see what comes of it
    Model,
}

/// A name that can be a folder beside other series.
fn series_name(name: &str) -> Result<String, String> {
    let is_right = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '-';
    if name.is_empty() || !name.chars().all(is_right) || name.starts_with('-') {
        return Err("use a to z, 0 to 9, _ and -".to_owned());
    }
    if name == "consumers" {
        return Err("that folder is for consumers".to_owned());
    }
    Ok(name.to_owned())
}

/// Writes a series; the result is the exit code.
pub(super) fn run(arguments: &FromKernelArgs) -> Result<u8, Error> {
    let tree = Tree::at(&arguments.place)?;
    if !arguments.dry_run {
        write::check_place(&arguments.output, arguments.force).map_err(SpecCommandError::from)?;
    }
    let record = match &arguments.events {
        Some(path) => stored(path)?,
        None => match ask::record(arguments)? {
            Ok(record) => record,
            Err(code) => return Ok(code),
        },
    };
    let made = Made::of(arguments, &tree, &record)?;
    made.check(&arguments.output)?;
    let shown = if arguments.dry_run {
        made.files.shown(&arguments.output)
    } else {
        made.files.write(&arguments.output, arguments.force).map_err(SpecCommandError::from)?;
        made.summary(arguments)
    };
    print(&shown)?;
    made.lists.troubles().iter().for_each(|trouble| say(&format!("reglist: {trouble}")));
    Ok(if made.lists.troubles().is_empty() { exit::PASSED } else { exit::FAILED })
}

/// The one run of a file.
fn stored(path: &Path) -> Result<Record, SpecCommandError> {
    let stored = if path == Path::new("-") {
        Stored::from_lines(Path::new("the standard input"), io::stdin().lock())
    } else {
        Stored::read(path)
    };
    let runs = stored.map_err(FromKernelError::from)?.runs;
    let number = runs.len();
    match (runs.into_iter().next(), number) {
        (Some(run), 1) => Ok(run.record),
        _ => Err(FromKernelError::SeveralRuns { path: path.to_owned(), number }.into()),
    }
}

/// A series with everything around it.
struct Made {
    arch: &'static dyn Arch,
    series: String,
    lists: Lists,
    like: Like,
    draft: Draft,
    files: Files,
}

impl Made {
    fn of(arguments: &FromKernelArgs, tree: &Tree, record: &Record) -> Result<Self, SpecCommandError> {
        let started = record.started.as_ref().ok_or(FromKernelError::NoRun)?;
        let arch = arch::by_name(&started.architecture);
        let arch = arch.filter(|arch| tree.architectures.iter().any(|known| known.name() == arch.name()));
        let arch = arch.ok_or_else(|| SpecCommandError::Unknown {
            what: "architecture",
            name: plain(&started.architecture),
            known: tree.architectures.iter().map(|arch| arch.name()).collect::<Vec<_>>().join(", "),
        })?;
        let name = arguments.like.as_ref().unwrap_or(&started.series);
        let known = tree.series(arch);
        if !known.contains(name) {
            return Err(FromKernelError::NoLike { series: plain(name), known: known.join(", ") }.into());
        }
        if known.contains(&arguments.series) && !arguments.force {
            return Err(FromKernelError::SeriesExists { series: arguments.series.clone() }.into());
        }
        let like = Like::load(&tree.source, arch, name)?;
        let lists = Lists::of(record, started, &like.spec, arch)?;
        let draft = Draft::of(&lists, &like, arch)?;
        let files = yaml::files(&yaml::Series {
            name: &arguments.series,
            tree,
            arch,
            lists: &lists,
            like: &like,
            draft: &draft,
        })?;
        Ok(Self { arch, series: arguments.series.clone(), lists, like, draft, files })
    }

    /// Loads what is to be written, and holds it against what the kernel lists.
    fn check(&self, output: &Path) -> Result<(), SpecCommandError> {
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

    /// What was written, and what to do with it.
    fn summary(&self, arguments: &FromKernelArgs) -> String {
        let root = arguments.output.display();
        let mut shown = String::new();
        let mut line = |words: String| crate::report::paragraph::hanging(&mut shown, &words);
        let registers = super::text::registers(self.draft.registers.len());
        let configurations = crate::report::diff::words::count(self.lists.configurations.len(), "configuration");
        line(format!(
            "{root}: series {} with {registers} and {configurations}, as {} lists them",
            self.series, self.lists.kernel
        ));
        if self.lists.subject == SubjectKind::Model {
            line("No kernel was asked: these are the lists of the model.".to_owned());
        }
        for review in self.draft.reviews(&self.like.spec.series) {
            line(format!("To review: {review}"));
        }
        let quoted = |path: &Path| {
            shlex::try_quote(&path.display().to_string())
                .map_or_else(|_| path.display().to_string(), |word| word.into_owned())
        };
        let (specs, series) = (quoted(&arguments.output), &self.series);
        let folder = quoted(&arguments.output.join(self.arch.name()).join(series));
        let folder = if folder.contains('/') { folder } else { format!("./{folder}") };
        // The same kernel again, of which nothing but its lists is known here.
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
