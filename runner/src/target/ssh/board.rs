// SPDX-License-Identifier: Apache-2.0 OR MIT
//! A board: what it is, the directory that it lends, and how it is asked
//! although its connection may drop at any time.

use std::fs::File;
use std::io::IsTerminal as _;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use super::connection::{Answer, Connection, Failed};
use super::error::SshError;
use super::request::Request;
use super::script;
use super::talk::Talk;
use crate::system::session::Session;
use crate::system::stage::indented;

/// Between the first tries to reach a board again.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// Between later ones.
const LAST_PAUSE: Duration = Duration::from_secs(15);
/// How often the user's wish to stop is looked at.
const TICK: Duration = Duration::from_millis(50);
/// So often a board may refuse the user before it is taken at its word: one
/// that comes up may do so for a moment, and others count.
const REFUSALS: u32 = 3;
/// Kibibytes that a run needs on the board beside the program.
const ROOM: u64 = 8 << 10;
/// Statuses of the script that checks the program.
const NOT_WHOLE: i32 = 3;

/// Why a board gives no answer.
#[derive(Debug)]
pub(super) enum Trouble {
    /// It could not be reached for as long as the user waits; with the client's
    /// last words.
    Lost(Vec<String>),
    /// It has started again meanwhile, and knows nothing of what it did before.
    Rebooted,
    /// The user asked to stop.
    Interrupted,
    /// Something else.
    Error(SshError),
}

impl Trouble {
    /// What is the matter, in a line.
    pub(super) fn in_words(&self) -> String {
        match self {
            Self::Lost(words) => words.first().cloned().unwrap_or_else(|| "no connection".to_owned()),
            Self::Interrupted => "interrupted".to_owned(),
            Self::Rebooted => "the board has started anew".to_owned(),
            Self::Error(error) => error.to_string(),
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

/// What a board is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Identity {
    /// As `uname -m` says it.
    pub(super) machine: String,
    /// The kernel's release.
    pub(super) release: String,
    /// This start of the kernel.
    pub(super) boot: String,
}

impl Identity {
    fn of(answer: &Answer) -> Option<Self> {
        let mut lines = answer.text.lines().map(|line| line.trim().to_owned());
        let (machine, release, boot) = (lines.next()?, lines.next()?, lines.next()?);
        Some(Self { machine, release, boot })
    }
}

/// A board that can be reached, or could be a moment ago.
#[derive(Debug)]
pub(super) struct Board<'s> {
    session: &'s Session,
    connection: Connection<'s>,
    wait: Duration,
    wish: Option<String>,
    /// What it was when it was reached last.
    pub(super) identity: Identity,
    /// Name of the directory that it lends.
    pub(super) name: String,
    /// The directory's path there, once it is made.
    pub(super) directory: Option<String>,
}

impl<'s> Board<'s> {
    /// Reaches a board.
    pub(super) fn reach(session: &'s Session, request: &Request) -> Result<Self, SshError> {
        let mut connection = Connection::new(session, &request.client, &request.host)?;
        let may_ask = may_ask();
        // A bar would write over the question.
        let bar = (!may_ask).then(|| session.progress().stage("connect"));
        let answer = match connection.open(&script::identify(), may_ask) {
            Ok(answer) => answer,
            Err(Failed::Dropped(words)) => return Err(connection.unreachable(&words)),
            Err(Failed::Error(error)) => return Err(error),
        };
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

    /// The board's name.
    pub(super) fn host(&self) -> &str {
        self.connection.host()
    }

    /// The log of all commands.
    pub(super) fn log(&self) -> &Path {
        self.connection.log_path()
    }

    /// Whether the user asked to stop, and nobody has obeyed yet.
    pub(super) fn interrupted(&self) -> bool {
        self.connection.interrupted()
    }

    /// From now on only a further wish to stop counts.
    pub(super) fn obey(&mut self) {
        self.connection.obey();
    }

    /// Starts a script of which the caller wants to hear while it runs.
    pub(super) fn start(&mut self, script: &str) -> Result<Talk, SshError> {
        self.connection.start(script)
    }

    /// Tells the board a script, again and again where the connection drops.
    pub(super) fn ask(&mut self, script: &str) -> Result<Answer, Trouble> {
        self.steadily(|connection| connection.run(script))
    }

    /// The same without patience, for what is better left than waited for.
    pub(super) fn ask_once(&mut self, script: &str) -> Result<Answer, Trouble> {
        match self.connection.run(script) {
            Ok(answer) => Ok(answer),
            Err(Failed::Dropped(words)) => Err(Trouble::Lost(words)),
            Err(Failed::Error(error)) => Err(error.into()),
        }
    }

    fn steadily(
        &mut self,
        mut work: impl FnMut(&mut Connection<'s>) -> Result<Answer, Failed>,
    ) -> Result<Answer, Trouble> {
        loop {
            match work(&mut self.connection) {
                Ok(answer) => return Ok(answer),
                Err(Failed::Dropped(words)) => self.reach_again(words)?,
                Err(Failed::Error(error)) => return Err(error.into()),
            }
        }
    }

    /// Reaches a board again whose connection dropped.
    pub(super) fn reach_again(&mut self, mut words: Vec<String>) -> Result<(), Trouble> {
        let say = |what: &str| self.session.progress().say(&format!("reglist: {what}"));
        let wait = self.wait.as_secs();
        say(&format!("the connection to {} dropped; trying again for {wait} s", self.connection.host()));
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
                        say(if rebooted { "connected again; the board has started anew" } else { "connected again" });
                        return if rebooted { Err(Trouble::Rebooted) } else { Ok(()) };
                    }
                }
                Err(Failed::Dropped(more)) if more.is_empty() => {}
                Err(Failed::Dropped(more)) => {
                    refusals += u32::from(more.iter().any(|line| line.contains("Permission denied")));
                    words = more;
                }
                // A board that goes down, or comes up, sends people away.
                Err(Failed::Error(SshError::NoShell { words: more, .. })) => words = vec![more.trim().to_owned()],
                Err(Failed::Error(error)) => return Err(error.into()),
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
            if self.interrupted() {
                return Err(Trouble::Interrupted);
            }
            thread::sleep(TICK);
        }
        Ok(())
    }

    /// Has the program ready on the board: a directory, a copy, a first call.
    pub(super) fn settle(&mut self, program: &Path) -> Result<(), Trouble> {
        let read = |source| SshError::File { action: "read", path: program.to_owned(), source };
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
                        self.session.progress().detail(&format!("not in {line}"));
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

    /// The directory's path on the board.
    pub(super) fn lent(&self) -> &str {
        self.directory.as_deref().unwrap_or("/nonexistent")
    }

    /// Gives back what the board lent; the result is what is left, and why.
    pub(super) fn leave(&mut self) -> Option<String> {
        let told = script::remove(&self.name, self.directory.as_deref()).map_err(Trouble::from);
        let left = match told.and_then(|script| self.ask_once(&script)) {
            Ok(answer) if answer.text.trim().is_empty() => None,
            Ok(answer) => Some(answer.words.join("; ")),
            Err(trouble) => Some(trouble.in_words()),
        };
        self.connection.close();
        left
    }

    /// Lets the connection go, and nothing else.
    pub(super) fn hang_up(&mut self) {
        self.connection.close();
    }
}

/// Kibibytes that a run needs with a program of this size.
pub(super) fn need(bytes: u64) -> u64 {
    (bytes >> 10) + ROOM
}

/// Whether there is a user who can be asked.
pub(super) fn may_ask() -> bool {
    std::io::stdin().is_terminal()
}

/// A name that nobody can foresee.
fn new_name() -> String {
    let mut name = String::from("reglist-");
    // Its seeds are the system's random numbers.
    use std::hash::{BuildHasher as _, RandomState};
    for _ in 0..2 {
        name.push_str(&format!("{:016x}", RandomState::new().hash_one(std::process::id())));
    }
    name
}
