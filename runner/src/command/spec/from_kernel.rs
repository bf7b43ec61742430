// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The command `spec from-kernel`: creates a series from a kernel's lists.

use std::env::consts::ARCH;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args, ValueEnum};
use reglist_suite::arch::{Arch as _, LoongArch64};
use reglist_suite::exit;
use reglist_suite::harness;

use crate::command::error::Error;
use crate::record::Record;
use crate::spec;
use crate::spec::from_kernel::{FromKernelError, Plan, Request, series_name, stored};
use crate::system::output::{print, say};
use crate::system::progress::Progress;
use crate::system::verbosity::Verbosity;
use crate::target::{self, local::Local};

/// Selects the cases that record the list of every configuration.
const CASES: &str = ".contents.exact";

const AFTER_HELP: &str = "\
Without EVENTS the command reads the lists of this machine's kernel, which must
be a LoongArch kernel.

The directory becomes a complete tree of specifications with the new series. To
use it, pass `--specs DIR --series NAME` to lab or run. An unknown register gets
a name decoded from its id, and a comment. Groups come from the series of the
run, as far as they fit.

Exit codes: 0 complete; 1 the kernel lists ids that a specification cannot hold,
and the command names them; 64 the run is unusable.";

#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct FromKernelArgs {
    /// Name of the new series
    #[arg(long, value_name = "NAME", value_parser = series_name)]
    series: String,
    /// Write the tree of specifications here; new or empty
    #[arg(long, value_name = "DIR")]
    output: PathBuf,
    /// Take configurations and groups from this series [default: the run's]
    #[arg(long, value_name = "NAME")]
    like: Option<String>,
    /// Read the lists of this subject; only without EVENTS
    #[arg(long, value_enum, default_value_t = Asked::Kvm, value_name = "SUBJECT", conflicts_with = "events")]
    subject: Asked,
    /// Write to a directory that is not empty; overwrite files
    #[arg(long)]
    force: bool,
    /// Print the files instead of writing them
    #[arg(long)]
    dry_run: bool,
    /// Events of a run; `-` is the standard input
    #[arg(value_name = "EVENTS")]
    events: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Asked {
    /// This machine's kernel
    Kvm,
    /// The built-in model, for a trial
    Model,
}

pub(super) fn run(arguments: &FromKernelArgs, specs: Option<&Path>) -> Result<u8, Error> {
    let plan = Plan::new(Request {
        specs: specs.map(Path::to_owned),
        series: arguments.series.clone(),
        output: arguments.output.clone(),
        like: arguments.like.clone(),
        force: arguments.force,
        dry_run: arguments.dry_run,
    })?;
    let record = match &arguments.events {
        Some(path) => stored(path)?,
        None => match asked(arguments, specs)? {
            Ok(record) => record,
            Err(code) => return Ok(code),
        },
    };
    let written = plan.write(&record)?;
    print(&written.text)?;
    written.troubles.iter().for_each(|trouble| say(&format!("reglist: {trouble}")));
    Ok(if written.troubles.is_empty() { exit::PASSED } else { exit::FAILED })
}

/// Runs the cases that record lists. If the suite gave up, it has printed the
/// reason, and the result is its exit code.
fn asked(arguments: &FromKernelArgs, specs: Option<&Path>) -> Result<Result<Record, u8>, Error> {
    let subject = match arguments.subject {
        Asked::Kvm if ARCH != LoongArch64.name() => {
            return Err(spec::Error::from(FromKernelError::NoKernel { machine: ARCH }).into());
        }
        Asked::Kvm => "kvm",
        Asked::Model => "model",
    };
    let mut words: Vec<OsString> = ["--subject", subject, "--allow-new"].map(OsString::from).into();
    if let Some(specs) = specs {
        words.extend(["--specs".into(), specs.into()]);
    }
    if let Some(series) = &arguments.like {
        words.extend(["--series".into(), series.into()]);
    }
    words.push(CASES.into());
    let last_words = Arc::new(|_| {
        say("reglist: interrupted; no file was written");
        exit::INFRASTRUCTURE
    });
    let options = harness::read_options(words).map_err(Error::usage)?;
    let run = target::carry_out(&mut Local::new(options, None, Progress::new(Verbosity::Normal), last_words))?;
    let record = run.runs.current();
    Ok(match &record.started {
        Some(_) => Ok(record.clone()),
        None => Err(run.code.filter(|code| *code != exit::PASSED).unwrap_or(exit::INFRASTRUCTURE)),
    })
}
