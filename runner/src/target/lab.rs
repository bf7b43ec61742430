// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The target `lab`: an emulated machine boots the kernel with the suite as first
//! process, and sends events over a serial port.

#[cfg(feature = "fuzz")]
pub(crate) mod fuzz;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::BufReader;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use reglist_suite::fault::Faults;
use reglist_suite::model::Kernel as Model;
use reglist_suite::report::events::{Breaker, Event, Label, Outcome};
use reglist_suite::report::format::Format;

use super::kernel_log::{excerpt, is_crash, message};
use super::restart::{Cause, Restarting};
use super::{Target, TargetError, keep_stray, show, silence};
use crate::lab::{self, Append, Inputs, Job, Kernel, LabError, Prepared, Request, SOFT_LVZ, SPECS_PLACE};
use crate::record;
use crate::record::run::{Kept, Run};
use crate::system::files::FileError;
use crate::system::output::chain;
use crate::system::results::{CONSOLE, EVENTS, numbered};
use crate::system::sandbox::Mount;
use crate::system::session::Session;
use crate::system::stage::{Stage, StageError, Step, indented};
use crate::system::supervise::{Ending, Flow, Source};

/// Time limit of a boot; a run takes seconds.
const LIMIT: Duration = Duration::from_secs(30 * 60);
/// Least silence that counts as a hang during `--compare-model`, which is one long
/// case.
const SILENCE_OF_CALLS: Duration = Duration::from_secs(10 * 60);
/// A CPU with all features that KVM checks. Not `max`: with it, QEMU 11.1.3
/// sometimes loads stale memory, and 9 of 10 boots crashed in the suite's malloc.
const CPU: &str = "la464";
/// Features that soft LVZ emulates by default. If the kernel refuses one, the
/// cases end in error instead of a skip.
const FEATURES: &str = "pmu,lbt_x86,lbt_arm,lbt_mips";
/// The first kernel whose KVM offers all of [`FEATURES`] to guests.
const FEATURES_SINCE: (u32, u32) = (6, 12);
const IMAGE: &str = "image.cpio";
/// The end of a VM waits for RCU, which takes a tick or more on several CPUs.
const RCU: &str = "rcupdate.rcu_expedited=1";
/// Command line of Debian's own kernel. Its keyboard driver crashes on this machine,
/// which has no firmware.
const STOCK_WORDS: &str = "initcall_blacklist=i8042_init";

/// More guest CPUs than this make no run quicker: each needs a processor of the host.
const MOST_CPUS: usize = 2;

/// Settings of the machine and its suite.
#[derive(Debug, Clone)]
pub(crate) struct Setup {
    /// The fault of the kernel, or every fault in turn.
    pub(crate) fault: Option<Faults>,
    /// Number of random calls that compare the kernel with the model.
    pub(crate) compare_model: Option<u64>,
    pub(crate) append: Vec<String>,
    /// Maximum restarts after a kernel crash.
    pub(crate) restarts: u32,
    /// Number of guest CPUs; none for as many as make the run quick.
    pub(crate) cpus: Option<u8>,
    /// Whether to load all guest CPUs.
    pub(crate) busy: bool,
    /// Whether to save kernel and image in the results.
    pub(crate) keep: bool,
    /// Format of additional results in the kernel log.
    pub(crate) guest_format: Option<Format>,
    /// Arguments of the suite that select and judge cases.
    pub(crate) words: Vec<String>,
    /// Time limit of a case.
    pub(crate) timeout: Option<Duration>,
}

impl Setup {
    /// Whether cases can run at once. A fault shall have the same results each time; a
    /// comparison is one long case; a log for people has one case after the other.
    fn is_parallel(&self) -> bool {
        self.fault.is_none() && self.compare_model.is_none() && self.guest_format.is_none() && !self.busy
    }

    fn cpus(&self) -> usize {
        let host = || thread::available_parallelism().map_or(1, NonZero::get).min(MOST_CPUS);
        self.cpus.map_or_else(|| if self.is_parallel() { host() } else { 1 }, usize::from)
    }
}

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

    fn boot(&self, ready: &Prepared, append: &Append, image: &Path, console: &str) -> Step {
        let room = ready
            .toolchain
            .room(self.session)
            .with(Mount::ReadOnly { from: ready.kernel.path.clone(), to: "/kernel" })
            .with(Mount::ReadOnly { from: image.to_owned(), to: "/image" })
            .with(Mount::Writable { from: self.session.results().to_owned(), to: "/results" });
        let mut words =
            vec!["console=ttyS0 rdinit=/init panic=-1 swiotlb=noforce loglevel=5".to_owned(), RCU.to_owned()];
        let memory = if ready.kernel.is_stock() {
            words.push(STOCK_WORDS.to_owned());
            "1G"
        } else {
            "256M"
        };
        words.extend(append.kernel.iter().cloned());
        let least = if self.setup.compare_model.is_some() { SILENCE_OF_CALLS } else { Duration::ZERO };
        ready
            .toolchain
            .step(&room, ["qemu-system-loongarch64", "-M", "virt", "-cpu", CPU, "-m", memory])
            .arguments(["-smp", &self.setup.cpus().to_string()])
            .arguments(["-nodefaults", "-display", "none", "-monitor", "none", "-no-reboot"])
            .arguments(["-kernel", &format!("/kernel/{}", ready.kernel.image), "-initrd", &format!("/image/{IMAGE}")])
            .arguments(["-append", &words.join(" ")])
            .arguments(["-serial", &format!("file:/results/{console}"), "-serial", "stdio"])
            .silence(silence(self.setup.timeout).max(least))
    }

    /// The suite's arguments, without cases that have ended.
    fn suite_arguments(&self, ready: &Prepared, append: &Append, except: &[String], alone: bool) -> Vec<String> {
        let mut arguments = Vec::new();
        if self.setup.is_parallel() && !alone {
            arguments.extend(["--test-threads".to_owned(), self.setup.cpus().to_string()]);
        }
        if let Some(calls) = self.setup.compare_model {
            let model = Model::closest(ready.version).version();
            arguments.extend(["--compare-model", &calls.to_string(), "--model-kernel", &model].map(str::to_owned));
        }
        if let Some(faults) = self.setup.fault {
            arguments.extend(["--fault".to_owned(), faults.name()]);
        }
        if ready.version >= FEATURES_SINCE && append.parameters(SOFT_LVZ).is_empty() {
            arguments.extend(["--require", FEATURES].map(str::to_owned));
        }
        if self.inputs.specs.is_some() {
            arguments.extend(["--specs", SPECS_PLACE].map(str::to_owned));
        }
        let emulator = format!("QEMU {}", ready.toolchain.emulator);
        let machine = format!("{}, software LVZ", emulator.trim_end());
        let machine = Label { name: Label::MACHINE.to_owned(), value: machine };
        for label in ready.labels.iter().chain([&machine]) {
            arguments.extend(["--label".to_owned(), label.to_string()]);
        }
        for case in except {
            arguments.extend(["--except", case].map(str::to_owned));
        }
        arguments.extend(self.setup.words.iter().cloned());
        arguments
    }

    fn console(&self, name: &str) -> Vec<String> {
        File::open(self.file(name)).map(|file| excerpt(BufReader::new(file))).unwrap_or_default()
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
        let mut machine = Machine {
            lab: self,
            ready,
            append: Append::sort(&self.setup.append, &ready.kernel.modules),
            boots: 0,
            complaints: Vec::new(),
        };
        if self.session.planning() {
            machine.plan()?;
            return Ok(Run::default());
        }
        let path = self.file(EVENTS);
        let events = File::create(&path).map_err(FileError::write(&path))?;
        // With `--fault all`, no restart after a crash.
        let restarts = if self.setup.fault == Some(Faults::All) { 0 } else { self.setup.restarts };
        let mut run = Restarting::new(events, restarts);
        let mut except = Vec::new();
        let end = loop {
            let end = match machine.boot(&mut run, &except) {
                Err(error) if run.runs().current().started.is_some() => End::of(&error),
                end => end?,
            };
            if end.cause.by == Breaker::User {
                run.break_off(&end.cause);
                break end;
            }
            let next = run.machine_ended(&end.cause);
            let whole = matches!(run.runs().current().end, Some(record::End::Finished(_)));
            if whole && end.console.iter().any(|line| is_crash(line)) {
                // After an oops the kernel may continue.
                let warning = format!("warning: the kernel log has errors{}", indented(&end.console));
                self.session.progress().tell(&warning);
            }
            match next {
                None => break end,
                Some(ended) => except = ended,
            }
            self.session.progress().tell(&format!("{}{}", end.cause.words, indented(&end.console)));
        };
        let complaints = machine.complaints;
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

/// The emulated machine over several boots.
struct Machine<'l> {
    lab: &'l Lab<'l>,
    ready: &'l Prepared,
    append: Append,
    boots: u32,
    complaints: Vec<String>,
}

#[derive(Debug)]
struct End {
    cause: Cause,
    /// Relevant lines of the console.
    console: Vec<String>,
}

impl End {
    /// The end of a run whose machine cannot boot again.
    fn of(error: &LabError) -> Self {
        let words = || chain(error).trim_start_matches("reglist: ").to_owned();
        let cause = match error.is_interruption() {
            true => Cause::interruption(),
            false => Cause { by: Breaker::Machine, words: words(), blames: false },
        };
        Self { cause, console: Vec::new() }
    }
}

impl Machine<'_> {
    fn plan(&self) -> Result<(), LabError> {
        let mut stage = Stage::new(self.lab.session, "boot", LIMIT)?;
        let scratch = self.lab.session.cache().scratch("image")?;
        stage.run(&self.lab.boot(self.ready, &self.append, scratch.path(), CONSOLE))?;
        Ok(())
    }

    /// Boots once; the suite runs all cases except some.
    fn boot(&mut self, run: &mut Restarting<File>, except: &[String]) -> Result<End, LabError> {
        let session = self.lab.session;
        self.boots += 1;
        let mut stage = Stage::new(session, "boot", LIMIT)?;
        let scratch = session.cache().scratch("image")?;
        let name = numbered(CONSOLE, self.boots);
        let step = self.lab.boot(self.ready, &self.append, scratch.path(), &name);
        let arguments = self.lab.suite_arguments(self.ready, &self.append, except, run.is_again());
        let given = self.lab.setup;
        let job = Job::new(&self.ready.kernel, &self.append, arguments, given.busy).logging(given.guest_format);
        let image = scratch.path().join(IMAGE);
        lab::write_image(&image, &self.ready.suite, &self.ready.kernel, &job, self.lab.inputs.specs.as_ref())
            .map_err(FileError::of("write", &image))?;
        if self.lab.setup.keep {
            let Kernel { path, image: name, .. } = &self.ready.kernel;
            // One image per boot; the first one has all cases.
            for (from, name) in [(path.join(name), name), (image, &numbered(IMAGE, self.boots))] {
                let kept = self.lab.file(name);
                fs::copy(&from, &kept).map_err(FileError::of("write", &kept))?;
            }
        }
        let mut pause = Pause::default();
        let ended = stage.attempt(&step, &mut |bar, source, line| {
            match source {
                Source::Error => self.complaints.push(line.to_owned()),
                Source::Pause => pause.begins(line),
                Source::Output if pause.excuses(line) => return Flow::Stop,
                Source::Output => run.take(line),
            }
            show(run.runs().current(), bar);
            Flow::Continue
        })?;
        let log = stage.log().to_owned();
        if let Ending::Interrupted { killed } = ended.ending {
            if run.runs().current().started.is_none() {
                return Err(StageError::Interrupted { stage: "boot", killed, log }.into());
            }
            return Ok(End { cause: Cause::interruption(), console: Vec::new() });
        }
        stage.done("run ended");
        if let Some(words) = pause.cause {
            return Ok(End { cause: Cause { by: Breaker::Machine, blames: false, words }, console: Vec::new() });
        }
        let console = self.lab.console(&name);
        Ok(End { cause: cause(&console, ended.ending, &name), console })
    }
}

/// A pause of the emulator. The guest's clock goes on, so that the running cases
/// exceed their time limits.
#[derive(Debug, Default)]
struct Pause {
    /// Running cases, and the last pause during each.
    running: BTreeMap<String, Option<String>>,
    /// Why the result of a case is not one.
    cause: Option<String>,
}

impl Pause {
    fn begins(&mut self, told: &str) {
        self.running.values_mut().for_each(|pause| *pause = Some(told.to_owned()));
    }

    /// Whether this event is a failure that the pause explains.
    fn excuses(&mut self, line: &str) -> bool {
        // What follows until the emulator has ended does not count either.
        if self.cause.is_some() {
            return true;
        }
        let case = match Event::from_line(line.trim()) {
            Ok(Event::CaseFinished(case)) => case,
            Ok(Event::CaseStarted { case }) => {
                self.running.insert(case, None);
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
fn cause(console: &[String], ending: Ending, file: &str) -> Cause {
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
