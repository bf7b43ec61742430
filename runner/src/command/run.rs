// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The command `run`: tests this machine's kernel, or the model.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use reglist_suite::fault::Faults;
use reglist_suite::harness::options::{Options, RESULTS};
use reglist_suite::report::describe;
use reglist_suite::spec::Source;

use crate::command::color::Color;
use crate::command::conclude::conclude;
use crate::command::error::{self, Error};
use crate::command::kept;
use crate::record::run::Run;
use crate::report::matrix::{Output, OutputError, Request};
use crate::report::paragraph::WIDTH;
use crate::system::progress::Progress;
use crate::system::verbosity::Verbosity;
use crate::target::{self, local::Local};

const AFTER_HELP: &str = "\
Exit codes: 0 all passed; 1 a case failed or ended in error; 4 nothing was
tested (skipped, or the kernel does not know the ioctl); 5 the run was
interrupted; 64 wrong usage or specification.";

#[derive(Debug, Clone, Args)]
#[command(after_help = AFTER_HELP, after_long_help = format!("{AFTER_HELP}\n\n{}", describe::tables(WIDTH)))]
pub(crate) struct RunArgs {
    #[command(flatten)]
    options: Options,
    /// Expected failures (YAML). They do not fail the run; an unexpected pass does
    #[arg(long, value_name = "FILE", help_heading = RESULTS)]
    known: Option<PathBuf>,
    /// Write the matrix of `--fault all` to FILE.json; repeatable
    #[arg(long, value_name = "FILE", help_heading = RESULTS)]
    matrix: Vec<PathBuf>,
    /// Overwrite the files of `--matrix`
    #[arg(long, requires = "matrix", help_heading = RESULTS)]
    force: bool,
}

/// Runs the suite and shows what it found.
pub(crate) fn run(arguments: RunArgs, verbosity: Verbosity, color: Color) -> Result<u8, Error> {
    let RunArgs { options, known, matrix, force } = arguments;
    let all = options.fault == Some(Faults::All);
    let known = kept::known(known.as_deref(), all)?;
    if let Some(option) = own_output(&options).filter(|_| !matrix.is_empty()) {
        return Err(OutputError::OwnOutput { option: option.to_owned() }.into());
    }
    let specs = options.specs.clone().map_or(Source::Embedded, Source::Directory);
    let output = Output::check(&Request { files: matrix, force }, all, &specs)?;
    let conclude = Arc::new(move |run: Run| {
        let run = run.know(known.as_ref());
        conclude(&run, verbosity, output.as_ref()).map(|ended| ended.code)
    });
    let shown = Arc::clone(&conclude);
    let last_words = Arc::new(move |run| error::exit_code(shown(run)));
    let mut local = Local::new(options, color.of_libtest(), Progress::new(verbosity), last_words);
    conclude(target::carry_out(&mut local)?)
}

/// The first option that makes the suite print its own output.
fn own_output(options: &Options) -> Option<&'static str> {
    let given = [
        ("--format", options.format.is_some()),
        ("--logfile", options.libtest.logfile.is_some()),
        ("--list", options.list),
    ];
    given.into_iter().find_map(|(name, given)| given.then_some(name))
}
