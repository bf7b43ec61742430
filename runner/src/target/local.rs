// SPDX-License-Identifier: Apache-2.0 OR MIT
//! This machine: the suite runs inside this program, on /dev/kvm or on the
//! model.

use std::fmt;
use std::process;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use reglist_suite::harness;
use reglist_suite::harness::options::{ColorSetting, Options};
use reglist_suite::report::events::Event;

use super::watch::{News, Watch};
use super::{Target, TargetError};
use crate::record::run::Run;
use crate::record::stream::Runs;
use crate::system::progress::{Bar, Progress};

/// A run that takes longer gets a bar.
const LATE: Duration = Duration::from_secs(2);

/// Shows an interrupted run; the result is the program's exit code.
pub(crate) type LastWords = Arc<dyn Fn(Run) -> u8 + Send + Sync>;

/// The local machine as a target.
pub(crate) struct Local {
    options: Options,
    color: Option<ColorSetting>,
    progress: Progress,
    last_words: LastWords,
}

impl Local {
    /// Runs the suite with these options. The user's wish to stop ends the
    /// program, after the last words: a case that hangs in the kernel would let
    /// nobody return from it.
    pub(crate) fn new(
        options: Options,
        color: Option<ColorSetting>,
        progress: Progress,
        last_words: LastWords,
    ) -> Self {
        Self { options, color, progress, last_words }
    }
}

impl fmt::Debug for Local {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Local").field("options", &self.options).finish_non_exhaustive()
    }
}

impl Target for Local {
    fn prepare(&mut self) -> Result<(), TargetError> {
        // The suite is a part of this program, and this machine is there.
        Ok(())
    }

    fn run(&mut self) -> Result<Run, TargetError> {
        let follower = Follower {
            state: Arc::default(),
            watch: Arc::default(),
            progress: self.progress.clone(),
            last_words: Arc::clone(&self.last_words),
        };
        let (state, watch) = (Arc::clone(&follower.state), Arc::clone(&follower.watch));
        let code = harness::observed(self.options.clone(), self.color, Box::new(move |event| follower.take(event)))?;

        let mut over = lock(&state);
        if over.closed {
            drop(over);
            last_words_are_being_said();
        }
        let runs = over.close();
        drop(over);
        if let Some(watch) = lock(&watch).take() {
            watch.end();
        }
        Ok(Run { runs, code: Some(code), ..Run::default() })
    }

    fn clean_up(&mut self) -> Result<(), TargetError> {
        // The suite's processes ended with it.
        Ok(())
    }
}

/// Waits for the end of the program, which another thread brings about.
fn last_words_are_being_said() -> ! {
    loop {
        thread::park();
    }
}

/// Follows the suite: keeps what it says, and looks after signals and bar.
struct Follower {
    state: Arc<Mutex<State>>,
    watch: Arc<Mutex<Option<Watch>>>,
    progress: Progress,
    last_words: LastWords,
}

/// What is known of the run.
#[derive(Default)]
struct State {
    runs: Runs,
    bar: Option<Bar>,
    /// Nothing that comes now belongs to the run.
    closed: bool,
}

impl State {
    fn close(&mut self) -> Runs {
        self.closed = true;
        self.bar = None;
        std::mem::take(&mut self.runs)
    }

    /// Shows on the bar how far the run is.
    fn show(&self) {
        if let Some(bar) = &self.bar {
            let run = self.runs.current();
            if run.ended.is_empty() {
                bar.length(run.started.as_ref().map_or(0, |started| started.plan.len()) as u64);
            }
            bar.advance_to(run.ended.len() as u64);
            bar.message(run.running.as_deref().unwrap_or_default());
        }
    }
}

impl Follower {
    fn take(&self, event: &Event) {
        match event {
            Event::RunStarted(_) => {
                let mut watch = lock(&self.watch);
                // The watch of an earlier run goes on.
                if watch.is_none() {
                    *watch = Watch::hold().ok();
                }
            }
            Event::CaseStarted { .. } => self.begin_watch(),
            _ => {}
        }
        let mut state = lock(&self.state);
        if !state.closed {
            // An event that fits nowhere would be the suite's own mistake, and
            // the judgement sees what is missing.
            let _ = state.runs.add(event.clone());
            state.show();
        }
    }

    /// From the first case on the suite's copies exist, and threads may, too.
    fn begin_watch(&self) {
        let mut watch = lock(&self.watch);
        let (state, progress, last_words) =
            (Arc::clone(&self.state), self.progress.clone(), Arc::clone(&self.last_words));
        let tell = move |news| match news {
            News::Late => show_bar(&state, &progress),
            News::Interrupt => interrupt(&state, &last_words),
        };
        if let Some(mut held) = watch.take() {
            match held.begin(LATE, tell) {
                Ok(()) => *watch = Some(held),
                // Nobody would take the signals that are held back.
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

fn interrupt(state: &Mutex<State>, last_words: &LastWords) {
    let mut state = lock(state);
    if !state.closed {
        let runs = state.close();
        drop(state);
        process::exit(last_words(Run { runs, interrupted: true, ..Run::default() }).into());
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
