// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The target `ssh`: copies the suite to a board, runs it detached from the
//! connection, and follows its events.
//!
//! A lost connection costs only time. After a kernel crash, the running case ends
//! in error.

mod board;
mod connection;
pub(crate) mod error;
mod follower;
mod frames;
#[cfg(feature = "fuzz")]
pub(crate) mod fuzz;
mod gained;
mod guard;
mod host;
mod plan;
pub(crate) mod program;
mod request;
mod script;
mod state;
mod talk;
mod words;

use std::fs::{self, File};
use std::path::Path;

use reglist_suite::exit;
use reglist_suite::report::events::Breaker;

pub(crate) use error::SshError;
pub(crate) use host::Host;
pub(crate) use request::Request;

use super::restart::Cause;
use super::{Target, TargetError, keep_stray};
use crate::record::End;
use crate::record::run::{Kept, Run};
use crate::system::results::EVENTS;
use crate::system::session::Session;
use crate::system::stage::indented;
use board::Board;
use follower::{Follower, Stopped};
use state::{State, Story};
use words::silence;
pub(crate) use words::tries_all;

/// Exit codes of a suite that printed its own message.
const OWN_WORDS: [u8; 4] = [exit::PASSED, exit::FAILED, exit::NOTHING_TESTED, exit::USAGE];

#[derive(Debug)]
pub(crate) struct Ssh<'s> {
    session: &'s Session,
    request: &'s Request,
    board: Option<Board<'s>>,
    state: Option<State>,
    /// Prevents that another reglist follows the run.
    lock: Option<File>,
    /// Whether the run continues on the board, for `--resume`.
    left: bool,
}

impl<'s> Ssh<'s> {
    pub(crate) fn new(session: &'s Session, request: &'s Request) -> Self {
        Self { session, request, board: None, state: None, lock: None, left: false }
    }

    fn make_ready(&mut self) -> Result<(), TargetError> {
        let mut earlier = None;
        if let Some(results) = &self.request.resume {
            self.lock = Some(state::lock(results)?);
            // Read it again under the lock.
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
        // With `--fault all`, no restart after a crash.
        let restarts = if tries_all(&arguments) { 0 } else { self.request.restarts };
        let mut state = State::new(&host, &board.name, &program, arguments, restarts);
        state.boot.clone_from(&board.identity.boot);
        let seconds = self.request.wait.as_secs();
        board.settle(&program).map_err(|trouble| {
            trouble.before_the_run(|words| SshError::Dropped { host, seconds, words: indented(words) })
        })?;
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
            Err(Stopped::Interrupted) => (Some(Cause::interruption()), None),
            Err(Stopped::Left { interrupted }) => {
                self.left = true;
                let words = match interrupted {
                    true => format!("interrupted without connection to {}", board.host()),
                    false => format!("lost the connection to {}", board.host()),
                };
                let by = if interrupted { Breaker::User } else { Breaker::Machine };
                (Some(Cause { by, words, blames: false }), Some(self.request.to_resume(&results)))
            }
            Err(Stopped::Error(error)) => return Err(error.into()),
        };
        let is_interrupted = left.is_none() && cause.is_some();
        let Follower { mut story, mut complaints, status, cause: ended, .. } = follower;
        cause.iter().for_each(|cause| story.run.break_off(cause));
        let runs = story.finish()?;
        if matches!(runs.current().end, Some(End::Aborted { .. })) {
            // The event has the same text.
            complaints.clear();
        }
        keep_stray(self.session, &runs)?;
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

    /// The output of a suite that did not start a run: help, or a usage error.
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
        let output = board.connection.run(&script::output(board.lent(), 1, "output")?);
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
            self.clean_up();
        }
        ready
    }

    fn run(&mut self) -> Result<Run, TargetError> {
        let (Some(mut board), Some(state)) = (self.board.take(), self.state.take()) else {
            return Ok(Run::default());
        };
        let run = self.follow_to_the_end(&mut board, state);
        if let Err(TargetError::Ssh(error)) = &run {
            // An error on this machine does not end the run on the board.
            self.left |= error.leaves_the_run();
            if self.left {
                let again = self.request.to_resume(self.session.results());
                self.session
                    .progress()
                    .tell(&format!("the run continues on {}; to fetch the rest: {again}", board.host()));
            } else if fs::metadata(self.session.results().join(EVENTS)).is_ok_and(|events| events.len() > 0) {
                self.session.progress().tell(&format!("events so far: {}", self.session.results().display()));
            }
        }
        self.board = Some(board);
        run
    }

    fn clean_up(&mut self) {
        let Some(mut board) = self.board.take() else { return };
        if self.left {
            board.connection.close();
            return;
        }
        board.connection.obey();
        let host = board.host().to_owned();
        match board.leave() {
            None => state::forget(self.session.results()),
            Some(why) => {
                let directory = board.directory.clone().unwrap_or_else(|| board.name.clone());
                self.session
                    .progress()
                    .tell(&format!("warning: failed to remove {directory} on {host}: {why}\n[remove it there]"));
            }
        }
        // Unlock last: another reglist must not see partial files.
        self.lock = None;
    }
}

/// The state of the run to continue.
pub(crate) fn earlier(results: &Path, request: &Request) -> Result<State, SshError> {
    let state = State::read(results)?;
    let (was, host) = (state.host.clone(), request.host.as_str().to_owned());
    match was == host {
        true => Ok(state),
        false => Err(SshError::OtherHost { path: results.to_owned(), was, host }),
    }
}
