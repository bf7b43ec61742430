// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The emulated machine: boots, passes the guest's lines on, and says why it ended.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::BufReader;
use std::time::Duration;

use reglist_suite::checks::IN_EVERY_CASE;
use reglist_suite::report::events::{Breaker, Event, Outcome};

use super::guest::{Guest, IMAGE};
use crate::lab::{self, Job, Kernel, LabError};
use crate::record::{self, Record};
use crate::system::files::FileError;
use crate::system::output::chain;
use crate::system::results::{CONSOLE, numbered};
use crate::system::session::Session;
use crate::system::stage::{Stage, StageError, indented};
use crate::system::supervise::{Ending, Flow, Source};
use crate::target::kernel_log::{excerpt, is_crash, message};
use crate::target::restart::Cause;
use crate::target::show;

/// Time limit of a boot; a run takes seconds.
const LIMIT: Duration = Duration::from_secs(30 * 60);
/// Kernel messages of a boot to which a line of the source is added. Each costs a look into
/// the module, and a guest can send any number.
const MOST_DECODED: usize = 32;
/// Most running cases of a guest; more are nonsense.
const MOST_RUNNING: usize = 64;

/// What takes the lines of a guest.
pub(super) trait Sink {
    fn take(&mut self, line: &str);
    /// Looks at the run so far.
    fn look(&self, look: &mut dyn FnMut(&Record));
}

/// The emulated machine over several boots.
#[derive(Debug, Clone)]
pub(super) struct Machine<'l> {
    pub(super) guest: Guest<'l>,
    /// The number of the last boot, from 1.
    pub(super) boots: u32,
    pub(super) complaints: Vec<String>,
}

#[derive(Debug)]
pub(super) struct End {
    pub(super) cause: Cause,
    /// Relevant lines of the console.
    pub(super) console: Vec<String>,
}

impl End {
    /// The end of a run whose machine cannot boot again.
    pub(super) fn of(error: &LabError) -> Self {
        let words = || chain(error).trim_start_matches("reglist: ").to_owned();
        let cause = match error.is_interruption() {
            true => Cause::interruption(),
            false => Cause { by: Breaker::Machine, words: words(), blames: false },
        };
        Self { cause, console: Vec::new() }
    }

    /// Shows the errors in the kernel log of a run that finished: after an oops the kernel
    /// may continue.
    pub(super) fn warn(&self, session: &Session, record: &Record) {
        let is_finished = matches!(record.end, Some(record::End::Finished(_)));
        if is_finished && self.console.iter().any(|line| is_crash(line)) {
            session.progress().tell(&format!("warning: the kernel log has errors{}", indented(&self.console)));
        }
    }
}

impl<'l> Machine<'l> {
    pub(super) fn new(guest: Guest<'l>) -> Self {
        Self { guest, boots: 0, complaints: Vec::new() }
    }

    pub(super) fn plan(&self) -> Result<(), LabError> {
        let mut stage = Stage::new(self.guest.session, "boot", LIMIT)?;
        let scratch = self.guest.session.cache().scratch("image")?;
        stage.run(&self.guest.emulator(scratch.path(), CONSOLE))?;
        Ok(())
    }

    /// Boots once; the suite gets more arguments.
    pub(super) fn boot(&mut self, sink: &mut dyn Sink, more: Vec<String>) -> Result<End, LabError> {
        let Guest { session, setup, specs, ready, append } = &self.guest;
        self.boots += 1;
        let mut stage = Stage::new(session, "boot", LIMIT)?;
        let scratch = session.cache().scratch("image")?;
        let name = numbered(CONSOLE, self.boots);
        let step = self.guest.emulator(scratch.path(), &name);
        let arguments = [self.guest.suite_arguments(), more].concat();
        let job = Job::new(&ready.kernel, append, arguments, setup.busy).logging(setup.guest_format);
        let image = scratch.path().join(IMAGE);
        lab::write_image(&image, &ready.suite, &ready.kernel, &job, *specs, ready.coverage.as_ref())
            .map_err(FileError::of("write", &image))?;
        if setup.keep {
            let Kernel { path, image: name, .. } = &ready.kernel;
            // One image per boot; the first one has all cases.
            for (from, name) in [(path.join(name), name), (image, &numbered(IMAGE, self.boots))] {
                let kept = session.results().join(name);
                fs::copy(&from, &kept).map_err(FileError::of("write", &kept))?;
            }
        }
        let mut pause = Pause::default();
        let mut decoded = 0;
        let ended = stage.attempt(&step, &mut |bar, source, line| {
            match source {
                Source::Error => self.complaints.push(line.to_owned()),
                Source::Pause => pause.begins(line),
                Source::Output if pause.excuses(line) => return Flow::Stop,
                Source::Output if decoded < MOST_DECODED && line.contains(IN_EVERY_CASE) => {
                    decoded += 1;
                    sink.take(lab::decode(line, &ready.kernel).as_deref().unwrap_or(line));
                }
                Source::Output => sink.take(line),
            }
            sink.look(&mut |record| show(record, bar));
            Flow::Continue
        })?;
        let log = stage.log().to_owned();
        if let Ending::Interrupted { killed } = ended.ending {
            let mut has_started = false;
            sink.look(&mut |record| has_started = record.started.is_some());
            if !has_started {
                return Err(StageError::Interrupted { stage: "boot", killed, log }.into());
            }
            return Ok(End { cause: Cause::interruption(), console: Vec::new() });
        }
        stage.done("run ended");
        if let Some(words) = pause.cause {
            return Ok(End { cause: Cause { by: Breaker::Machine, blames: false, words }, console: Vec::new() });
        }
        let console = File::open(session.results().join(&name));
        let console = console.map(|file| excerpt(BufReader::new(file))).unwrap_or_default();
        Ok(End { cause: cause(&console, ended.ending, &name), console })
    }
}

/// A pause of the emulator. The guest's clock goes on, so that the running cases
/// exceed their time limits.
#[derive(Debug, Default)]
pub(super) struct Pause {
    /// Running cases, and the last pause during each.
    running: BTreeMap<String, Option<String>>,
    /// Why the result of a case is not one.
    pub(super) cause: Option<String>,
}

impl Pause {
    pub(super) fn begins(&mut self, told: &str) {
        self.running.values_mut().for_each(|pause| *pause = Some(told.to_owned()));
    }

    /// Whether this event is a failure that the pause explains.
    pub(super) fn excuses(&mut self, line: &str) -> bool {
        // What follows until the emulator has ended does not count either.
        if self.cause.is_some() {
            return true;
        }
        let case = match Event::from_line(line.trim()) {
            Ok(Event::CaseFinished(case)) => case,
            Ok(Event::CaseStarted { case }) => {
                if self.running.len() < MOST_RUNNING {
                    self.running.insert(case, None);
                }
                return false;
            }
            _ => return false,
        };
        let told = self.running.remove(&case.case).flatten();
        let Some(told) = told.filter(|_| matches!(case.outcome, Outcome::Fail | Outcome::Error)) else {
            return false;
        };
        self.cause = Some(format!(
            "the emulator {told}, in case {}\n[run again; the result of that case was dropped]",
            case.case
        ));
        true
    }
}

/// Why a machine ended. After a guest panic the emulator exits with status 0.
pub(super) fn cause(console: &[String], ending: Ending, file: &str) -> Cause {
    let crash = console.iter().find(|line| is_crash(line)).map(|line| format!(": {}", message(line)));
    let crash = crash.unwrap_or_default();
    let (by, what) = match ending {
        Ending::TimedOut { limit } => {
            (Breaker::Kernel, format!("the kernel hangs: no event for {} s{crash}", limit.as_secs()))
        }
        Ending::Exited(status) if !status.success() => (Breaker::Machine, format!("the emulator failed ({status})")),
        Ending::Exited(_) | Ending::Stopped | Ending::Interrupted { .. } => {
            (Breaker::Kernel, format!("the kernel crashed{crash}"))
        }
    };
    let blames = by == Breaker::Kernel;
    Cause { by, blames, words: format!("{what}\n[console of that boot: {file}]") }
}
