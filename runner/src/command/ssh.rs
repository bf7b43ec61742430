// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The command `ssh`: tests the kernel of a board.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use reglist_suite::arch::LoongArch64;
use reglist_suite::exit;
use reglist_suite::harness::options::{Given, Selection};
use reglist_suite::spec::Source as Specs;

use crate::command::conclude::conclude_in;
use crate::command::error::Error;
use crate::command::kept::KeptArgs;
use crate::command::selected;
use crate::report::matrix::{Output, Request as MatrixRequest};
use crate::system::session::Session;
use crate::system::verbosity::Verbosity;
use crate::target;
use crate::target::ssh::{Host, Request, Ssh, earlier, program, tries_all};

#[derive(Debug, Clone, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct SshArgs {
    /// The board, as ssh takes it; your ssh configuration applies
    #[arg(value_name = "USER@HOST", value_parser = Host::parse)]
    host: Host,
    /// Use this build of reglist-suite; it must run on the board
    #[arg(long, value_name = "FILE")]
    suite: Option<PathBuf>,
    /// Create the board's temporary directory below this one
    #[arg(long, value_name = "DIR")]
    directory: Option<String>,
    /// Try this long to reconnect to the board, for example during a reboot
    #[arg(long, value_name = "SECONDS", default_value_t = 300)]
    wait: u64,
    /// Maximum restarts after a crash of the suite or the kernel
    #[arg(long, value_name = "N", default_value_t = 10)]
    restarts: u32,
    /// Continue a run that lost its board, from its directory of results
    #[arg(long, value_name = "DIR")]
    #[arg(conflicts_with_all = ["results", "directory", "restarts", "Selection", "arguments"])]
    resume: Option<PathBuf>,
    #[command(flatten)]
    kept: KeptArgs,
    #[command(flatten)]
    client: Given<ClientArgs>,
    #[command(flatten)]
    selection: Given<Selection>,
    /// More arguments for reglist-suite; file names are paths on the board
    #[arg(last = true, value_name = "ARGUMENT")]
    arguments: Vec<String>,
}

const AFTER_HELP: &str = "\
The environment variable REGLIST_SSH selects another client than `ssh`. ssh may
ask for a password or a host key once, at the start, and only on a terminal.";

/// Options for the client, with the client's own spelling.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Passed to ssh")]
pub(crate) struct ClientArgs {
    /// Port of the board's ssh server
    #[arg(short, value_name = "PORT")]
    port: Option<u16>,
    /// File with the private key
    #[arg(short, value_name = "FILE")]
    identity: Vec<OsString>,
    /// Connect through these hosts
    #[arg(short = 'J', value_name = "HOSTS")]
    jump: Option<OsString>,
    /// Use this configuration file instead of your own
    #[arg(short = 'F', value_name = "FILE")]
    file: Option<OsString>,
    /// Set an ssh_config option, such as ConnectTimeout=60
    #[arg(short, value_name = "OPTION")]
    option: Vec<OsString>,
}

impl SshArgs {
    fn request(&self) -> Request {
        let mut words = self.arguments.clone();
        let names_subject = |word: &String| word == "--subject" || word.starts_with("--subject=");
        if !words.iter().any(names_subject) {
            // Test the board's kernel, never the model.
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
}

pub(crate) fn run(arguments: &SshArgs, verbosity: Verbosity) -> Result<u8, Error> {
    let request = arguments.request();
    let all = match &arguments.resume {
        // The words of the run are those of its first start.
        Some(results) => tries_all(&earlier(results, &request)?.arguments),
        None => tries_all(&request.words),
    };
    let known = arguments.kept.known(all)?;
    let output = Output::check(&MatrixRequest { files: Vec::new(), force: false }, all, &Specs::Embedded)?;
    with_target(arguments, verbosity, |ssh, session| {
        let run = target::carry_out(ssh)?.know(known.as_ref());
        if session.planning() {
            return Ok(exit::PASSED);
        }
        conclude_in(&run, session, verbosity, output).map(|ended| ended.code)
    })
}

/// Sets up the access to a board and passes it to `work`.
pub(crate) fn with_target<R>(
    arguments: &SshArgs,
    verbosity: Verbosity,
    work: impl FnOnce(&mut Ssh<'_>, &Session) -> Result<R, Error>,
) -> Result<R, Error> {
    let request = arguments.request();
    match &arguments.suite {
        Some(suite) => program::check_elf(suite)?,
        // The board gets the suite that is part of this program.
        None => selected(&request.words, None, &LoongArch64)?,
    }
    let session = arguments.kept.session(arguments.resume.as_deref(), verbosity)?;
    work(&mut Ssh::new(&session, &request), &session)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(words: &[&str]) -> Result<SshArgs, Error> {
        crate::command::parse([&["ssh"], words].concat())
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
