// SPDX-License-Identifier: Apache-2.0 OR MIT
//! An emulated machine: boots the kernel with the suite as its first process,
//! and reads events from a serial port of their own.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::Duration;

use reglist_suite::fault::Faults;
use reglist_suite::report::format::Format;

use super::kernel_log::{excerpt, is_crash, message};
use super::restart::{Next, Restarting};
use super::{MARGIN, SILENCE, Target, TargetError, show};
use crate::lab::{self, Append, Inputs, Job, LabError, Prepared, Request, SOFT_LVZ, SPECS_PLACE};
use crate::record::run::{Kept, Run};
use crate::system::results::{CONSOLE, EVENTS, STRAY, numbered};
use crate::system::sandbox::Mount;
use crate::system::session::Session;
use crate::system::stage::{Stage, StageError, Step, indented};
use crate::system::supervise::{Ending, Flow, Source};

/// A whole run takes seconds; a guest that is still busy after this is lost.
const LIMIT: Duration = Duration::from_secs(30 * 60);
/// The same where a kernel is compared with the model: so many random calls are
/// one case.
const SILENCE_OF_CALLS: u64 = 10 * 60;
/// A CPU with everything that KVM looks for. `max` adds more, and with it
/// QEMU 11.1.3 now and then hands a program an old value from its memory: nine
/// boots in ten ended with a crash of the suite in malloc.
const CPU: &str = "la464";
/// Features that soft LVZ gives the host unless it is told otherwise, so that a
/// kernel which refuses one is in error and the cases are not just skipped.
const FEATURES: &str = "pmu,lbt_x86,lbt_arm,lbt_mips";
/// The kernel from which on the suite's model of 7.2 is closer than that of 6.12.
const LATER_MODEL_SINCE: (u32, u32) = (6, 13);
/// The kernel whose KVM first passed all of them on to guests.
const FEATURES_SINCE: (u32, u32) = (6, 12);
const KERNEL: &str = "vmlinux";
const IMAGE: &str = "image.cpio";

/// The machine, and what its suite does.
#[derive(Debug, Clone)]
pub(crate) struct Setup {
    /// The fault that the kernel gets, or every one in its turn.
    pub(crate) fault: Option<Faults>,
    /// Number of random calls that compare the kernel with the model, in place
    /// of cases.
    pub(crate) compare_model: Option<u64>,
    /// Words for the kernel's command line and its modules.
    pub(crate) append: Vec<String>,
    /// How often the machine starts again after a kernel crash.
    pub(crate) restarts: u32,
    /// Number of CPUs.
    pub(crate) cpus: u8,
    /// Whether every CPU is kept busy.
    pub(crate) busy: bool,
    /// Whether kernel and image are kept beside the results.
    pub(crate) keep: bool,
    /// The format in which the kernel's log has results, too.
    pub(crate) guest_format: Option<Format>,
    /// Words of the suite that select and judge cases.
    pub(crate) words: Vec<String>,
    /// The time limit of a case among them, if any.
    pub(crate) timeout: Option<Duration>,
}

/// The lab as a target.
#[derive(Debug)]
pub(crate) struct Lab<'s> {
    session: &'s Session,
    request: &'s Request,
    setup: &'s Setup,
    inputs: Inputs,
    ready: Option<Prepared>,
}

impl<'s> Lab<'s> {
    /// A lab that is not ready yet.
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
        let mut words = vec!["console=ttyS0 rdinit=/init panic=-1 swiotlb=noforce loglevel=5".to_owned()];
        words.extend(append.kernel.iter().cloned());
        let silence = match (self.setup.timeout.map(|limit| limit.as_secs()), self.setup.compare_model) {
            (limit, Some(_)) => SILENCE_OF_CALLS.max(limit.unwrap_or_default() + MARGIN),
            (Some(limit), None) => limit + MARGIN,
            (None, None) => SILENCE,
        };
        ready
            .toolchain
            .step(&room, ["qemu-system-loongarch64", "-M", "virt", "-cpu", CPU, "-m", "256M"])
            .arguments(["-smp", &self.setup.cpus.to_string()])
            .arguments(["-nodefaults", "-display", "none", "-monitor", "none", "-no-reboot"])
            .arguments(["-kernel", &format!("/kernel/{KERNEL}"), "-initrd", &format!("/image/{IMAGE}")])
            .arguments(["-append", &words.join(" ")])
            .arguments(["-serial", &format!("file:/results/{console}"), "-serial", "stdio"])
            .silence(Duration::from_secs(silence))
    }

    /// What the suite is asked to do, but for cases that have ended.
    fn suite_arguments(&self, ready: &Prepared, append: &Append, except: &[String]) -> Vec<String> {
        let mut arguments = Vec::new();
        if let Some(calls) = self.setup.compare_model {
            let model = closest_model(ready.version);
            arguments.extend(["--compare-model", &calls.to_string(), "--model-kernel", model].map(str::to_owned));
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
        for label in &ready.labels {
            arguments.extend(["--label".to_owned(), label.to_string()]);
        }
        for case in except {
            arguments.extend(["--except", case].map(str::to_owned));
        }
        arguments.extend(self.setup.words.iter().cloned());
        arguments
    }

    fn console(&self, name: &str) -> Vec<String> {
        let bytes = fs::read(self.file(name)).unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes).replace('\r', "");
        excerpt(&text)
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
        let file_error = |source| LabError::Events { path: path.clone(), source };
        let events = File::create(&path).map_err(file_error)?;
        // A run for every fault has no use for a kernel that went down.
        let restarts = if self.setup.fault == Some(Faults::All) { 0 } else { self.setup.restarts };
        let mut run = Restarting::new(events, restarts);
        let mut except = Vec::new();
        let end = loop {
            let end = machine.boot(&mut run, &except)?;
            if end.interrupted {
                break end;
            }
            let next = run.machine_ended(&end.cause);
            let whole = run.runs().current().finished.is_some();
            if whole && end.console.iter().any(|line| is_crash(line)) {
                // An oops costs the process that met it, and the kernel goes on.
                let said = format!("reglist: warning: the kernel log is not clean{}", indented(&end.console));
                self.session.progress().say(&said);
            }
            match next {
                Next::Over => break end,
                Next::Boot { except: ended } => except = ended,
            }
            self.session.progress().say(&format!("reglist: {}{}", end.cause, indented(&end.console)));
        };
        let complaints = machine.complaints;
        let (runs, unblamed) = run.finish().map_err(file_error)?;
        let stray: Vec<&str> = runs.stray().collect();
        if !stray.is_empty() {
            let path = self.file(STRAY);
            let content = stray.join("\n") + "\n";
            fs::write(&path, content).map_err(|source| LabError::Events { path, source })?;
        }
        let results = Some(Kept { path: self.session.results().to_owned(), has_console: true });
        let End { console, silent, interrupted, .. } = end;
        Ok(Run { runs, console, results, silent, unblamed, complaints, interrupted, ..Run::default() })
    }

    fn clean_up(&mut self) -> Result<(), TargetError> {
        // The image's scratch directory went with the run; machine and mounts
        // went with their processes.
        self.ready = None;
        Ok(())
    }
}

/// The emulated machine, from boot to boot.
struct Machine<'l> {
    lab: &'l Lab<'l>,
    ready: &'l Prepared,
    append: Append,
    boots: u32,
    complaints: Vec<String>,
}

/// How one boot ended.
#[derive(Debug, Default)]
struct End {
    /// What brought the kernel down, if its work was not done.
    cause: String,
    /// The lines of the console that matter most.
    console: Vec<String>,
    /// The limit that it broke by saying nothing.
    silent: Option<Duration>,
    /// Whether the user asked to stop.
    interrupted: bool,
}

impl Machine<'_> {
    /// Prints the command of a boot.
    fn plan(&self) -> Result<(), TargetError> {
        let mut stage = Stage::new(self.lab.session, "boot", LIMIT)?;
        let scratch = self.lab.session.cache().scratch("image")?;
        stage.run(&self.lab.boot(self.ready, &self.append, scratch.path(), CONSOLE))?;
        Ok(())
    }

    /// Boots once, and has the suite do all cases but some.
    fn boot(&mut self, run: &mut Restarting<File>, except: &[String]) -> Result<End, TargetError> {
        let session = self.lab.session;
        self.boots += 1;
        let mut stage = Stage::new(session, "boot", LIMIT)?;
        let scratch = session.cache().scratch("image")?;
        let name = numbered(CONSOLE, self.boots);
        let step = self.lab.boot(self.ready, &self.append, scratch.path(), &name);
        let arguments = self.lab.suite_arguments(self.ready, &self.append, except);
        let given = self.lab.setup;
        let job = Job::new(&self.ready.kernel, &self.append, arguments, given.busy).logging(given.guest_format);
        let image = scratch.path().join(IMAGE);
        lab::write_image(&image, &self.ready.suite, &self.ready.kernel, &job, self.lab.inputs.specs.as_ref())
            .map_err(stage.file_error("write", &image))?;
        if self.lab.setup.keep {
            let kernel = self.ready.kernel.path.join(KERNEL);
            // Each boot has an image of its own: the first one's has all cases.
            for (from, name) in [(kernel, KERNEL), (image, &numbered(IMAGE, self.boots))] {
                let kept = self.lab.file(name);
                fs::copy(&from, &kept).map_err(stage.file_error("write", &kept))?;
            }
        }
        let ended = stage.attempt(&step, &mut |bar, source, line| {
            if source == Source::Error {
                self.complaints.push(line.to_owned());
                return Flow::Continue;
            }
            run.take(line);
            show(run.runs().current(), bar);
            Flow::Continue
        })?;
        let log = stage.log().to_owned();
        let silent = match ended.ending {
            Ending::Interrupted { killed } if run.runs().current().started.is_none() => {
                return Err(StageError::Interrupted { stage: "boot", killed, log }.into());
            }
            Ending::Interrupted { .. } => return Ok(End { interrupted: true, ..End::default() }),
            Ending::TimedOut { limit } => Some(limit),
            Ending::Exited(_) | Ending::Stopped => None,
        };
        stage.done("run ended");
        let console = self.lab.console(&name);
        Ok(End { cause: cause(&console, silent, &name), console, silent, interrupted: false })
    }
}

/// What brought a kernel down, in one line, and where to read more.
fn cause(console: &[String], silent: Option<Duration>, file: &str) -> String {
    let crash = console.iter().find(|line| is_crash(line)).map(|line| format!(": {}", message(line)));
    let what = match silent {
        None => format!("the kernel died{}", crash.unwrap_or_default()),
        Some(limit) => format!("the kernel hangs: silence for {} s{}", limit.as_secs(), crash.unwrap_or_default()),
    };
    format!("{what}\n[the console of that boot is in {file}, beside the events]")
}

/// The kernel of the suite's model that is closest to a kernel.
fn closest_model(version: (u32, u32)) -> &'static str {
    if version < LATER_MODEL_SINCE { "6.12" } else { "7.2" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kernel_has_a_model_that_is_closest() {
        let models = [(6, 7), (6, 12), (6, 13), (7, 2), (8, 0)].map(closest_model);
        assert_eq!(models, ["6.12", "6.12", "7.2", "7.2", "7.2"]);
    }
}
