// SPDX-License-Identifier: Apache-2.0 OR MIT
//! A board over ssh: copies the program there, has it run apart from the
//! connection, and follows its events. A connection that drops costs nothing
//! but time; a kernel that goes down costs the case that brought it down.

mod board;
mod connection;
pub(crate) mod error;
mod follower;
mod frames;
mod gained;
mod host;
mod plan;
pub(crate) mod program;
mod request;
mod script;
mod state;
mod talk;

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::Duration;

use reglist_suite::exit;
use reglist_suite::fault::Faults;
use reglist_suite::harness::{self, options::Options};
use reglist_suite::report::events::Breaker;

pub(crate) use error::SshError;
pub(crate) use host::Host;
pub(crate) use request::Request;

use super::restart::Cause;
use super::{MARGIN, SILENCE, Target, TargetError};
use crate::record::End;
use crate::record::run::{Kept, Left, Run};
use crate::system::results::{EVENTS, STRAY};
use crate::system::session::Session;
use crate::system::stage::indented;
use board::{Board, Trouble};
use follower::{Follower, Stop, Stopped};
use state::{State, Story};

/// Statuses of a suite that said on its own what there is to say.
const OWN_WORDS: [u8; 4] = [exit::PASSED, exit::FAILED, exit::NOTHING_TESTED, exit::USAGE];

/// A board as a target.
#[derive(Debug)]
pub(crate) struct Ssh<'s> {
    session: &'s Session,
    request: &'s Request,
    board: Option<Board<'s>>,
    state: Option<State>,
    /// Nobody else follows the run while this is open.
    lock: Option<File>,
    /// Whether the run goes on on the board, and is to be asked for again.
    left: bool,
}

impl<'s> Ssh<'s> {
    /// A board that nobody has called yet.
    pub(crate) fn new(session: &'s Session, request: &'s Request) -> Self {
        Self { session, request, board: None, state: None, lock: None, left: false }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.session.results().join(name)
    }

    fn say(&self, what: &str) {
        self.session.progress().say(&format!("reglist: {what}"));
    }

    fn make_ready(&mut self) -> Result<(), TargetError> {
        let mut earlier = None;
        if let Some(results) = &self.request.resume {
            self.lock = Some(state::lock(results)?);
            // It may have come to its end since somebody looked.
            earlier = Some(self::earlier(results, self.request)?);
        }
        let board = self.board.insert(Board::reach(self.session, self.request)?);
        if let Some(earlier) = earlier {
            board.name.clone_from(&earlier.name);
            board.directory.clone_from(&earlier.directory);
            self.state = Some(earlier);
            return Ok(());
        }
        let (machine, host) = (board.identity.machine.clone(), board.host().to_owned());
        let program = match &self.request.suite {
            Some(given) => {
                program::check(given, &machine, &host)?;
                fs::canonicalize(given).unwrap_or_else(|_| given.clone())
            }
            None => program::obtain(self.session, &machine)?,
        };
        let arguments = self.request.words.clone();
        // A run for every fault is on a kernel that nobody has made faulty.
        let restarts = if tries_all(&arguments) { 0 } else { self.request.restarts };
        let mut state = State::new(&host, &board.name, &program, arguments, restarts);
        state.boot.clone_from(&board.identity.boot);
        board.settle(&program).map_err(|trouble| before(trouble, &host, self.request.wait.as_secs()))?;
        state.directory.clone_from(&board.directory);
        self.state = Some(state);
        Ok(())
    }

    fn follow_to_the_end(&mut self, board: &mut Board<'s>, state: State) -> Result<Run, TargetError> {
        let results = self.session.results().to_owned();
        if self.lock.is_none() {
            self.lock = Some(state::begin(&results)?);
        }
        let mut follower = Follower {
            session: self.session,
            silence: silence(&state.arguments),
            story: Story::open(&results, state)?,
            program: self.request.suite.clone(),
            complaints: Vec::new(),
            status: None,
            cause: None,
        };
        let stop = follower.run(board);
        let (cause, left) = match stop {
            Ok(()) => (None, None),
            Err(Stopped::By(Stop::Stopped)) => (Some(Cause::interruption()), None),
            Err(Stopped::By(Stop::Left { interrupted })) => {
                self.left = true;
                let again = self.request.to_resume(&results);
                let words = match interrupted {
                    true => format!("interrupted while {} could not be reached", board.host()),
                    false => format!("{} could not be reached any more", board.host()),
                };
                let by = if interrupted { Breaker::User } else { Breaker::Machine };
                (Some(Cause { by, words, blames: false }), Some(Left { again, results: results.clone() }))
            }
            Err(Stopped::Error(error)) => return Err(error.into()),
        };
        let is_interrupted = left.is_none() && cause.is_some();
        let Follower { mut story, mut complaints, status, cause: ended, .. } = follower;
        cause.iter().for_each(|cause| story.break_off(cause));
        let runs = story.finish()?;
        if matches!(runs.current().end, Some(End::Aborted { .. })) {
            // The event has the same words.
            complaints.clear();
        }
        if !runs.stray.is_empty() {
            let path = self.file(STRAY);
            let content = runs.stray.join("\n") + "\n";
            fs::write(&path, content).map_err(|source| SshError::File { action: "write", path, source })?;
        }
        let results = Some(Kept { path: results, has_console: false });
        let cause = cause.map(|cause| cause.words);
        let mut run = Run { runs, results, cause, complaints, left, ..Run::default() };
        if run.runs.current().started.is_none() && run.left.is_none() {
            if is_interrupted {
                return Err(SshError::Interrupted.into());
            }
            self.own_words(board, &mut run, status, ended)?;
        }
        Ok(run)
    }

    /// What a suite said that did not begin a run: its help, or that it was
    /// asked for something that it does not know.
    fn own_words(
        &self,
        board: &mut Board<'_>,
        run: &mut Run,
        status: Option<i32>,
        cause: Option<Cause>,
    ) -> Result<(), TargetError> {
        let code = status.and_then(|status| u8::try_from(status).ok()).filter(|code| OWN_WORDS.contains(code));
        let Some(code) = code else {
            let cause = cause.map(|cause| cause.words).unwrap_or_default();
            let cause = cause.lines().next().unwrap_or_default().to_owned();
            let words = indented(&std::mem::take(&mut run.complaints));
            let (host, results) = (board.host().to_owned(), self.session.results().to_owned());
            return Err(SshError::NoEvents { host, cause, words, results }.into());
        };
        let output = board.ask_once(&script::output(board.lent(), 1, "output")?);
        if let Ok(answer) = output {
            run.said = answer.text;
        }
        run.code = Some(code);
        Ok(())
    }
}

impl Target for Ssh<'_> {
    fn prepare(&mut self) -> Result<(), TargetError> {
        if self.session.planning() {
            return plan::plan(self.session, self.request);
        }
        let ready = self.make_ready();
        if ready.is_err() {
            self.clean_up()?;
        }
        ready
    }

    fn run(&mut self) -> Result<Run, TargetError> {
        let (Some(mut board), Some(state)) = (self.board.take(), self.state.take()) else {
            return Ok(Run::default());
        };
        let run = self.follow_to_the_end(&mut board, state);
        if let Err(TargetError::Ssh(error)) = &run {
            // What is in trouble here is no reason to end what goes on there.
            self.left |= error.leaves_the_run();
            if self.left {
                let again = self.request.to_resume(self.session.results());
                self.say(&format!("the run goes on on {}; for the rest: {again}", board.host()));
            } else if fs::metadata(self.file(EVENTS)).is_ok_and(|events| events.len() > 0) {
                self.say(&format!("the events so far are in {}", self.session.results().display()));
            }
        }
        self.board = Some(board);
        run
    }

    fn clean_up(&mut self) -> Result<(), TargetError> {
        let Some(mut board) = self.board.take() else { return Ok(()) };
        if self.left {
            board.hang_up();
            return Ok(());
        }
        board.obey();
        let host = board.host().to_owned();
        match board.leave() {
            None => state::forget(self.session.results()),
            Some(why) => {
                let directory = board.directory.clone().unwrap_or_else(|| board.name.clone());
                self.say(&format!("warning: {directory} is left on {host}: {why}\n[remove it there]"));
            }
        }
        // Only now: another one that goes on with the run must not meet half of its files.
        self.lock = None;
        Ok(())
    }
}

/// What is known of the run to go on with.
pub(crate) fn earlier(results: &Path, request: &Request) -> Result<State, SshError> {
    let state = State::read(results)?;
    let (was, host) = (state.host.clone(), request.host.as_str().to_owned());
    match was == host {
        true => Ok(state),
        false => Err(SshError::OtherHost { path: results.to_owned(), was, host }),
    }
}

/// What the suite on the board is asked for, as far as this program knows its
/// options.
fn options(words: &[String]) -> Option<Options> {
    harness::read_options(words.iter().map(Into::into)).ok()
}

/// Whether the run tries every fault.
fn tries_all(words: &[String]) -> bool {
    options(words).is_some_and(|options| options.fault == Some(Faults::All))
}

/// Silence that means a hang, for a suite with these arguments.
fn silence(words: &[String]) -> Duration {
    let limit = options(words).and_then(|options| options.selection.timeout);
    limit.map_or(Duration::from_secs(SILENCE), |limit| limit.saturating_add(Duration::from_secs(MARGIN)))
}

/// The error of a run that did not come to begin.
fn before(trouble: Trouble, host: &str, seconds: u64) -> SshError {
    let dropped = |words: &[String]| SshError::Dropped { host: host.to_owned(), seconds, words: indented(words) };
    match trouble {
        Trouble::Lost(words) => dropped(&words),
        Trouble::Rebooted => dropped(&["the board started anew meanwhile".to_owned()]),
        Trouble::Interrupted => SshError::Interrupted,
        Trouble::Error(error) => error,
    }
}
