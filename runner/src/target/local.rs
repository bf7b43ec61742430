// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The target `local`: the suite runs inside this program, on /dev/kvm or on the
//! model.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use reglist_suite::harness;
use reglist_suite::harness::options::{ColorSetting, Options};
use reglist_suite::report::events::{Breaker, Event};

use super::watch::{News, Watch};
use super::{Target, TargetError, show};
use crate::record::run::Run;
use crate::record::runs::Runs;
use crate::system::progress::{Bar, Progress};

/// Longer runs get a progress bar.
const LATE: Duration = Duration::from_secs(2);

/// Reports an interrupted run and returns the exit code.
pub(crate) type LastWords = Arc<dyn Fn(Run) -> u8 + Send + Sync>;

/// The local machine as a target.
pub(crate) struct Local {
    options: Options,
    color: Option<ColorSetting>,
    progress: Progress,
    last_words: LastWords,
}

impl Local {
    /// An interrupt calls `last_words` and exits, because a case that hangs in the
    /// kernel never returns.
    pub(crate) fn new(
        options: Options,
        color: Option<ColorSetting>,
        progress: Progress,
        last_words: LastWords,
    ) -> Self {
        Self { options, color, progress, last_words }
    }
}

impl Target for Local {
    fn prepare(&mut self) -> Result<(), TargetError> {
        Ok(())
    }

    fn run(&mut self) -> Result<Run, TargetError> {
        let follower = Follower {
            state: Arc::default(),
            watch: Arc::default(),
            progress: self.progress.clone(),
            last_words: Arc::clone(&self.last_words),
            events: self.options.events.clone(),
        };
        let (state, watch) = (Arc::clone(&follower.state), Arc::clone(&follower.watch));
        let concluded =
            harness::observed(self.options.clone(), self.color, Box::new(move |event| follower.take(event)))?;

        let mut over = lock(&state);
        if over.closed {
            drop(over);
            // Another thread exits the program.
            loop {
                thread::park();
            }
        }
        let runs = over.close();
        drop(over);
        if let Some(watch) = lock(&watch).take() {
            watch.end();
        }
        let is_unwritten = !concluded.is_written;
        Ok(Run { runs, code: Some(concluded.code), is_unwritten, ..Run::default() })
    }

    fn clean_up(&mut self) {}
}

/// Collects the suite's events, and handles signals and the bar.
struct Follower {
    state: Arc<Mutex<State>>,
    watch: Arc<Mutex<Option<Watch>>>,
    progress: Progress,
    last_words: LastWords,
    /// The suite's event file.
    events: Option<PathBuf>,
}

#[derive(Default)]
struct State {
    runs: Runs,
    bar: Option<Bar>,
    /// Ignore further events.
    closed: bool,
}

impl State {
    fn close(&mut self) -> Runs {
        self.closed = true;
        self.bar = None;
        std::mem::take(&mut self.runs)
    }

    fn show(&self) {
        if let Some(bar) = &self.bar {
            show(self.runs.current(), bar);
        }
    }
}

impl Follower {
    fn take(&self, event: &Event) {
        match event {
            Event::RunStarted(_) => {
                let mut watch = lock(&self.watch);
                // Keep the watch of an earlier run.
                if watch.is_none() {
                    *watch = Watch::hold().ok();
                }
            }
            Event::CaseStarted { .. } => self.begin_watch(),
            _ => {}
        }
        let mut state = lock(&self.state);
        if !state.closed {
            // An event of no run is a bug of the suite; the verdict shows the missing cases.
            let _ = state.runs.add(event.clone());
            state.show();
        }
    }

    /// At the first case the suite has forked, and threads are allowed.
    fn begin_watch(&self) {
        let mut watch = lock(&self.watch);
        let (state, progress, last_words) =
            (Arc::clone(&self.state), self.progress.clone(), Arc::clone(&self.last_words));
        let events = self.events.clone();
        let tell = move |news| match news {
            News::Late => show_bar(&state, &progress),
            News::Interrupt => interrupt(&state, events.as_deref(), &last_words),
        };
        if let Some(mut held) = watch.take() {
            match held.begin(LATE, tell) {
                Ok(()) => *watch = Some(held),
                // Without the thread nobody handles the blocked signals.
                Err(_) => held.end(),
            }
        }
    }
}

fn show_bar(state: &Mutex<State>, progress: &Progress) {
    let mut state = lock(state);
    if !state.closed {
        let bar = progress.stage("run");
        bar.began(LATE);
        bar.length(state.runs.current().started.as_ref().map_or(0, |started| started.plan.len()) as u64);
        state.bar = Some(bar);
        state.show();
    }
}

fn interrupt(state: &Mutex<State>, events: Option<&Path>, last_words: &LastWords) {
    let mut state = lock(state);
    if !state.closed {
        let mut runs = state.close();
        drop(state);
        let interrupted = Event::RunBrokenOff { by: Breaker::User, reason: "interrupted".to_owned() };
        if runs.add(interrupted.clone()) {
            append(events, &interrupted);
        }
        process::exit(last_words(Run { runs, ..Run::default() }).into());
    }
}

/// Appends the last event to the event file; ignores errors.
fn append(events: Option<&Path>, event: &Event) {
    // Not to a device or a pipe, which may block.
    let file = events.filter(|path| path.is_file());
    if let (Some(path), Ok(line)) = (file, event.to_line()) {
        let _ = File::options().append(true).open(path).and_then(|mut file| file.write_all(line.as_bytes()));
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
