// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The target `lab`: an emulated machine boots the kernel with the suite as first
//! process, and sends events over a serial port.

#[cfg(feature = "fuzz")]
pub(crate) mod fuzz;
mod guest;
mod lanes;
mod machine;
mod setup;

use std::fs::File;
use std::path::PathBuf;

use reglist_suite::fault::Faults;
use reglist_suite::report::events::Breaker;

use super::restart::Restarting;
use super::{Target, TargetError, keep_stray};
use crate::lab::{self, Append, Inputs, LabError, Prepared, Request};
use crate::record::Record;
use crate::record::run::{Kept, Run};
use crate::system::files::FileError;
use crate::system::results::EVENTS;
use crate::system::session::Session;
use crate::system::stage::indented;
use guest::Guest;
use machine::{End, Machine, Sink};
pub(crate) use setup::Setup;

#[derive(Debug)]
pub(crate) struct Lab<'s> {
    session: &'s Session,
    request: &'s Request,
    setup: &'s Setup,
    inputs: Inputs,
    ready: Option<Prepared>,
}

impl<'s> Lab<'s> {
    pub(crate) fn new(session: &'s Session, request: &'s Request, setup: &'s Setup, inputs: Inputs) -> Self {
        Self { session, request, setup, inputs, ready: None }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.session.results().join(name)
    }

    /// Boots for all cases, and after a crash for the remaining ones.
    fn boot_until_the_end(&self, machine: &mut Machine<'_>, run: &mut Restarting<File>) -> Result<End, LabError> {
        let threads = ["--test-threads".to_owned(), machine.guest.cpus().to_string()];
        let mut more = if self.setup.is_parallel() { threads.to_vec() } else { Vec::new() };
        loop {
            let end = match machine.boot(run, more) {
                Err(error) if run.runs().current().started.is_some() => End::of(&error),
                end => end?,
            };
            if end.cause.by == Breaker::User {
                run.break_off(&end.cause);
                return Ok(end);
            }
            let next = run.machine_ended(&end.cause);
            end.warn(self.session, run.runs().current());
            let Some(ended) = next else { return Ok(end) };
            more = ended.into_iter().flat_map(|case| ["--except".to_owned(), case]).collect();
            self.session.progress().tell(&format!("{}{}", end.cause.words, indented(&end.console)));
        }
    }
}

impl Sink for Restarting<File> {
    fn take(&mut self, line: &str) {
        Self::take(self, line);
    }

    fn look(&self, look: &mut dyn FnMut(&Record)) {
        look(self.runs().current());
    }
}

impl Target for Lab<'_> {
    fn prepare(&mut self) -> Result<(), TargetError> {
        let ready = lab::prepare(self.session, self.request, &self.inputs)?;
        self.ready = Some(ready);
        Ok(())
    }

    fn run(&mut self) -> Result<Run, TargetError> {
        let Some(ready) = &self.ready else {
            return Err(LabError::NotReady.into());
        };
        let Self { session, setup, .. } = *self;
        let append = Append::sort(&setup.append, &ready.kernel.modules);
        let specs = self.inputs.specs.as_ref();
        let mut machine = Machine::new(Guest { session, setup, specs, ready, append });
        if self.session.planning() {
            machine.plan()?;
            return Ok(Run::default());
        }
        let path = self.file(EVENTS);
        let events = File::create(&path).map_err(FileError::write(&path))?;
        let (run, end, complaints) = match self.setup.fault {
            Some(Faults::All) => lanes::try_all(&machine, events)?,
            _ => {
                let mut run = Restarting::new(events, self.setup.restarts);
                ready.review.iter().cloned().for_each(|review| run.review(review));
                let end = self.boot_until_the_end(&mut machine, &mut run)?;
                (run, end, machine.complaints)
            }
        };
        let runs = run.finish().map_err(FileError::write(&path))?;
        keep_stray(self.session, &runs)?;
        let results = Some(Kept { path: self.session.results().to_owned(), has_console: true });
        let (console, cause) = (end.console, Some(end.cause.words));
        Ok(Run { runs, console, results, cause, complaints, ..Run::default() })
    }

    fn clean_up(&mut self) {
        // Scratch directory, machine and mounts have ended with the run.
        self.ready = None;
    }
}
