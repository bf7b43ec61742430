// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The command `ssh`.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use reglist_suite::arch::LoongArch64;
use reglist_suite::exit;
use reglist_suite::fault::Faults;
use reglist_suite::harness;
use reglist_suite::harness::options::{Given, Selection};
use reglist_suite::spec::Source as Specs;

use crate::command::conclude::conclude_in;
use crate::command::error::Error;
use crate::command::selected;
use crate::record::known::{Date, Known, KnownError};
use crate::report::matrix::{Output, Request as MatrixRequest};
use crate::system::cache::Cache;
use crate::system::interrupt::Interrupt;
use crate::system::results::Results;
use crate::system::session::Session;
use crate::system::verbosity::Verbosity;
use crate::target;
use crate::target::ssh::{Host, Request, Ssh, earlier, program};

/// Which board is to be tested, and how.
#[derive(Debug, Clone, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct SshArgs {
    /// The board, as ssh takes it; the user's own configuration applies
    #[arg(value_name = "USER@HOST", value_parser = Host::parse)]
    host: Host,
    /// Use this build of reglist-suite, which must be one for the board
    #[arg(long, value_name = "FILE")]
    suite: Option<PathBuf>,
    /// Make the temporary directory on the board in this one
    #[arg(long, value_name = "DIR")]
    directory: Option<String>,
    /// How long to try to reach a board again that went silent; a reboot takes
    /// its time
    #[arg(long, value_name = "SECONDS", default_value_t = 300)]
    wait: u64,
    /// How often the suite starts again behind a case that brought it, or the
    /// kernel, down
    #[arg(long, value_name = "N", default_value_t = 10)]
    restarts: u32,
    /// Go on with a run that lost its board: these are its results so far
    #[arg(long, value_name = "DIR")]
    #[arg(conflicts_with_all = ["results", "directory", "restarts", "Selection", "arguments"])]
    resume: Option<PathBuf>,
    /// Keep events, kernel log and logs in this directory
    #[arg(long, value_name = "DIR")]
    results: Option<PathBuf>,
    /// Failures that are known, which fail nothing, as YAML; a case that is
    /// known to fail and passes does
    #[arg(long, value_name = "FILE")]
    known: Option<PathBuf>,
    /// Use the directory of results even if it is not empty
    #[arg(long)]
    force: bool,
    /// Print the commands instead of running them
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    client: Given<ClientArgs>,
    #[command(flatten)]
    selection: Given<Selection>,
    /// More arguments of reglist-suite; files among them are the board's
    #[arg(last = true, value_name = "ARGUMENT")]
    arguments: Vec<String>,
}

const AFTER_HELP: &str = "\
The environment variable REGLIST_SSH names another client than `ssh`. A password
or an unknown host key is asked for at the start alone, and only on a terminal.";

/// What is passed on to the client, spelled as it spells it.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Passed on to ssh")]
pub(crate) struct ClientArgs {
    /// Port of the board's ssh server
    #[arg(short, value_name = "PORT")]
    port: Option<u16>,
    /// File with the private key
    #[arg(short, value_name = "FILE")]
    identity: Vec<OsString>,
    /// Hosts to go through
    #[arg(short = 'J', value_name = "HOSTS")]
    jump: Option<OsString>,
    /// Configuration in place of the user's
    #[arg(short = 'F', value_name = "FILE")]
    file: Option<OsString>,
    /// An option as in ssh_config, such as ConnectTimeout=60
    #[arg(short, value_name = "OPTION")]
    option: Vec<OsString>,
}

impl SshArgs {
    /// The run that is asked for.
    fn request(&self) -> Request {
        let mut words = self.arguments.clone();
        let names_subject = |word: &String| word == "--subject" || word.starts_with("--subject=");
        if !words.iter().any(names_subject) {
            // A board is asked for its kernel, whatever it is; not for the model.
            words.splice(0..0, ["--subject", "kvm"].map(str::to_owned));
        }
        words.extend(self.selection.words.iter().cloned());
        Request {
            host: self.host.clone(),
            suite: self.suite.clone(),
            directory: self.directory.clone(),
            wait: Duration::from_secs(self.wait),
            restarts: self.restarts,
            resume: self.resume.clone(),
            client: self.client.words.iter().map(OsString::from).collect(),
            words,
        }
    }

    /// Whether the run tries every fault.
    fn tries_all(&self) -> bool {
        let words = self.arguments.iter().map(OsString::from);
        harness::read_options(words).is_ok_and(|options| options.fault == Some(Faults::All))
    }
}

/// The command `ssh`.
pub(crate) fn run(arguments: &SshArgs, verbosity: Verbosity) -> Result<u8, Error> {
    let known = arguments.known.as_deref().map(|file| Known::read(file, Date::today())).transpose()?;
    let all = arguments.tries_all();
    if known.is_some() && all {
        return Err(KnownError::WithEveryFault.into());
    }
    let output = Output::check(&MatrixRequest { files: Vec::new(), force: false }, all, &Specs::Embedded)?;
    with_target(arguments, verbosity, |ssh, session| {
        let run = target::carry_out(ssh)?.know(known.as_ref());
        if session.planning() {
            return Ok(exit::PASSED);
        }
        conclude_in(run, session, verbosity, output)
    })
}

/// Does some work with a board as the arguments describe it.
pub(crate) fn with_target<R>(
    arguments: &SshArgs,
    verbosity: Verbosity,
    work: impl FnOnce(&mut Ssh<'_>, &Session) -> Result<R, Error>,
) -> Result<R, Error> {
    let request = arguments.request();
    match &arguments.suite {
        Some(suite) => program::check_elf(suite)?,
        // The suite inside this program is the one that the board gets.
        None => selected(&request.words, None, &LoongArch64)?,
    }
    if let Some(results) = &arguments.resume {
        earlier(results, &request)?;
    }
    let place = Cache::place()?;
    let cache = if arguments.dry_run { Cache::planned(place) } else { Cache::open(place)? };
    let results = match (&arguments.resume, &arguments.results) {
        _ if arguments.dry_run => Results::planned(&cache),
        (Some(earlier), _) => Results::earlier(earlier)?,
        (None, Some(path)) => Results::named(path, arguments.force)?,
        (None, None) => Results::in_cache(&cache)?,
    };
    let interrupt = Interrupt::listen()?;
    let session = Session::new(cache, results, interrupt, verbosity, arguments.dry_run)?;
    work(&mut Ssh::new(&session, &request), &session)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Command {
        #[command(flatten)]
        arguments: SshArgs,
    }

    fn parse(words: &[&str]) -> Result<SshArgs, clap::Error> {
        Command::try_parse_from([&["ssh"], words].concat()).map(|command| command.arguments)
    }

    #[test]
    fn the_clients_options_are_passed_on_as_they_are() {
        let arguments = parse(&["-p", "22", "-F", "a b", "-o", "A=b", "-o", "-x", "-J", "j", "-i", "k", "root@board"]);
        // A value that looks like an option is one of the client's own words.
        assert!(arguments.is_err());
        let arguments =
            parse(&["-p", "22", "-F", "a b", "-o", "A=b", "-o", "C=-d", "-J", "j", "-i", "k", "h"]).unwrap();
        let passed = arguments.request().client.join(" ".as_ref());
        assert_eq!(passed, "-p 22 -i k -J j -F a b -o A=b -o C=-d");
        let resume = arguments.request().to_resume("/r s".as_ref());
        assert_eq!(resume, "reglist ssh -p 22 -i k -J j -F 'a b' -o 'A=b' -o 'C=-d' h --resume '/r s'");
    }

    #[test]
    fn arguments_of_the_suite_come_first() {
        let arguments = parse(&["h", "--strict", "base", "--", "--subject", "model"]).unwrap();
        assert_eq!(arguments.request().words, ["--subject", "model", "base", "--strict"]);
    }

    #[test]
    fn what_is_gone_on_with_is_as_it_was() {
        for more in [&["--strict"][..], &["base"], &["--", "x"], &["--directory", "/tmp"], &["--results", "r"]] {
            assert!(parse(&[&["h", "--resume", "r"], more].concat()).is_err(), "{more:?}");
        }
        assert!(parse(&["h", "--resume", "r", "--known", "k", "--suite", "s", "--wait", "1"]).is_ok());
    }
}
