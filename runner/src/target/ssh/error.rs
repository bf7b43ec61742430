// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Errors of the target `ssh`.

use std::io;
use std::path::PathBuf;

use reglist_suite::exit;

use crate::system::files::FileError;

/// `words` are messages of the client or the board, `reasons` are problems with
/// directories, each on its own line.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SshError {
    #[error("failed to run `{program}`\n[install the OpenSSH client, or set {variable} to a client]")]
    NoClient { program: String, variable: &'static str, source: io::Error },
    #[error("failed to quote {word:?} for the board's shell\n[remove the NUL character]")]
    Unspeakable { word: String },
    #[error(
        "failed to connect to {host}{words}\n[try `{command}`; ssh asks for a password or a new host key only on a terminal]"
    )]
    Unreachable { host: String, words: String, command: String },
    #[error(
        "lost the connection to {host} for {seconds} s before the first case{words}\n[run the command again when the board is back]"
    )]
    Dropped { host: String, seconds: u64, words: String },
    #[error(
        "failed to run `sh` on {host}: status {status}{words}\n[use an account with a login shell and `sh` in its search path]"
    )]
    NoShell { host: String, status: i32, words: String },
    #[error("unexpected answer from {host}: {problem}\n[log: {}]", log.display())]
    Answer { host: String, problem: String, log: PathBuf },
    #[error("`{}` is a program for {made_for}, but {host} is {machine}\n[pass a reglist-suite for {machine} with --suite FILE]", path.display())]
    WrongMachine { path: PathBuf, made_for: String, host: String, machine: String },
    #[error("failed to read `{}`\n[pass a build of reglist-suite to --suite]", path.display())]
    Program { path: PathBuf, source: io::Error },
    #[error("`{}` is not a 64-bit ELF program\n[pass a build of reglist-suite to --suite]", path.display())]
    NoElf { path: PathBuf },
    #[error(
        "no static reglist-suite for {machine} in the directory of reglist\n[run `cargo build --profile small -p reglist-suite --target {machine}-unknown-linux-musl`, and pass it with --suite FILE]"
    )]
    NoProgram { machine: String },
    #[error("no usable directory on {host}{reasons}\n[name one with --directory]")]
    NoPlace { host: String, reasons: String },
    #[error(
        "failed to copy reglist-suite to {directory} on {host}{words}\n[free space there, or name another directory with --directory]"
    )]
    Copy { host: String, directory: String, words: String },
    #[error(
        "failed to start reglist-suite in {directory} on {host}{words}\n[check that the directory exists, and run the command again]"
    )]
    NotStarted { host: String, directory: String, words: String },
    #[error("failed to run reglist-suite on {host}{words}\n[pass a static build for that board with --suite FILE]")]
    DoesNotRun { host: String, words: String },
    #[error("no event from reglist-suite on {host}: {cause}{words}\n[results: {}]", results.display())]
    NoEvents { host: String, cause: String, words: String, results: PathBuf },
    #[error("more than {mebibytes} MiB of events from {host}\n[results: {}]", path.display())]
    TooMuch { host: String, mebibytes: usize, path: PathBuf },
    #[error("interrupted before the first event")]
    Interrupted,
    #[error("failed to {action}")]
    Machine { action: &'static str, source: io::Error },
    #[error(transparent)]
    File(#[from] FileError),
    #[error("failed to continue the run in `{}`: {why}", path.display())]
    NoRest { path: PathBuf, why: String },
    #[error("the run in `{}` was on {was}, not on {host}\n[name {was}; for a new address, add -o HostName=ADDRESS]", path.display())]
    OtherHost { path: PathBuf, was: String, host: String },
}

impl SshError {
    /// The exit code: wrong input from the user, or trouble of the board.
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

    /// Whether a run on the board can continue despite the error.
    pub(super) fn leaves_the_run(&self) -> bool {
        matches!(self, Self::File(_) | Self::Machine { .. } | Self::NoClient { .. } | Self::Answer { .. })
    }
}

/// Why a board does not answer.
#[derive(Debug)]
pub(super) enum Trouble {
    /// No connection, during the user's waiting time for a repeated script; has the
    /// client's messages.
    Lost(Vec<String>),
    /// The board has rebooted.
    Rebooted,
    Interrupted,
    /// Another error; a repeat does not help.
    Error(SshError),
}

impl Trouble {
    pub(super) fn in_words(&self) -> String {
        match self {
            Self::Lost(words) => words.first().cloned().unwrap_or_else(|| "no connection".to_owned()),
            Self::Interrupted => "interrupted".to_owned(),
            Self::Rebooted => "the board rebooted".to_owned(),
            Self::Error(error) => error.to_string(),
        }
    }

    /// The error of a run that did not start; `lost` makes that of a lost connection.
    pub(super) fn before_the_run(self, lost: impl FnOnce(&[String]) -> SshError) -> SshError {
        match self {
            Self::Lost(words) => lost(&words),
            Self::Rebooted => lost(&[self.in_words()]),
            Self::Interrupted => SshError::Interrupted,
            Self::Error(error) => error,
        }
    }
}

impl From<SshError> for Trouble {
    fn from(error: SshError) -> Self {
        match error {
            SshError::Interrupted => Self::Interrupted,
            error => Self::Error(error),
        }
    }
}
