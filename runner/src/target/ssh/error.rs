// SPDX-License-Identifier: Apache-2.0 OR MIT
//! What can go wrong between here and a board.

use std::io;
use std::path::PathBuf;

use reglist_suite::exit;

/// What can go wrong between here and a board.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SshError {
    /// There is no client.
    #[error("failed to run `{program}`\n[install OpenSSH's client, or name one in {variable}]")]
    NoClient {
        /// The program.
        program: String,
        /// Environment variable that names it.
        variable: &'static str,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// The client reads what cannot be said to a shell.
    #[error("{word:?} cannot be an argument on the board")]
    Unspeakable {
        /// The word.
        word: String,
    },
    /// The client could not connect.
    #[error(
        "no connection to {host}{words}\n[`{command}` says the same; a password or a new host key is asked for on a terminal alone]"
    )]
    Unreachable {
        /// The board.
        host: String,
        /// What the client says, each on its own line.
        words: String,
        /// The command that shows it.
        command: String,
    },
    /// The connection dropped before the suite ran.
    #[error(
        "the connection to {host} dropped, and there was none for {seconds} s{words}\n[nothing has been tested; run it again when the board is back]"
    )]
    Dropped {
        /// The board.
        host: String,
        /// How long it was tried.
        seconds: u64,
        /// What the client says, each on its own line.
        words: String,
    },
    /// The board does not answer as a shell does.
    #[error(
        "{host} does not run `sh`: status {status}{words}\n[the user there needs a login shell, and `sh` in its search path]"
    )]
    NoShell {
        /// The board.
        host: String,
        /// What the command ended with.
        status: i32,
        /// What it says, each on its own line.
        words: String,
    },
    /// The board says something else than it was told to.
    #[error("the answer of {host} cannot be understood: {problem}\n[the commands are in {}]", log.display())]
    Answer {
        /// The board.
        host: String,
        /// What is wrong with it.
        problem: String,
        /// The log of all commands.
        log: PathBuf,
    },
    /// The program is for another machine.
    #[error("`{}` is a program for {made_for}, and {host} is {machine}\n[give a build of reglist-suite for {machine} with --suite FILE]", path.display())]
    WrongMachine {
        /// The program.
        path: PathBuf,
        /// What it runs on.
        made_for: String,
        /// The board.
        host: String,
        /// What the board is.
        machine: String,
    },
    /// The program cannot be read.
    #[error("failed to read `{}`\n[--suite takes a build of reglist-suite]", path.display())]
    Program {
        /// The file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// Not a program.
    #[error("`{}` is no program: it is not a 64-bit ELF file\n[--suite takes a build of reglist-suite]", path.display())]
    NoElf {
        /// The file.
        path: PathBuf,
    },
    /// Nothing to run on such a board.
    #[error(
        "no static reglist-suite for {machine} beside this program\n[cargo build --profile small -p reglist-suite --target {machine}-unknown-linux-musl, and give it with --suite FILE]"
    )]
    NoProgram {
        /// What the board is.
        machine: String,
    },
    /// The board has no place for the program.
    #[error("no place on {host} for the program{reasons}\n[name a directory there with --directory]")]
    NoPlace {
        /// The board.
        host: String,
        /// Each place and why it will not do, each on its own line.
        reasons: String,
    },
    /// The program did not arrive.
    #[error(
        "the program could not be copied to {directory} on {host}{words}\n[make room there, or name another directory with --directory]"
    )]
    Copy {
        /// The board.
        host: String,
        /// The directory there.
        directory: String,
        /// What the board says, each on its own line.
        words: String,
    },
    /// The program is there, and cannot be started.
    #[error(
        "the suite could not be started in {directory} on {host}{words}\n[see whether the directory is still there, and run it again]"
    )]
    NotStarted {
        /// The board.
        host: String,
        /// The directory there.
        directory: String,
        /// What the board says, each on its own line.
        words: String,
    },
    /// The program does not run.
    #[error(
        "the program does not run on {host}{words}\n[--suite takes a static build of reglist-suite for that board]"
    )]
    DoesNotRun {
        /// The board.
        host: String,
        /// What the board says, each on its own line.
        words: String,
    },
    /// The suite ended before its first event.
    #[error("no event came from the suite on {host}: {cause}{words}\n[what was heard is in {}]", results.display())]
    NoEvents {
        /// The board.
        host: String,
        /// What ended it.
        cause: String,
        /// What it says, each on its own line.
        words: String,
        /// The directory of results.
        results: PathBuf,
    },
    /// The user asked to stop.
    #[error("interrupted before the suite was heard of")]
    Interrupted,
    /// The client and the machine it runs on.
    #[error("failed to {action}")]
    Machine {
        /// What was tried.
        action: &'static str,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// A file here.
    #[error("failed to {action} `{}`", path.display())]
    File {
        /// What was tried.
        action: &'static str,
        /// With what.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// There is nothing to go on with.
    #[error("`{}` has no run to go on with: {why}", path.display())]
    NoRest {
        /// The directory of results.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// The run was on another board.
    #[error("the run in `{}` was on {was}, and not on {host}\n[name that board; where it has a new address: -o HostName=ADDRESS]", path.display())]
    OtherHost {
        /// The directory of results.
        path: PathBuf,
        /// The board then.
        was: String,
        /// The board now.
        host: String,
    },
}

impl SshError {
    /// Whose turn it is: the user's (64) or the board's (5).
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::Unspeakable { .. }
            | Self::WrongMachine { .. }
            | Self::Program { .. }
            | Self::NoElf { .. }
            | Self::NoProgram { .. }
            | Self::NoRest { .. }
            | Self::OtherHost { .. } => exit::USAGE,
            _ => exit::INFRASTRUCTURE,
        }
    }

    /// Whether a run on the board, if there is one, has nothing to do with it.
    pub(super) fn leaves_the_run(&self) -> bool {
        matches!(self, Self::File { .. } | Self::Machine { .. } | Self::NoClient { .. } | Self::Answer { .. })
    }

    /// An answer that cannot be understood.
    pub(super) fn garbled(host: &str, log: &std::path::Path, garbled: &Garbled) -> Self {
        Self::Answer { host: host.to_owned(), problem: garbled.to_string(), log: log.to_owned() }
    }
}

/// What came is not what the board was told to say.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("the board said {line:?}")]
pub(super) struct Garbled {
    pub(super) line: String,
}
