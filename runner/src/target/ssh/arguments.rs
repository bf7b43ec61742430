// SPDX-License-Identifier: Apache-2.0 OR MIT
//! What `reglist ssh` takes.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Args;

use super::host::Host;
use crate::command::cli::SuiteArgs;

/// Which board is to be tested, and how.
#[derive(Debug, Clone, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct SshArgs {
    /// The board, as ssh takes it; the user's own configuration applies
    #[arg(value_name = "USER@HOST", value_parser = Host::parse)]
    pub(crate) host: Host,
    /// Use this build of reglist-suite, which must be one for the board
    #[arg(long, value_name = "FILE")]
    pub(crate) suite: Option<PathBuf>,
    /// Make the temporary directory on the board in this one
    #[arg(long, value_name = "DIR")]
    pub(crate) directory: Option<String>,
    /// How long to try to reach a board again that went silent; a reboot takes
    /// its time
    #[arg(long, value_name = "SECONDS", default_value_t = 300)]
    pub(crate) wait: u64,
    /// How often the suite starts again behind a case that brought it, or the
    /// kernel, down
    #[arg(long, value_name = "N", default_value_t = 10)]
    pub(crate) restarts: u32,
    /// Go on with a run that lost its board: these are its results so far
    #[arg(long, value_name = "DIR")]
    #[arg(conflicts_with_all = ["results", "directory", "restarts", "SuiteArgs", "arguments"])]
    pub(crate) resume: Option<PathBuf>,
    /// Keep events, kernel log and logs in this directory
    #[arg(long, value_name = "DIR")]
    pub(crate) results: Option<PathBuf>,
    /// Failures that are known, which fail nothing, as YAML; a case that is
    /// known to fail and passes does
    #[arg(long, value_name = "FILE")]
    pub(crate) known: Option<PathBuf>,
    /// Use the directory of results even if it is not empty
    #[arg(long)]
    pub(crate) force: bool,
    /// Print the commands instead of running them
    #[arg(long)]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) client: ClientArgs,
    #[command(flatten)]
    pub(crate) suite_args: SuiteArgs,
    /// More arguments of reglist-suite; files among them are the board's
    #[arg(last = true, value_name = "ARGUMENT")]
    pub(crate) arguments: Vec<String>,
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

impl ClientArgs {
    /// The client's command line.
    pub(crate) fn to_arguments(&self) -> Vec<OsString> {
        let one = |name: &str, value: &OsString| [OsString::from(name), value.clone()];
        let port = self.port.map(|port| OsString::from(port.to_string()));
        let mut arguments = Vec::new();
        arguments.extend(self.file.iter().flat_map(|file| one("-F", file)));
        arguments.extend(port.iter().flat_map(|port| one("-p", port)));
        arguments.extend(self.identity.iter().flat_map(|file| one("-i", file)));
        arguments.extend(self.jump.iter().flat_map(|hosts| one("-J", hosts)));
        arguments.extend(self.option.iter().flat_map(|option| one("-o", option)));
        arguments
    }
}

impl SshArgs {
    /// The suite's command line, but for what the target adds.
    pub(crate) fn suite_arguments(&self) -> Vec<String> {
        // The filter comes last, and options may not follow it.
        let mut arguments = self.arguments.clone();
        let names_subject = |argument: &String| argument == "--subject" || argument.starts_with("--subject=");
        if !arguments.iter().any(names_subject) {
            // A board is asked for its kernel, whatever it is; not for the model.
            arguments.splice(0..0, ["--subject", "kvm"].map(str::to_owned));
        }
        arguments.extend(self.suite_args.to_arguments());
        arguments
    }

    /// The words with which a user asks for the rest of a run.
    pub(crate) fn to_resume(&self, results: &std::path::Path) -> String {
        let mut words = vec![OsString::from("reglist"), "ssh".into()];
        words.extend(self.client.to_arguments());
        words.extend([self.host.as_str().into(), "--resume".into(), results.into()]);
        let words: Vec<String> = words.iter().map(|word| word.to_string_lossy().into_owned()).collect();
        shlex::try_join(words.iter().map(String::as_str)).unwrap_or_else(|_| words.join(" "))
    }
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
        let passed = arguments.client.to_arguments().join(" ".as_ref());
        assert_eq!(passed, "-F a b -p 22 -i k -J j -o A=b -o C=-d");
        let resume = arguments.to_resume("/r s".as_ref());
        assert_eq!(resume, "reglist ssh -F 'a b' -p 22 -i k -J j -o 'A=b' -o 'C=-d' h --resume '/r s'");
    }

    #[test]
    fn arguments_of_the_suite_come_before_its_filter() {
        let arguments = parse(&["h", "--strict", "base", "--", "--subject", "model"]).unwrap();
        assert_eq!(arguments.suite_arguments(), ["--subject", "model", "--strict", "base"]);
    }

    #[test]
    fn what_is_gone_on_with_is_as_it_was() {
        for more in [&["--strict"][..], &["base"], &["--", "x"], &["--directory", "/tmp"], &["--results", "r"]] {
            assert!(parse(&[&["h", "--resume", "r"], more].concat()).is_err(), "{more:?}");
        }
        assert!(parse(&["h", "--resume", "r", "--known", "k", "--suite", "s", "--wait", "1"]).is_ok());
    }
}
