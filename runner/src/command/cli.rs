// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The command line of `reglist`, and the call of each command.

use std::ffi::OsString;
use std::io::{self, Write as _};

use clap::error::{ContextKind, ErrorKind};
use clap::{ArgAction, CommandFactory as _, Parser, Subcommand};
use reglist_suite::exit;
use reglist_suite::report::control;

use crate::command::color::Color;
use crate::command::diff::DiffArgs;
use crate::command::error::Error;
use crate::command::lab::LabArgs;
use crate::command::manual::{self, CompletionsArgs, ManArgs};
use crate::command::report::ReportArgs;
use crate::command::run::RunArgs;
use crate::command::show::ShowArgs;
use crate::command::spec::SpecArgs;
use crate::command::ssh::SshArgs;
use crate::command::{diff, doctor, lab, parse, report, run, sets, show, spec, ssh};
use crate::system::cache::{self, Cache};
use crate::system::output::print;
use crate::system::verbosity::Verbosity;

/// Tests the ioctl KVM_GET_REG_LIST of LoongArch kernels
#[derive(Debug, Parser)]
#[command(name = "reglist", version, after_help = AFTER_HELP, max_term_width = 80)]
pub(crate) struct Cli {
    /// Print a line for each case, and details of each stage
    #[arg(short, long, global = true, action = ArgAction::Count)]
    verbose: u8,
    /// Print only failures and the verdict
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    quiet: bool,
    /// Use colours; auto: on a terminal, unless NO_COLOR is set
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto, value_name = "WHEN")]
    color: Color,
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

const AFTER_HELP: &str = "\
Exit codes: 0 all passed; 1 a case failed; 4 nothing was tested (skipped, not
implemented); 5 the infrastructure failed; 6 the kernel does not build; 64 wrong
usage, or a patch does not apply.";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Test this machine's kernel, or the built-in model (default)
    Run(Box<RunArgs>),
    /// Build a LoongArch kernel and test it in an emulated machine
    Lab(Box<LabArgs>),
    /// Test the kernel of a board over ssh
    Ssh(Box<SshArgs>),
    /// Compare two stored runs: regressions, fixes, registers
    Diff(DiffArgs),
    /// Report stored runs, from events or from KTAP in a log
    Report(ReportArgs),
    /// Explain a register, clause, case or fault
    Show(ShowArgs),
    /// Check, list, compare and create specifications
    Spec(SpecArgs),
    /// Check the requirements of the lab
    Doctor,
    /// Write manual pages
    Man(ManArgs),
    /// Print a completion script for a shell
    Completions(CompletionsArgs),
    /// Show or clear the lab's cache
    Cache {
        /// Remove all files of the cache
        #[arg(long)]
        clear: bool,
    },
}

/// Runs the command and returns the exit code.
pub(crate) fn run(cli: Cli) -> Result<u8, Error> {
    cli.color.apply();
    let verbosity = Verbosity::of(cli.quiet, cli.verbose > 0);
    match cli.command {
        None => run::run(parse(["run"])?, verbosity, cli.color),
        Some(Command::Run(arguments)) => run::run(*arguments, verbosity, cli.color),
        Some(Command::Lab(arguments)) if !arguments.sets.is_empty() => sets::run(&arguments, verbosity),
        Some(Command::Lab(arguments)) => lab::run(&arguments, verbosity),
        Some(Command::Ssh(arguments)) => ssh::run(&arguments, verbosity),
        Some(Command::Diff(arguments)) => diff::run(&arguments),
        Some(Command::Report(arguments)) => report::run(&arguments, verbosity),
        Some(Command::Show(arguments)) => show::run(&arguments, verbosity),
        Some(Command::Man(arguments)) => manual::write_pages(&arguments, Cli::command()),
        Some(Command::Completions(arguments)) => manual::print_completions(&arguments, Cli::command()),
        Some(Command::Spec(arguments)) => spec::run(&arguments),
        Some(Command::Doctor) => doctor::run(),
        Some(Command::Cache { clear }) => show_cache(clear),
    }
}

fn show_cache(clear: bool) -> Result<u8, Error> {
    let place = Cache::place()?;
    if clear {
        Cache::clear(&place)?;
    }
    let (bytes, files) = cache::size(&place);
    let shown = format!("{}: {:.1} GB in {files} files\n", place.display(), bytes as f64 / 1e9);
    print(&shown)?;
    Ok(exit::PASSED)
}

/// Prints help, the version or an error. `arguments` lack the program's name.
pub(crate) fn usage(error: &clap::Error, arguments: Vec<OsString>) -> u8 {
    if error.use_stderr() {
        let text = error.render().to_string();
        let text = text.strip_prefix("error: ").unwrap_or(&text);
        let _ = match meant_for_run(error, arguments) {
            Some(command) => {
                let what = text.lines().next().unwrap_or_default();
                let message = format!("reglist: {what}\n[did you mean `{command}`?]");
                writeln!(io::stderr(), "{}", control::shown(&message, false))
            }
            None => write!(io::stderr(), "{}", control::shown(&format!("reglist: {text}"), false)),
        };
        exit::USAGE
    } else {
        let _ = write!(io::stdout(), "{}", error.render());
        exit::PASSED
    }
}

/// The correct command, if the arguments are options or filters of `run`.
fn meant_for_run(error: &clap::Error, arguments: Vec<OsString>) -> Option<String> {
    let unknown = matches!(error.kind(), ErrorKind::UnknownArgument | ErrorKind::InvalidSubcommand);
    let suggested = [ContextKind::SuggestedArg, ContextKind::SuggestedSubcommand];
    if !unknown || suggested.into_iter().any(|kind| error.get(kind).is_some()) {
        return None;
    }
    let commands = Cli::command();
    let is_command = |word: &OsString| commands.get_subcommands().any(|command| word == command.get_name());
    if arguments.iter().any(is_command) {
        return None;
    }
    let words: Vec<String> = arguments.into_iter().map(OsString::into_string).collect::<Result<_, _>>().ok()?;
    Cli::try_parse_from(["reglist", "run"].into_iter().chain(words.iter().map(String::as_str))).ok()?;
    let words = shlex::try_join(words.iter().map(String::as_str)).ok()?;
    Some(format!("reglist run {words}"))
}
