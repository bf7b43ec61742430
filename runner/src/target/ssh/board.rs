// SPDX-License-Identifier: Apache-2.0 OR MIT
//! A board: its identity, the temporary directory, and scripts that survive a
//! lost connection.

use std::fs::File;
use std::io::IsTerminal as _;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use super::connection::{Answer, Connection};
use super::error::{SshError, Trouble};
use super::request::Request;
use super::script;
use super::talk::TICK;
use crate::system::files::FileError;
use crate::system::session::Session;
use crate::system::stage::indented;

/// Pause between the first reconnect attempts.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// Pause between later attempts.
const LAST_PAUSE: Duration = Duration::from_secs(15);
/// Accepted refusals: a booting board may refuse the user for a moment.
const REFUSALS: u32 = 3;
/// KiB that a run needs on the board in addition to the program.
const ROOM: u64 = 8 << 10;
/// Exit status of the script that checks the program.
const NOT_WHOLE: i32 = 3;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Identity {
    /// As printed by `uname -m`.
    pub(super) machine: String,
    pub(super) release: String,
    pub(super) boot: String,
}

impl Identity {
    fn of(answer: &Answer) -> Option<Self> {
        let mut lines = answer.text.lines().map(|line| line.trim().to_owned());
        let (machine, release, boot) = (lines.next()?, lines.next()?, lines.next()?);
        Some(Self { machine, release, boot })
    }
}

#[derive(Debug)]
pub(super) struct Board<'s> {
    session: &'s Session,
    pub(super) connection: Connection<'s>,
    wait: Duration,
    wish: Option<String>,
    /// Its identity at the last connection.
    pub(super) identity: Identity,
    /// Name of the temporary directory.
    pub(super) name: String,
    /// Path of the temporary directory, once created.
    pub(super) directory: Option<String>,
}

impl<'s> Board<'s> {
    pub(super) fn reach(session: &'s Session, request: &Request) -> Result<Self, SshError> {
        let mut connection = Connection::new(session, &request.client, &request.host)?;
        let may_ask = may_ask();
        // A bar would overwrite ssh's question.
        let bar = (!may_ask).then(|| session.progress().stage("connect"));
        let answer = connection.open(&script::identify(), may_ask);
        let answer = answer.map_err(|trouble| trouble.before_the_run(|words| connection.unreachable(words)))?;
        let Some(identity) = Identity::of(&answer) else {
            let (host, status) = (connection.host().to_owned(), answer.status);
            return Err(SshError::NoShell { host, status, words: indented(&answer.words) });
        };
        if let Some(bar) = bar {
            bar.done(&format!("{}, Linux {}", identity.machine, identity.release));
        }
        let wait = request.wait;
        let wish = request.directory.clone();
        Ok(Self { session, connection, wait, wish, identity, name: new_name(), directory: None })
    }

    pub(super) fn host(&self) -> &str {
        self.connection.host()
    }

    /// Runs a script; repeats it after a lost connection.
    pub(super) fn ask(&mut self, script: &str) -> Result<Answer, Trouble> {
        self.steadily(|connection| connection.run(script))
    }

    fn steadily(
        &mut self,
        mut work: impl FnMut(&mut Connection<'s>) -> Result<Answer, Trouble>,
    ) -> Result<Answer, Trouble> {
        loop {
            match work(&mut self.connection) {
                Err(Trouble::Lost(words)) => self.reach_again(words)?,
                answer => return answer,
            }
        }
    }

    /// Reconnects after a lost connection.
    pub(super) fn reach_again(&mut self, mut words: Vec<String>) -> Result<(), Trouble> {
        let say = |what: &str| self.session.progress().tell(what);
        let wait = self.wait.as_secs();
        say(&format!("lost the connection to {}; reconnecting for up to {wait} s", self.connection.host()));
        let since = Instant::now();
        let mut pause = FIRST_PAUSE;
        let mut refusals = 0;
        loop {
            self.connection.close();
            match self.connection.open(&script::identify(), false) {
                Ok(answer) => {
                    if let Some(identity) = Identity::of(&answer) {
                        let rebooted = identity.boot != self.identity.boot;
                        self.identity = identity;
                        say(if rebooted { "reconnected; the board rebooted" } else { "reconnected" });
                        return if rebooted { Err(Trouble::Rebooted) } else { Ok(()) };
                    }
                }
                Err(Trouble::Lost(more)) if more.is_empty() => {}
                Err(Trouble::Lost(more)) => {
                    refusals += u32::from(more.iter().any(|line| line.contains("Permission denied")));
                    words = more;
                }
                // A board may refuse logins during shutdown and boot.
                Err(Trouble::Error(SshError::NoShell { words: more, .. })) => words = vec![more.trim().to_owned()],
                Err(trouble) => return Err(trouble),
            }
            if since.elapsed() + pause > self.wait || refusals == REFUSALS {
                return Err(Trouble::Lost(words));
            }
            self.sleep(pause)?;
            pause = (pause * 2).min(LAST_PAUSE);
        }
    }

    fn sleep(&self, time: Duration) -> Result<(), Trouble> {
        let since = Instant::now();
        while since.elapsed() < time {
            if self.connection.interrupted() {
                return Err(Trouble::Interrupted);
            }
            thread::sleep(TICK);
        }
        Ok(())
    }

    /// Prepares the board: creates a directory, copies the program, runs it once.
    pub(super) fn settle(&mut self, program: &Path) -> Result<(), Trouble> {
        let read = |error| SshError::from(FileError::of("read", program)(error));
        let file = File::open(program).map_err(read)?;
        let bytes = file.metadata().map_err(read)?.len();
        let directory = self.make_directory(bytes)?;
        let host = self.host().to_owned();

        let bar = self.session.progress().stage("copy");
        bar.length(bytes >> 10);
        bar.message("KiB");
        let command = script::take_program(&directory);
        let copied = self.steadily(|connection| connection.send(&command, &file, |sent| bar.advance_to(sent >> 10)))?;
        let copy_error = |words: &[String]| {
            Trouble::Error(SshError::Copy { host: host.clone(), directory: directory.clone(), words: indented(words) })
        };
        if copied.status != 0 {
            return Err(copy_error(&copied.words));
        }
        let checked = self.ask(&script::check_program(&directory, bytes)?)?;
        let mut words: Vec<String> = checked.text.lines().map(str::to_owned).collect();
        words.extend(checked.words);
        match checked.status {
            0 => {}
            NOT_WHOLE => return Err(copy_error(&words)),
            _ => return Err(Trouble::Error(SshError::DoesNotRun { host, words: indented(&words) })),
        }
        bar.done(&format!("{} KiB to {directory}", bytes >> 10));
        self.session.progress().detail(&format!("{} on {host}", words.join(" ")));
        Ok(())
    }

    fn make_directory(&mut self, bytes: u64) -> Result<String, Trouble> {
        let answer = self.ask(&script::make_directory(&self.name, self.wish.as_deref(), need(bytes))?)?;
        let mut refused = Vec::new();
        for line in answer.text.lines() {
            match line.split_once(' ') {
                Some(("yes", directory)) => {
                    for line in &refused {
                        self.session.progress().detail(&format!("unusable directory {line}"));
                    }
                    self.directory = Some(directory.to_owned());
                    return Ok(directory.to_owned());
                }
                Some(("no", reason)) => refused.push(reason.to_owned()),
                _ => refused.push(line.to_owned()),
            }
        }
        refused.extend(answer.words);
        Err(SshError::NoPlace { host: self.host().to_owned(), reasons: indented(&refused) }.into())
    }

    pub(super) fn lent(&self) -> &str {
        self.directory.as_deref().unwrap_or("/nonexistent")
    }

    /// Removes the temporary directory. The result is the reason if it remains.
    pub(super) fn leave(&mut self) -> Option<String> {
        let told = script::remove(&self.name, self.directory.as_deref()).map_err(Trouble::from);
        let left = match told.and_then(|script| self.connection.run(&script)) {
            Ok(answer) if answer.text.trim().is_empty() => None,
            Ok(answer) => Some(answer.words.join("; ")),
            Err(trouble) => Some(trouble.in_words()),
        };
        self.connection.close();
        left
    }
}

/// KiB that a run needs, given the size of the program.
pub(super) fn need(bytes: u64) -> u64 {
    (bytes >> 10) + ROOM
}

pub(super) fn may_ask() -> bool {
    std::io::stdin().is_terminal()
}

/// An unpredictable name.
fn new_name() -> String {
    let mut name = String::from("reglist-");
    // RandomState uses the system's random numbers.

    use std::hash::{BuildHasher as _, RandomState};
    for _ in 0..2 {
        name.push_str(&format!("{:016x}", RandomState::new().hash_one(std::process::id())));
    }
    name
}
