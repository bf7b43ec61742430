// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Follows the suite on its board, over lost connections, kernel crashes and
//! restarts.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use reglist_suite::report::events::Breaker;

use super::board::Board;
use super::error::{SshError, Trouble};
use super::frames::{Frame, Frames};
use super::gained::gained;
use super::script;
use super::state::Story;
use super::talk::{Heard, TICK};
use super::words::is_parallel;
use crate::system::files::FileError;
use crate::system::progress::Bar;
use crate::system::results::{KERNEL_LOG, SUITE_ERRORS, numbered};
use crate::system::session::Session;
use crate::system::stage::indented;
use crate::target::kernel_log::{self, is_trouble};
use crate::target::restart::Cause;
use crate::target::show;

/// Without any frame for this time, the connection is lost.
const DEAF: Duration = Duration::from_secs(30);
/// Time limit for the client's end after the last frame.
const FAREWELL: Duration = Duration::from_secs(2);
/// Lines of a crashed kernel's log.
const LAST_WORDS: usize = 200;
/// Lines of a kernel log in a message.
const SHOWN: usize = 20;

/// The end of one start of the suite.
#[derive(Debug)]
enum End {
    Over(i32),
    Gone,
    /// No event during this time.
    Silent(Duration),
    /// The kernel crashed.
    Rebooted,
}

pub(super) struct Follower<'s> {
    pub(super) session: &'s Session,
    pub(super) story: Story,
    pub(super) silence: Duration,
    /// The user's program for the rest of a run.
    pub(super) program: Option<PathBuf>,
    pub(super) complaints: Vec<String>,
    pub(super) status: Option<i32>,
    pub(super) cause: Option<Cause>,
}

/// Why reglist stops following a run before its end.
pub(super) enum Stopped {
    /// The user interrupted, and the suite on the board has ended.
    Interrupted,
    /// The suite continues without connection.
    Left {
        /// Whether the user interrupted.
        interrupted: bool,
    },
    Error(SshError),
}

impl From<SshError> for Stopped {
    fn from(error: SshError) -> Self {
        Self::Error(error)
    }
}

impl Follower<'_> {
    pub(super) fn run(&mut self, board: &mut Board<'_>) -> Result<(), Stopped> {
        let bar = self.session.progress().stage("run");
        let mut rebooted = board.identity.boot != self.story.state.boot;
        loop {
            let end = match rebooted {
                true => End::Rebooted,
                false => self.one_start(board, &bar)?,
            };
            let continues = self.weigh(board, end)?;
            if !continues {
                // After a crash the log is already saved, and the new kernel's log has no part of the run.
                if board.identity.boot == self.story.state.boot {
                    self.keep_log_or_tell(board);
                }
                bar.done("ended");
                return Ok(());
            }
            rebooted = false;
            if board.identity.boot != self.story.state.boot {
                match self.settle_again(board) {
                    Err(Trouble::Rebooted) => rebooted = true,
                    settled => settled.or_else(|trouble| self.give_up(board, trouble))?,
                }
            }
        }
    }

    fn one_start(&mut self, board: &mut Board<'_>, bar: &Bar) -> Result<End, Stopped> {
        let started = self.start(board).and_then(|()| self.follow(board, bar));
        match started {
            Ok(end) => Ok(end),
            Err(Trouble::Rebooted) => Ok(End::Rebooted),
            Err(trouble) => self.give_up(board, trouble).map(|()| End::Gone),
        }
    }

    fn start(&mut self, board: &mut Board<'_>) -> Result<(), Trouble> {
        let part = self.story.state.part();
        if self.story.offset > 0 {
            // This run has already started it.
            return Ok(());
        }
        if part == 1 && self.story.state.boots == 1 && self.story.state.log_before == Ok(Vec::new()) {
            self.mark_log(board)?;
        }
        let mut arguments: Vec<String> =
            self.story.except.iter().flat_map(|case| ["--except".to_owned(), case.clone()]).collect();
        arguments.extend(self.story.state.arguments.iter().cloned());
        // After a crash, one case at a time: the next crash has one culprit.
        if part > 1 && is_parallel(&self.story.state.arguments) {
            arguments.extend(["--test-threads", "1"].map(str::to_owned));
        }
        let answer = board.ask(&script::start(board.lent(), part, &arguments)?)?;
        if answer.status != 0 {
            let words = indented(&answer.words);
            let (host, directory) = (board.host().to_owned(), board.lent().to_owned());
            return Err(SshError::NotStarted { host, directory, words }.into());
        }
        Ok(())
    }

    /// Saves the end of the kernel log before the run.
    fn mark_log(&mut self, board: &mut Board<'_>) -> Result<(), Trouble> {
        let answer = board.ask(&script::kernel_log(board.lent(), Some(script::MARKER))?)?;
        let lines = || answer.text.lines().map(str::to_owned).collect::<Vec<_>>();
        self.story.state.log_before = match answer.status {
            0 => Ok(lines()),
            _ => Err(lines().into_iter().chain(answer.words.clone()).collect::<Vec<_>>().join("; ")),
        };
        Ok(self.story.save()?)
    }

    /// Receives events; reconnects after a lost connection.
    fn follow(&mut self, board: &mut Board<'_>, bar: &Bar) -> Result<End, Trouble> {
        show_all(self.story.run.runs().current(), bar);
        let mut heard = Instant::now();
        loop {
            let words = match self.listen(board, bar, &mut heard) {
                Err(Trouble::Lost(words)) => words,
                ended => return ended,
            };
            bar.message("no connection; the suite continues");
            let since = Instant::now();
            board.reach_again(words)?;
            // Time without a connection is not silence of the suite.
            heard += since.elapsed();
            show_all(self.story.run.runs().current(), bar);
        }
    }

    /// Receives events over one connection.
    fn listen(&mut self, board: &mut Board<'_>, bar: &Bar, heard: &mut Instant) -> Result<End, Trouble> {
        let part = self.story.state.part();
        let mut talk = board.connection.start(&script::follow(board.lent(), part, self.story.offset, false)?)?;
        let mut frames = Frames::default();
        let mut alive = Instant::now();
        loop {
            let news = talk.hear(TICK).map_err(|source| SshError::Machine { action: "listen to ssh", source })?;
            match news {
                Heard::Bytes(bytes) => {
                    alive = Instant::now();
                    frames.push(&bytes);
                }
                Heard::Over(_) => return Err(Trouble::Lost(talk.words())),
                Heard::Nothing => {}
            }
            let garbled = |line: String| SshError::Answer {
                host: board.host().to_owned(),
                problem: format!("{line:?}"),
                log: board.connection.log_path().to_owned(),
            };
            while let Some(frame) = frames.next().map_err(garbled)? {
                let end = match frame {
                    Frame::Data(bytes) => {
                        *heard = Instant::now();
                        self.story.take(&bytes)?;
                        show(self.story.run.runs().current(), bar);
                        continue;
                    }
                    Frame::Alive => continue,
                    Frame::End(status) => End::Over(status),
                    Frame::Gone => End::Gone,
                };
                // A board may not allow a second session.
                talk.wait(FAREWELL);
                return Ok(end);
            }
            if board.connection.interrupted() {
                return Err(Trouble::Interrupted);
            }
            if alive.elapsed() > DEAF {
                return Err(Trouble::Lost(vec![format!("no answer for {} s", DEAF.as_secs())]));
            }
            if heard.elapsed() > self.silence {
                return Ok(End::Silent(self.silence));
            }
        }
    }

    /// Whether the run continues after the end of one start.
    fn weigh(&mut self, board: &mut Board<'_>, end: End) -> Result<bool, Stopped> {
        // If the kernel did not crash, the cause is not known to be the kernel.
        let by = if matches!(end, End::Rebooted) { Breaker::Kernel } else { Breaker::Machine };
        let words = match end {
            End::Over(status) => {
                self.status = Some(status);
                self.keep_stderr(board).or_else(pass_over)?;
                let by = if status > 128 { format!(", by signal {}", status - 128) } else { String::new() };
                format!("the suite ended with status {status}{by}")
            }
            End::Gone => {
                self.keep_stderr(board).or_else(pass_over)?;
                "the suite ended without status".to_owned()
            }
            End::Silent(limit) => {
                self.end_suite(board).or_else(pass_over)?;
                // The board's shell still answers.
                format!("the suite hangs: no event for {} s", limit.as_secs())
            }
            End::Rebooted => {
                self.fetch_rest(board).or_else(pass_over)?;
                let crash = self.last_words(board).unwrap_or_default();
                format!("the kernel crashed, and the board rebooted{crash}")
            }
        };
        let cause = Cause { by, words, blames: true };
        let unfinished = self.story.run.runs().current().end.is_none();
        let continues = self.story.ended(&cause)?.is_some();
        if unfinished && continues {
            self.session.progress().tell(&cause.words);
        }
        self.cause = Some(cause);
        Ok(continues)
    }

    /// Receives the events that are on the board's disk after a crash.
    fn fetch_rest(&mut self, board: &mut Board<'_>) -> Result<(), Trouble> {
        let part = self.story.state.part();
        let mut talk = board.connection.start(&script::follow(board.lent(), part, self.story.offset, true)?)?;
        let mut frames = Frames::default();
        let since = Instant::now();
        while since.elapsed() < DEAF {
            match talk.hear(TICK) {
                Ok(Heard::Bytes(bytes)) => frames.push(&bytes),
                Ok(Heard::Nothing) => {}
                Ok(Heard::Over(_)) | Err(_) => break,
            }
            while let Ok(Some(frame)) = frames.next() {
                if let Frame::Data(bytes) = frame {
                    self.story.take(&bytes)?;
                }
            }
            if board.connection.interrupted() {
                return Err(Trouble::Interrupted);
            }
        }
        Ok(())
    }

    /// Where the crashed kernel's log has the crash, if the board has a persistent
    /// journal.
    fn last_words(&mut self, board: &mut Board<'_>) -> Result<String, Trouble> {
        let answer = board.connection.run(&script::log_of_boot(&self.story.state.boot, LAST_WORDS)?)?;
        if answer.text.trim().is_empty() {
            return Ok(String::new());
        }
        let name = numbered(KERNEL_LOG, self.story.state.boots);
        self.write(&name, &answer.text)?;
        let crash = answer.text.lines().find(|line| kernel_log::is_crash(line));
        let crash = crash.map(|line| format!(": {}", kernel_log::message(line))).unwrap_or_default();
        Ok(format!("{crash}\n[end of that kernel's log: {name}]"))
    }

    /// Prepares the board after a reboot.
    fn settle_again(&mut self, board: &mut Board<'_>) -> Result<(), Trouble> {
        let program = self.program.clone().unwrap_or_else(|| self.story.state.program.clone());
        board.settle(&program)?;
        self.story.state.directory.clone_from(&board.directory);
        self.story.state.boot.clone_from(&board.identity.boot);
        self.story.state.boots += 1;
        self.mark_log(board)
    }

    /// Ends a running suite.
    fn end_suite(&mut self, board: &mut Board<'_>) -> Result<(), Trouble> {
        let answer = board.connection.run(&script::stop(board.lent(), self.story.state.part())?)?;
        if answer.text.contains("alive") {
            self.session.progress().tell("warning: failed to end the suite's process on the board");
        }
        self.keep_stderr(board)
    }

    fn keep_stderr(&mut self, board: &mut Board<'_>) -> Result<(), Trouble> {
        let part = self.story.state.part();
        let answer = board.connection.run(&script::output(board.lent(), part, "errors")?)?;
        if !answer.text.trim().is_empty() {
            self.write(&numbered(SUITE_ERRORS, part), &answer.text)?;
            self.complaints.extend(answer.text.lines().map(str::to_owned));
        }
        Ok(())
    }

    /// Saves the kernel log of the run, and prints errors in it.
    fn keep_log(&mut self, board: &mut Board<'_>) -> Result<(), Trouble> {
        let why = match &self.story.state.log_before {
            Ok(before) => {
                let before = before.clone();
                let answer = board.connection.run(&script::kernel_log(board.lent(), None)?)?;
                if answer.status == 0 {
                    return self.keep_lines(&before, &answer.text);
                }
                answer.text.trim().replace('\n', "; ")
            }
            Err(why) => why.clone(),
        };
        self.session.progress().tell(&format!(
            "warning: failed to read the kernel log of the run: {why}\n[use an account that may run dmesg]"
        ));
        Ok(())
    }

    fn keep_log_or_tell(&mut self, board: &mut Board<'_>) {
        if let Err(trouble) = self.keep_log(board) {
            self.session
                .progress()
                .tell(&format!("warning: failed to save the kernel log of the run: {}", trouble.in_words()));
        }
    }

    fn keep_lines(&self, before: &[String], text: &str) -> Result<(), Trouble> {
        let found = gained(before, text);
        let lines = found.clone().unwrap_or_else(|| text.lines().collect());
        let name = numbered(KERNEL_LOG, self.story.state.boots);
        let content: String = lines.iter().flat_map(|line| [line, "\n"]).collect();
        self.write(&name, &content)?;
        if found.is_none() {
            self.session
                .progress()
                .tell(&format!("{name} has the whole kernel log: the start of the run is not found in it"));
        }
        if let Some(first) = lines.iter().position(|line| is_trouble(line)) {
            let shown: Vec<String> = lines.iter().skip(first).take(SHOWN).map(|line| (*line).to_owned()).collect();
            self.session.progress().tell(&format!("warning: the kernel log has errors{}", indented(&shown)));
        }
        Ok(())
    }

    fn write(&self, name: &str, content: &str) -> Result<(), SshError> {
        let path = self.session.results().join(name);
        Ok(fs::write(&path, content).map_err(FileError::write(&path))?)
    }

    /// Handles trouble. After an interrupt it ends the suite, if it can reach the
    /// board; else the suite continues.
    fn give_up(&mut self, board: &mut Board<'_>, trouble: Trouble) -> Result<(), Stopped> {
        match trouble {
            Trouble::Interrupted => {
                board.connection.obey();
                if self.end_suite(board).is_err() {
                    return Err(Stopped::Left { interrupted: true });
                }
                self.keep_log_or_tell(board);
                Err(Stopped::Interrupted)
            }
            Trouble::Lost(words) => {
                self.session.progress().tell(&format!("no connection to {}{}", board.host(), indented(&words)));
                Err(Stopped::Left { interrupted: false })
            }
            Trouble::Rebooted => Ok(()),
            Trouble::Error(error) => Err(Stopped::Error(error)),
        }
    }
}

/// Ignores trouble with the connection; the next script meets it again.
fn pass_over(trouble: Trouble) -> Result<(), Stopped> {
    match trouble {
        Trouble::Error(error) => Err(Stopped::Error(error)),
        Trouble::Lost(_) | Trouble::Rebooted | Trouble::Interrupted => Ok(()),
    }
}

/// Shows the progress of a run that may have started before the bar.
fn show_all(run: &crate::record::Record, bar: &Bar) {
    if let Some(started) = &run.started {
        bar.length(started.plan.len() as u64);
        bar.advance_to(run.ended().len() as u64);
    }
}
