// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Every option of the suite, declared once. `reglist-suite` and `reglist run` take all
//! of them, `reglist lab` and `reglist ssh` those that select and judge cases. [`Given`]
//! keeps the arguments for a suite on another machine.

use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use clap::builder::PossibleValue;
use clap::parser::ValueSource;
use clap::{ArgAction, ArgMatches, Args, Command, FromArgMatches, Id, ValueEnum};
pub use libtest_mimic::ColorSetting;
use libtest_mimic::FormatSetting;

use crate::fault::Faults;
use crate::harness::subject::{ModelHost, Wanted};
use crate::model::Kernel;
use crate::report::coverage::Coverage;
use crate::report::events::Label;
use crate::report::format::{FORMATS, Format};

/// Time limit of a case unless another is given.
const LIMIT: Duration = Duration::from_secs(10);

const SUBJECT: &str = "Subject";
/// Heading of the options that say where results go.
pub const RESULTS: &str = "Results";

/// Options that select and judge cases.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Selecting and judging cases")]
pub struct Selection {
    /// Run only cases whose id contains one of these
    #[arg(value_name = "FILTER")]
    pub filters: Vec<String>,
    /// Take each FILTER as a whole case id
    #[arg(long)]
    pub exact: bool,
    /// Leave out cases whose id contains FILTER; repeatable
    #[arg(long, value_name = "FILTER")]
    pub skip: Vec<String>,
    /// Run only this configuration; repeatable
    #[arg(long = "config", value_name = "NAME")]
    pub configurations: Vec<String>,
    /// Compare with this version of the expected list [default: v5 on loongarch64]
    #[arg(long, value_name = "NAME")]
    pub series: Option<String>,
    /// Fail on broken `should` clauses, too
    #[arg(long)]
    pub strict: bool,
    /// Report registers beyond the expected list without failing
    #[arg(long)]
    pub allow_new: bool,
    /// Set the time limit of a case [default: 10]
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub timeout: Option<Duration>,
    /// Set the seed of random orders [default: 1]
    #[arg(long, value_name = "NUMBER")]
    pub seed: Option<u64>,
    /// Record a fact about the kernel or board, such as commit=1a2b3c; repeatable
    #[arg(long = "label", value_name = "NAME=VALUE", value_parser = label)]
    pub labels: Vec<Label>,
    /// Also write results to the kernel log, in the format of --format, else as KTAP
    #[arg(long)]
    pub kmsg: bool,
}

/// All options of the suite, but for those of its console.
#[derive(Debug, Clone, Args)]
pub struct Options {
    #[command(flatten)]
    #[expect(missing_docs, reason = "the type has the words; clap would show these as help")]
    pub selection: Selection,
    /// Choose what is tested
    #[arg(long, value_enum, default_value = "auto", value_name = "SUBJECT", help_heading = SUBJECT)]
    pub subject: Wanted,
    /// Choose the kernel that the model imitates
    #[arg(long, value_enum, default_value = "7.2", value_name = "VERSION", help_heading = SUBJECT)]
    pub model_kernel: Kernel,
    /// Choose the host that the model runs on
    #[arg(long, value_enum, default_value = "full", value_name = "HOST", help_heading = SUBJECT)]
    pub model_host: ModelHost,
    /// Add a fault to the model, to check that the suite reports it
    ///
    /// `all` tries one after the other, each in the configuration in which it shows.
    /// `reglist show -v` lists the faults.
    #[arg(long, value_name = "NAME", hide_possible_values = true, value_parser = Faults::parser(), help_heading = SUBJECT)]
    pub fault: Option<Faults>,
    /// Use the specifications in DIR instead of the built-in ones
    #[arg(long, value_name = "DIR", help_heading = SUBJECT)]
    pub specs: Option<PathBuf>,
    /// List the selected cases and run none
    #[arg(long, help_heading = RESULTS)]
    pub list: bool,
    /// Write the events of the run to a new file or a device, as JSON lines
    #[arg(long, value_name = "FILE", help_heading = RESULTS)]
    pub events: Option<PathBuf>,
    /// Choose how results are printed
    ///
    /// pretty, terse and json are libtest's; programs read the others.
    #[arg(id = "output", long = "format", value_enum, value_name = "FORMAT", help_heading = RESULTS)]
    pub format: Option<Shown>,
    /// Write a JUnit report to a new file, complete after every case
    #[cfg(feature = "junit")]
    #[arg(long, value_name = "FILE", help_heading = RESULTS)]
    pub junit: Option<PathBuf>,
    /// Also write results to a terminal device, such as /dev/ttyS1
    #[arg(long, value_name = "DEVICE", help_heading = RESULTS)]
    pub tty: Option<PathBuf>,
    /// With `--fault all`, try only every N-th round, from the K-th on; another guest of
    /// the lab tries the others
    #[arg(long, value_name = "K/N", value_parser = share, hide = true)]
    pub share: Option<Share>,
    /// Note which blocks of this patch each case runs; the lab's guest only
    #[arg(long, value_name = "FILE", value_parser = coverage, hide = true)]
    pub coverage: Option<Arc<Coverage>>,
    /// Leave out the case with this id; repeatable
    #[arg(long = "except", value_name = "ID")]
    pub except: Vec<String>,
    /// Restore each configuration in this many random orders
    ///
    /// The list's own order and its reverse are always tried as well. With `--fault
    /// all`, at most one random order is tried.
    #[arg(long, value_name = "NUMBER", default_value = "15")]
    pub shuffles: usize,
    /// Treat a missing host feature as an error instead of a skip
    #[arg(long, value_name = "FEATURES", value_delimiter = ',', help_heading = SUBJECT)]
    pub require: Vec<String>,
    /// Compare the kernel with the model by this many random calls
    ///
    /// No case runs. The calls SET unlisted registers, so the option works in the lab's
    /// guest and on a model only.
    #[cfg(any(test, feature = "compare"))]
    #[arg(long, value_name = "CALLS", hide_short_help = true, value_parser = clap::value_parser!(u64).range(1..), help_heading = SUBJECT)]
    pub compare_model: Option<u64>,
    #[command(flatten)]
    #[expect(missing_docs, reason = "the type has the words; clap would show these as help")]
    pub libtest: Libtest,
}

/// What libtest programs take, for tools that call every test program alike.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Options of libtest")]
pub struct Libtest {
    /// Run this many cases at once [default: 1]
    #[arg(long, value_name = "NUMBER", hide_short_help = true, overrides_with = "test_threads")]
    pub test_threads: Option<usize>,
    /// Write the output to a new file instead of the standard output
    #[arg(long, value_name = "FILE", hide_short_help = true)]
    pub logfile: Option<String>,
    /// Run ignored cases only; there are none
    #[arg(long, hide = true)]
    pub ignored: bool,
    /// Change nothing
    #[arg(long, hide = true)]
    include_ignored: bool,
    /// Change nothing
    #[arg(long, hide = true)]
    test: bool,
    /// Run benchmarks; there are none
    #[arg(long, hide = true, conflicts_with = "test")]
    pub bench: bool,
    /// Change nothing
    #[arg(long, hide = true)]
    nocapture: bool,
    /// Change nothing
    #[arg(long, hide = true)]
    show_output: bool,
    /// Change nothing
    #[arg(short = 'Z', hide = true, value_name = "FLAG")]
    unstable_flags: Option<String>,
}

/// A part of the rounds of `--fault all`: every `of`-th one, from `first` on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    pub(super) first: usize,
    pub(super) of: usize,
}

fn share(text: &str) -> Result<Share, String> {
    let numbers = text.split_once('/').and_then(|(number, of)| Some((number.parse().ok()?, of.parse().ok()?)));
    match numbers {
        Some((number @ 1.., of)) if number <= of => Ok(Share { first: number - 1, of }),
        _ => Err("not K/N with K from 1 to N".to_owned()),
    }
}

fn coverage(file: &str) -> Result<Arc<Coverage>, String> {
    let text = fs::read(file).map_err(|error| error.to_string())?;
    serde_json::from_slice(&text).map(Arc::new).map_err(|error| error.to_string())
}

impl Options {
    /// Time limit of a case.
    pub fn limit(&self) -> Duration {
        self.selection.timeout.unwrap_or(LIMIT)
    }

    /// Seed of random orders.
    pub fn seed(&self) -> u64 {
        self.selection.seed.unwrap_or(1)
    }

    pub(super) fn selects(&self, id: &str) -> bool {
        let Selection { filters, exact, skip, .. } = &self.selection;
        let matches = |filter: &String| if *exact { id == filter } else { id.contains(filter) };
        let is_named = filters.is_empty() || filters.iter().any(matches);
        let is_left_out = skip.iter().any(matches) || self.except.iter().any(|except| except == id);
        is_named && !is_left_out && !self.libtest.ignored && !self.libtest.bench
    }

    /// Whether the suite prints its results itself.
    pub fn prints(&self) -> bool {
        self.format.is_some() || self.libtest.logfile.is_some() || self.list
    }
}

/// How results are shown on stdout.
#[derive(Debug, Clone, Copy)]
pub enum Shown {
    /// As libtest shows them.
    Libtest(FormatSetting),
    /// In a format for those who read test results.
    Lines(Format),
}

impl ValueEnum for Shown {
    fn value_variants<'a>() -> &'a [Self] {
        static SHOWN: LazyLock<Vec<Shown>> = LazyLock::new(|| {
            let libtest = [FormatSetting::Pretty, FormatSetting::Terse, FormatSetting::Json].map(Shown::Libtest);
            libtest.into_iter().chain(FORMATS.iter().copied().map(Shown::Lines)).collect()
        });
        &SHOWN
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        match self {
            Self::Libtest(format) => format.to_possible_value().map(|value| value.help(None::<&str>)),
            Self::Lines(format) => format.to_possible_value().map(|value| value.help(None::<&str>)),
        }
    }
}

fn label(text: &str) -> Result<Label, String> {
    Label::parse(text).ok_or_else(|| "not NAME=VALUE in one line".to_owned())
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "not a number of seconds".to_owned())?;
    match Duration::try_from_secs_f64(seconds) {
        Ok(limit) if !limit.is_zero() => Ok(limit),
        _ => Err("must be more than 0 and a time that a clock can hold".to_owned()),
    }
}

/// Options with the words that give them to another program.
#[derive(Debug, Clone, Default)]
pub struct Given<T> {
    /// Their values.
    pub options: T,
    /// The command line, as far as it was given and not left to defaults.
    pub words: Vec<String>,
}

impl<T: Args> Args for Given<T> {
    fn group_id() -> Option<Id> {
        T::group_id()
    }

    fn augment_args(command: Command) -> Command {
        T::augment_args(command)
    }

    fn augment_args_for_update(command: Command) -> Command {
        T::augment_args_for_update(command)
    }
}

impl<T: Args> FromArgMatches for Given<T> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        Ok(Self { options: T::from_arg_matches(matches)?, words: words::<T>(matches) })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        self.words = words::<T>(matches);
        self.options.update_from_arg_matches(matches)
    }
}

/// The words that were given for the options of `T`.
fn words<T: Args>(matches: &ArgMatches) -> Vec<String> {
    let declared = T::augment_args(Command::new("options"));
    let mut words = Vec::new();
    for option in declared.get_arguments() {
        let id = option.get_id().as_str();
        if matches.value_source(id) != Some(ValueSource::CommandLine) {
            continue;
        }
        let short = || option.get_short().map(|name| format!("-{name}"));
        let name = option.get_long().map(|name| format!("--{name}")).or_else(short);
        if matches!(option.get_action(), ArgAction::SetTrue) {
            words.extend(name);
            continue;
        }
        for value in matches.get_raw(id).into_iter().flatten() {
            let value = value.to_string_lossy();
            match &name {
                // A value may begin like an option.
                Some(name) if value.starts_with('-') && name.starts_with("--") => words.push(format!("{name}={value}")),
                Some(name) => words.extend([name.clone(), value.into_owned()]),
                None => words.push(value.into_owned()),
            }
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Program {
        #[command(flatten)]
        selection: Given<Selection>,
    }

    #[test]
    fn what_was_given_is_kept_as_words_that_say_the_same() {
        let words = ["efault", "--exact", "--skip=-x", "--config", "pmu", "--config", "lbt", "--timeout", "0.5"];
        let first = Program::try_parse_from(["x"].iter().chain(&words)).unwrap().selection;
        let again = Program::try_parse_from(std::iter::once("x".to_owned()).chain(first.words.clone())).unwrap();
        assert_eq!(first.words, again.selection.words);
        assert_eq!(again.selection.options.configurations, ["pmu", "lbt"]);
        assert_eq!(again.selection.options.skip, ["-x"]);
        assert_eq!(again.selection.options.timeout, Some(Duration::from_millis(500)));
        assert!(Program::try_parse_from(["x"]).unwrap().selection.words.is_empty());
    }
}
