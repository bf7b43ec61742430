// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The commands `man` and `completions`: generate manual pages and shell
//! completions from the command line definitions.

mod examples;
mod page;

use std::fs;
use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{Args, Command, ValueEnum};
use clap_complete::Shell;
use reglist_suite::exit;
use reglist_suite::harness;

use crate::command::error::Error;
use crate::spec::lookup;
use crate::system::files::{self, FileError};
use crate::system::output::{PrintError, print};

const MAN_HELP: &str = "\
Exit codes: 0 written; 5 failed to write a page; 64 wrong usage, or a page
exists.";
const COMPLETIONS_HELP: &str = "\
For bash, in ~/.bashrc:
  eval \"$(reglist completions bash)\"
For zsh, in a directory of $fpath:
  reglist completions zsh > _reglist
For fish:
  reglist completions fish > ~/.config/fish/completions/reglist.fish

Exit codes: 0 written; 64 wrong usage.";

#[derive(Debug, Args)]
#[command(after_help = MAN_HELP)]
pub(crate) struct ManArgs {
    /// Write the pages to this directory; created if missing
    #[arg(value_name = "DIR")]
    directory: PathBuf,
    /// Overwrite pages that exist
    #[arg(long)]
    force: bool,
}

#[derive(Debug, Args)]
#[command(after_help = COMPLETIONS_HELP)]
pub(crate) struct CompletionsArgs {
    /// Program to complete
    #[arg(long, value_enum, default_value_t = Program::Reglist, value_name = "NAME")]
    program: Program,
    /// Shell
    #[arg(value_enum, value_name = "SHELL")]
    shell: Shell,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Program {
    Reglist,
    ReglistSuite,
}

impl Program {
    /// Its command line, given that of `reglist`.
    fn command(self, reglist: Command) -> Command {
        match self {
            Self::Reglist => reglist,
            Self::ReglistSuite => harness::command(),
        }
    }
}

/// Writes every page and returns the exit code.
pub(crate) fn write_pages(arguments: &ManArgs, reglist: Command) -> Result<u8, Error> {
    let directory = &arguments.directory;
    let pages = page::pages(reglist).map_err(PrintError)?;
    fs::create_dir_all(directory).map_err(FileError::write(directory))?;
    let paths: Vec<PathBuf> =
        pages.iter().map(|page| directory.join(format!("{}.{}", page.name, page::SECTION))).collect();
    paths.iter().try_for_each(|path| files::check(path, arguments.force))?;
    for (page, path) in pages.iter().zip(&paths) {
        files::write(path, &page.text, arguments.force)?;
    }
    print(&format!("{} pages in {}\n", pages.len(), directory.display()))?;
    Ok(exit::PASSED)
}

/// Prints a completion and returns the exit code.
pub(crate) fn print_completions(arguments: &CompletionsArgs, reglist: Command) -> Result<u8, Error> {
    let mut command = with_names(arguments.program.command(reglist));
    let name = command.get_name().to_owned();
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut command, name, &mut script);
    print(&String::from_utf8_lossy(&script))?;
    Ok(exit::PASSED)
}

/// Adds the names that `show` accepts, if the program has that command.
fn with_names(command: Command) -> Command {
    let has_show = command.find_subcommand("show").is_some();
    // If the specifications are wrong, the completion has no names; other commands report the error.
    let Some(names) = has_show.then(lookup::names).and_then(Result::ok) else { return command };
    // clap requires 'static names; the program ends soon after this.
    let names: Vec<&'static str> = names.into_iter().map(|name| &*name.leak()).collect();
    command.mut_subcommand("show", |show| {
        show.mut_arg("what", |what| what.value_parser(PossibleValuesParser::new(names)).hide_possible_values(true))
    })
}

#[cfg(test)]
mod tests;
