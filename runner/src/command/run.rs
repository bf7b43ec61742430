// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The command `run`: the kernel of this machine, or the model.

use std::ffi::OsString;
use std::sync::Arc;

use clap::{Arg, ArgAction, Command, ValueEnum as _};
use reglist_suite::exit;
use reglist_suite::fault::Faults;
use reglist_suite::report::describe;
use reglist_suite::spec::Source;

use crate::command::cli::Color;
use crate::command::error::{self, Error};
use crate::command::own_options::{self, Sorted};
use crate::record::known::{Date, Known, KnownError};
use crate::report::matrix::{Output, OutputError};
use crate::report::paragraph::WIDTH;
use crate::system::output::print;
use crate::system::progress::Progress;
use crate::target::{self, local::Local};

/// The options that the suite does not know, beside those of every command.
pub(crate) fn own_arguments() -> [Arg; 3] {
    let file = |name| Arg::new(name).long(name).value_name("FILE");
    [
        file("known")
            .help("Failures that are known, which fail nothing, as YAML; a case that is known to fail and passes does"),
        file("matrix").action(ArgAction::Append).help("Write the results of --fault all to FILE.json"),
        Arg::new("force").long("force").action(ArgAction::SetTrue).help("Overwrite the files of --matrix"),
    ]
}

/// What the suite's own help does not know.
fn more_help() -> String {
    let verbose = Arg::new("verbose").short('v').long("verbose").action(ArgAction::Count);
    let verbose = verbose
        .help("Show a line for each case after the table; with --fault all, what each clause says of each fault");
    let quiet = Arg::new("quiet").short('q').long("quiet").action(ArgAction::SetTrue);
    let quiet = quiet.help("Show what failed and the verdict, and no progress; the suite's own is --format terse");
    let command =
        Command::new("run").max_term_width(WIDTH).disable_help_flag(true).arg(verbose).arg(quiet).args(own_arguments());
    let options = command.help_template("{options}").render_long_help().to_string();
    format!("\nOf reglist:\n{}\n\nAn interrupted run ends with 5.\n", options.trim_end())
}

/// Runs the suite with its arguments and shows what it found.
pub(crate) fn run(arguments: Sorted) -> Result<u8, Error> {
    let Sorted { mut suite, verbosity, color, help, matrix, known } = arguments;
    let known = known.map(|file| Known::read(&file, Date::today())).transpose()?;
    if let (Color::Always | Color::Never, Some(value)) = (color, color.to_possible_value()) {
        // For the output of its own, where it is asked for that.
        suite.insert(0, format!("--color={}", value.get_name()).into());
    }
    let all = own_options::value(&suite, "--fault").is_some_and(|fault| fault == Faults::All.name().as_str());
    if known.is_some() && all {
        return Err(KnownError::WithEveryFault.into());
    }
    if let Some(option) = own_output(&suite).filter(|_| !matrix.files.is_empty()) {
        return Err(OutputError::OwnOutput { option }.into());
    }
    let specs = own_options::value(&suite, "--specs").map_or(Source::Embedded, |specs| Source::Directory(specs.into()));
    let output = Output::check(&matrix, all, &specs)?;
    let conclude = Arc::new(move |run: target::Run| run.know(known.as_ref()).conclude(verbosity, output.as_ref()));
    let shown = Arc::clone(&conclude);
    let last_words = Arc::new(move |run| error::exit_code(shown(run)));
    let mut local = Local::new(suite, Progress::new(verbosity), last_words);
    let code = conclude(target::carry_out(&mut local)?)?;
    if let Some(long) = help.filter(|_| code == exit::PASSED) {
        print(&more_help())?;
        if long {
            print(&format!("\n{}\n", describe::tables(WIDTH)))?;
        }
    }
    Ok(code)
}

/// The option with which the suite shows its own output, and not the report.
fn own_output(suite: &[OsString]) -> Option<String> {
    let before = suite.iter().take_while(|argument| *argument != "--").filter_map(|argument| argument.to_str());
    let name = |argument: &str| argument.split('=').next().unwrap_or_default().to_owned();
    before.map(name).find(|name| ["--format", "--logfile", "--quiet", "-q", "--list"].contains(&name.as_str()))
}
