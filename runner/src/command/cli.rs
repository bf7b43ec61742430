// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The command line: what can be asked, and whom it is handed to.

use std::ffi::OsString;
use std::io::{self, Write as _};
use std::path::PathBuf;

use clap::error::{ContextKind, ErrorKind};
use clap::{Args, CommandFactory as _, Parser, Subcommand, ValueEnum};
use reglist_suite::exit;
use reglist_suite::fault::Faults;
use reglist_suite::report::format::{Format, Origin};

use crate::command::diff::DiffArgs;
use crate::command::error::Error;
use crate::command::manual::{self, CompletionsArgs, ManArgs};
use crate::command::show::ShowArgs;
use crate::command::spec::SpecArgs;
use crate::command::{diff, doctor, lab, own_options, report, run, show, spec, ssh};
use crate::system::cache::{self, Cache};
use crate::system::output::print;
use crate::system::verbosity::Verbosity;
use crate::target::ssh::SshArgs;

/// Tells whether a kernel's KVM_GET_REG_LIST on LoongArch is right.
#[derive(Debug, Parser)]
#[command(name = "reglist", version, after_help = AFTER_HELP, max_term_width = 80)]
pub(crate) struct Cli {
    /// Show a line for each case, and what is done and where it is kept
    #[arg(short, long, global = true)]
    verbose: bool,
    /// Show what failed and the verdict, and no progress
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    quiet: bool,
    /// When to use colours; auto: on a terminal, unless NO_COLOR is set
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto, value_name = "WHEN")]
    color: Color,
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

const AFTER_HELP: &str = "\
Exit codes: 0 all passed; 1 a case failed; 4 nothing was tested (skipped, not
implemented); 5 the infrastructure failed; 64 wrong usage or a patch that does
not apply.";

/// When to use colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    Auto,
    Always,
    Never,
}

impl Color {
    fn apply(self) {
        match self {
            Self::Auto => {}
            Self::Always => console::set_colors_enabled(true),
            Self::Never => console::set_colors_enabled(false),
        }
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Test this machine's kernel, or show a run on the built-in model (the default)
    #[command(disable_help_flag = true)]
    Run {
        /// Arguments of reglist-suite; `run --help` lists them
        #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "ARGUMENT")]
        arguments: Vec<OsString>,
    },
    /// Build a LoongArch kernel and test it in an emulated machine
    Lab(Box<LabArgs>),
    /// Test the kernel of a board over ssh
    Ssh(Box<SshArgs>),
    /// Compare two stored runs: what regressed, what is fixed, which registers came and went
    Diff(DiffArgs),
    /// Report runs that are stored as events, or as KTAP in any log
    Report(ReportArgs),
    /// Say what a register, a clause, a case or a fault is
    Show(ShowArgs),
    /// Check, list and compare specifications, or write one out of what a kernel lists
    Spec(SpecArgs),
    /// Say what the lab needs, what is there and how to get the rest
    Doctor,
    /// Write manual pages
    Man(ManArgs),
    /// Print a completion for a shell
    Completions(CompletionsArgs),
    /// Show or clear what the lab keeps between runs
    Cache {
        /// Remove everything
        #[arg(long)]
        clear: bool,
    },
}

/// What the lab is to test, and how.
#[derive(Debug, Clone, Args)]
pub(crate) struct LabArgs {
    /// Linux from a Debian source package
    #[arg(long, value_enum, default_value_t = Kernel::V7_2, value_name = "VERSION")]
    pub(crate) kernel: Kernel,
    /// Linux from a directory, which is never written to
    #[arg(long, value_name = "DIR", conflicts_with = "kernel")]
    pub(crate) kernel_src: Option<PathBuf>,
    /// Apply a patch (diff or mail); repeat for a series
    #[arg(long = "patch", value_name = "FILE")]
    pub(crate) patches: Vec<PathBuf>,
    /// Apply the reference implementation first
    #[arg(long)]
    pub(crate) reference: bool,
    /// Test several kernels and show them side by side: NAME=ITEM,ITEM..., an
    /// item being a patch, a kernel's version or directory, or `reference`
    #[arg(long = "set", value_name = "NAME=ITEM,...")]
    #[arg(conflicts_with_all = ["fault", "compare_model", "matrix", "bisect", "known"])]
    pub(crate) sets: Vec<String>,
    /// Give the reference a fault on purpose, to see that it is noticed; `all`
    /// tries one after the other, each in the configuration in which it shows
    #[arg(long, value_name = "NAME", hide_possible_values = true, value_parser = Faults::parser())]
    #[arg(conflicts_with = "compare_model")]
    pub(crate) fault: Option<Faults>,
    /// Compare the kernel with the suite's model of it by random calls, in
    /// place of testing it; SETs what no list names, and so only the lab does it
    #[arg(long, value_name = "CALLS", num_args = 0..=1, default_missing_value = "100000")]
    #[arg(value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) compare_model: Option<u64>,
    /// Use this build of reglist-suite for loongarch64
    #[arg(long, value_name = "FILE")]
    pub(crate) suite: Option<PathBuf>,
    /// Specifications to use in place of the built-in ones
    #[arg(long, value_name = "DIR")]
    pub(crate) specs: Option<PathBuf>,
    /// Add to the kernel's command line; `module.parameter=value` goes to a lab module
    #[arg(long, value_name = "WORDS", allow_hyphen_values = true)]
    pub(crate) append: Vec<String>,
    /// How often the machine starts again after a case that brought it down
    #[arg(long, value_name = "N", default_value_t = 10)]
    pub(crate) restarts: u32,
    /// Number of CPUs of the machine
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=4))]
    pub(crate) smp: u8,
    /// Keep every CPU of the machine busy meanwhile
    #[arg(long)]
    pub(crate) busy: bool,
    /// Exit as `git bisect run` reads it: 125 where the kernel does not build or
    /// boot, or does not know the ioctl
    #[arg(long)]
    pub(crate) bisect: bool,
    /// Keep kernel and boot image beside the results, for others to boot
    #[arg(long)]
    pub(crate) keep: bool,
    /// Have the guest write results to its kernel log too, and so to the
    /// console, where others read them; with --keep, they need no more
    #[arg(long, value_enum, value_name = "FORMAT")]
    #[arg(conflicts_with = "compare_model")]
    pub(crate) guest_format: Option<Format>,
    /// Keep events, console and logs in this directory
    #[arg(long, value_name = "DIR")]
    pub(crate) results: Option<PathBuf>,
    /// Failures that are known, which fail nothing, as YAML; a case that is
    /// known to fail and passes does
    #[arg(long, value_name = "FILE")]
    pub(crate) known: Option<PathBuf>,
    /// Write the results of `--fault all` to FILE.json; a copy is always among
    /// the results
    #[arg(long, value_name = "FILE")]
    pub(crate) matrix: Vec<PathBuf>,
    /// Use the directory of results even if it is not empty, and overwrite the
    /// files of `--matrix`
    #[arg(long)]
    pub(crate) force: bool,
    /// Print the commands of each stage instead of running them
    #[arg(long)]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) suite_args: SuiteArgs,
}

/// What is passed on to the suite.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Selecting and judging cases")]
pub(crate) struct SuiteArgs {
    /// Revision of the expected list
    #[arg(long, value_name = "NAME")]
    pub(crate) series: Option<String>,
    /// Test only this configuration
    #[arg(long, value_name = "NAME")]
    pub(crate) config: Vec<String>,
    /// Broken `should` clauses fail
    #[arg(long)]
    pub(crate) strict: bool,
    /// Registers beyond the expected list are reported and do not fail
    #[arg(long)]
    pub(crate) allow_new: bool,
    /// Time limit of a case
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) timeout: Option<u64>,
    /// Where random orders begin; the same seed gives the same run
    #[arg(long, value_name = "NUMBER")]
    pub(crate) seed: Option<u64>,
    /// Write a fact about the kernel down with the run, such as commit=1a2b3c
    #[arg(long = "label", value_name = "NAME=VALUE")]
    pub(crate) labels: Vec<String>,
    /// Write results to the kernel's log too, and so to the console, as KTAP
    #[arg(long)]
    pub(crate) kmsg: bool,
    /// FILTER is a whole case id
    #[arg(long)]
    pub(crate) exact: bool,
    /// Leave out cases whose id contains this
    #[arg(long, value_name = "FILTER")]
    pub(crate) skip: Vec<String>,
    /// Run only cases whose id contains this
    #[arg(value_name = "FILTER")]
    pub(crate) filter: Option<String>,
}

/// What is to be reported, and how.
#[derive(Debug, Args)]
pub(crate) struct ReportArgs {
    /// Files of events (`--events`), or logs with KTAP in them; `-` is the standard input
    #[arg(required = true, value_name = "EVENTS")]
    pub(crate) files: Vec<PathBuf>,
    /// How results are shown
    #[arg(long, value_enum, default_value_t = report::Shown::Pretty, value_name = "FORMAT")]
    pub(crate) format: report::Shown,
    /// Write a JUnit report to a new file
    #[arg(long, value_name = "FILE")]
    pub(crate) junit: Option<PathBuf>,
    /// Write a submission for KCIDB (5.3) to a new file
    #[arg(long, value_name = "FILE")]
    pub(crate) kcidb: Option<PathBuf>,
    /// Write a page to a new file: of the only run, or of the second compared with the first
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
    /// Who submits to KCIDB
    #[arg(long, value_name = "NAME", default_value = "reglist", requires = "kcidb")]
    pub(crate) kcidb_origin: Origin,
    /// The build that was tested, if KCIDB has it; else each run brings one
    #[arg(long, value_name = "ID", requires = "kcidb")]
    pub(crate) kcidb_build: Option<String>,
    /// Overwrite files that exist
    #[arg(long)]
    pub(crate) force: bool,
}

/// A kernel that Debian packages as source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kernel {
    /// Linux 7.2
    #[value(name = "7.2")]
    V7_2,
    /// Linux 6.12
    #[value(name = "6.12")]
    V6_12,
}

impl SuiteArgs {
    /// The suite's command line.
    pub(crate) fn to_arguments(&self) -> Vec<String> {
        let mut arguments = Vec::new();
        let mut option = |name: &str, value: Option<&str>| {
            arguments.push(name.to_owned());
            arguments.extend(value.map(str::to_owned));
        };
        if let Some(series) = &self.series {
            option("--series", Some(series));
        }
        for config in &self.config {
            option("--config", Some(config));
        }
        if self.strict {
            option("--strict", None);
        }
        if self.allow_new {
            option("--allow-new", None);
        }
        if let Some(seconds) = self.timeout {
            option("--timeout", Some(&seconds.to_string()));
        }
        if let Some(seed) = self.seed {
            option("--seed", Some(&seed.to_string()));
        }
        for label in &self.labels {
            option("--label", Some(label));
        }
        if self.kmsg {
            option("--kmsg", None);
        }
        if self.exact {
            option("--exact", None);
        }
        for skip in &self.skip {
            option("--skip", Some(skip));
        }
        arguments.extend(self.filter.clone());
        arguments
    }
}

/// Does what was asked and returns the exit code.
pub(crate) fn run(cli: Cli) -> Result<u8, Error> {
    cli.color.apply();
    let verbosity = Verbosity::of(cli.quiet, cli.verbose);
    match cli.command {
        None => run_here(Vec::new(), verbosity, cli.color),
        Some(Command::Run { arguments }) => run_here(arguments, verbosity, cli.color),
        Some(Command::Lab(arguments)) => lab::run(&arguments, verbosity),
        Some(Command::Ssh(arguments)) => ssh::run(&arguments, verbosity),
        Some(Command::Diff(arguments)) => diff::run(&arguments),
        Some(Command::Report(arguments)) => report::run(&arguments, verbosity),
        Some(Command::Show(arguments)) => show::run(&arguments, verbosity),
        Some(Command::Man(arguments)) => manual::write_pages(&arguments),
        Some(Command::Completions(arguments)) => manual::print_completions(&arguments),
        Some(Command::Spec(arguments)) => spec::run(&arguments),
        Some(Command::Doctor) => doctor::run(),
        Some(Command::Cache { clear }) => show_cache(clear),
    }
}

fn run_here(arguments: Vec<OsString>, verbosity: Verbosity, color: Color) -> Result<u8, Error> {
    let sorted = own_options::sort(arguments, verbosity, color);
    sorted.color.apply();
    run::run(sorted)
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

/// Shows help, the version or what is wrong with the command line, of which
/// `arguments` are all but the program's name.
pub(crate) fn usage(error: &clap::Error, arguments: Vec<OsString>) -> u8 {
    if error.use_stderr() {
        let text = error.render().to_string();
        let text = text.strip_prefix("error: ").unwrap_or(&text);
        let _ = match meant_for_run(error, arguments) {
            Some(command) => {
                let what = text.lines().next().unwrap_or_default();
                writeln!(io::stderr(), "reglist: {what}\n[what is for a run comes behind `run`: {command}]")
            }
            None => write!(io::stderr(), "reglist: {text}"),
        };
        exit::USAGE
    } else {
        let _ = write!(io::stdout(), "{}", error.render());
        exit::PASSED
    }
}

/// The command that was meant, where somebody gave options or a filter of the
/// suite without a command.
fn meant_for_run(error: &clap::Error, arguments: Vec<OsString>) -> Option<String> {
    let unknown = matches!(error.kind(), ErrorKind::UnknownArgument | ErrorKind::InvalidSubcommand);
    let suggested = [ContextKind::SuggestedArg, ContextKind::SuggestedSubcommand];
    if !unknown || suggested.into_iter().any(|kind| error.get(kind).is_some()) {
        return None;
    }
    let commands = Cli::command();
    let is_command = |word: &OsString| commands.get_subcommands().any(|command| word == command.get_name());
    let own_options::Sorted { suite: mut words, matrix, known, .. } =
        own_options::sort(arguments, Verbosity::Normal, Color::Auto);
    if words.iter().any(is_command) {
        return None;
    }
    words.extend(matrix.files.into_iter().flat_map(|file| ["--matrix".into(), file.into_os_string()]));
    words.extend(known.into_iter().flat_map(|file| ["--known".into(), file.into_os_string()]));
    let words: Vec<String> = words.into_iter().map(OsString::into_string).collect::<Result<_, _>>().ok()?;
    let words = shlex::try_join(words.iter().map(String::as_str)).ok()?;
    Some(format!("reglist run {words}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn suite_options_are_passed_on_in_full() {
        let cli = Cli::try_parse_from([
            "reglist",
            "lab",
            "--series",
            "v5",
            "--config",
            "lbt",
            "--config",
            "base",
            "--strict",
            "--allow-new",
            "--timeout",
            "9",
            "--seed",
            "7",
            "--exact",
            "--skip",
            "x",
            "base.count",
        ])
        .unwrap();
        let Some(Command::Lab(lab)) = cli.command else { panic!("not lab") };
        assert_eq!(
            lab.suite_args.to_arguments().join(" "),
            "--series v5 --config lbt --config base --strict --allow-new --timeout 9 --seed 7 --exact --skip x base.count"
        );
    }

    #[test]
    fn a_comparison_has_a_usual_number_of_calls() {
        for (arguments, calls) in
            [(&[][..], None), (&["--compare-model"], Some(100_000)), (&["--compare-model", "7"], Some(7))]
        {
            let cli = Cli::try_parse_from([&["reglist", "lab"], arguments].concat()).unwrap();
            let Some(Command::Lab(lab)) = cli.command else { panic!("not lab") };
            assert_eq!(lab.compare_model, calls);
        }
        assert!(Cli::try_parse_from(["reglist", "lab", "--compare-model", "0"]).is_err());
    }

    #[test]
    fn anything_may_follow_run() {
        let cli = Cli::try_parse_from(["reglist", "run", "--list", "--format", "json", "x"]).unwrap();
        let Some(Command::Run { arguments }) = cli.command else { panic!("not run") };
        assert_eq!(arguments.len(), 4);
    }
}
