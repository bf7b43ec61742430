// SPDX-License-Identifier: Apache-2.0 OR MIT
//! An emulated machine: boots the kernel with the suite as its first process,
//! and reads events from a serial port of their own.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{Run, Target};
use crate::cli::LabArgs;
use crate::error::Error;
use crate::lab::{self, Append, Job, LabError, Prepared, SOFT_LVZ, UserPatches, UserSource};
use crate::room::Mount;
use crate::session::Session;
use crate::stage::{Stage, StageError, Step};
use crate::stream::Runs;
use crate::supervise::{Ending, Flow, Source};

/// A whole run takes seconds; a guest that is still busy after this is lost.
const LIMIT: Duration = Duration::from_secs(30 * 60);
/// Silence that means a hang: longer than any case may take.
const SILENCE: u64 = 60;
/// The same where a kernel is compared with the model: so many random calls are
/// one case.
const SILENCE_OF_CALLS: u64 = 10 * 60;
/// What a case may take beyond its own limit until its end is reported.
const MARGIN: u64 = 30;
/// Lines of the console that an error shows.
const TAIL: usize = 20;
/// Words with which a kernel begins to report its own death.
const CRASHES: [&str; 4] = ["Kernel panic", "Oops", "BUG:", "Unable to handle kernel"];
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
const IMAGE: &str = "image.cpio";
const CONSOLE: &str = "console.log";

/// The lab as a target.
#[derive(Debug)]
pub(crate) struct Lab<'s> {
    session: &'s Session,
    arguments: &'s LabArgs,
    patches: UserPatches,
    source: UserSource,
    ready: Option<Prepared>,
}

impl<'s> Lab<'s> {
    /// A lab that is not ready yet.
    pub(crate) fn new(session: &'s Session, arguments: &'s LabArgs, patches: UserPatches, source: UserSource) -> Self {
        Self { session, arguments, patches, source, ready: None }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.session.results().join(name)
    }

    fn boot(&self, ready: &Prepared, append: &Append, image: &Path) -> Step {
        let room = ready
            .toolchain
            .room(self.session)
            .with(Mount::ReadOnly { from: ready.kernel.path.clone(), to: "/kernel" })
            .with(Mount::ReadOnly { from: image.to_owned(), to: "/image" })
            .with(Mount::Writable { from: self.session.results().to_owned(), to: "/results" });
        let mut words = vec!["console=ttyS0 rdinit=/init panic=-1 swiotlb=noforce loglevel=5".to_owned()];
        words.extend(append.kernel.iter().cloned());
        let usual = if self.arguments.compare_model.is_some() { SILENCE_OF_CALLS } else { SILENCE };
        let silence = self.arguments.suite_args.timeout.map_or(usual, |limit| usual.max(limit + MARGIN));
        ready
            .toolchain
            .step(&room, ["qemu-system-loongarch64", "-M", "virt", "-cpu", CPU, "-m", "256M"])
            .arguments(["-smp", &self.arguments.smp.to_string()])
            .arguments(["-nodefaults", "-display", "none", "-monitor", "none", "-no-reboot"])
            .arguments(["-kernel", "/kernel/vmlinux", "-initrd", &format!("/image/{IMAGE}")])
            .arguments(["-append", &words.join(" ")])
            .arguments(["-serial", &format!("file:/results/{CONSOLE}"), "-serial", "stdio"])
            .silence(Duration::from_secs(silence))
    }

    fn console(&self) -> Vec<String> {
        let bytes = fs::read(self.file(CONSOLE)).unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes).replace('\r', "");
        excerpt(&text)
    }
}

impl Target for Lab<'_> {
    fn prepare(&mut self) -> Result<(), Error> {
        let ready = lab::prepare(self.session, self.arguments, &self.patches, self.source.as_ref())?;
        self.ready = Some(ready);
        Ok(())
    }

    fn run(&mut self) -> Result<Run, Error> {
        let Some(ready) = &self.ready else {
            return Err(LabError::NotReady.into());
        };
        let append = Append::sort(&self.arguments.append, &ready.kernel.modules);
        let mut stage = Stage::new(self.session, "boot", LIMIT)?;
        let scratch = self.session.cache().scratch("image")?;
        let step = self.boot(ready, &append, scratch.path());
        let mut runs = Runs::default();
        let mut complaints = Vec::new();
        if self.session.planning() {
            stage.run(&step)?;
            return Ok(self.report(runs, None, complaints));
        }
        let mut arguments = self.arguments.suite_args.to_arguments();
        if ready.version >= FEATURES_SINCE && append.parameters(SOFT_LVZ).is_empty() {
            arguments.splice(0..0, ["--require", FEATURES].map(str::to_owned));
        }
        if let Some(faults) = self.arguments.fault {
            arguments.splice(0..0, ["--fault".to_owned(), faults.name()]);
        }
        if let Some(calls) = self.arguments.compare_model {
            let model = closest_model(ready.version);
            let comparing = ["--compare-model", &calls.to_string(), "--model-kernel", model].map(str::to_owned);
            arguments.splice(0..0, comparing);
        }
        let job = Job::new(&ready.kernel, &append, arguments, self.arguments.busy);
        let image = scratch.path().join(IMAGE);
        lab::write_image(&image, &ready.suite, &ready.kernel, &job).map_err(stage.file_error("write", &image))?;
        if self.arguments.keep {
            let kept = self.file(IMAGE);
            fs::copy(&image, &kept).map_err(stage.file_error("write", &kept))?;
        }
        let path = self.file("events.jsonl");
        let mut events = File::create(&path).map_err(stage.file_error("make", &path))?;
        let mut written = Ok(());
        let ended = stage.attempt(&step, &mut |bar, source, line| {
            if source == Source::Error {
                complaints.push(line.to_owned());
                return Flow::Continue;
            }
            if let Err(error) = writeln!(events, "{}", line.trim_end_matches('\r')) {
                written = Err(error);
            }
            runs.take(line);
            let run = runs.current();
            if let Some(started) = run.started.as_ref().filter(|_| run.ended.is_empty()) {
                bar.length(started.plan.len() as u64);
            } else {
                bar.advance_to(run.ended.len() as u64);
            }
            bar.message(run.running.as_deref().unwrap_or_default());
            Flow::Continue
        })?;
        written.map_err(stage.file_error("write", &path))?;
        let stray: Vec<&str> = runs.stray().collect();
        if !stray.is_empty() {
            let path = self.file("stray.txt");
            fs::write(&path, stray.join("\n") + "\n").map_err(stage.file_error("write", &path))?;
        }
        let log = stage.log().to_owned();
        let silent = match ended.ending {
            Ending::Interrupted { killed } => {
                return Err(StageError::Interrupted { stage: "boot", killed, log }.into());
            }
            Ending::TimedOut { limit } => Some(limit),
            Ending::Exited(_) | Ending::Stopped => None,
        };
        stage.done("run ended");
        Ok(self.report(runs, silent, complaints))
    }

    fn clean_up(&mut self) -> Result<(), Error> {
        // The image's scratch directory went with the run; machine and mounts
        // went with their processes.
        self.ready = None;
        Ok(())
    }
}

impl Lab<'_> {
    fn report(&self, runs: Runs, silent: Option<Duration>, complaints: Vec<String>) -> Run {
        let results = Some(self.session.results().to_owned());
        Run { runs, console: self.console(), results, silent, complaints, ..Run::default() }
    }
}

/// The kernel of the suite's model that is closest to a kernel.
fn closest_model(version: (u32, u32)) -> &'static str {
    if version < LATER_MODEL_SINCE { "6.12" } else { "7.2" }
}

/// The lines of a console that matter most: from the first sign of a crash
/// on, or the last ones.
fn excerpt(text: &str) -> Vec<String> {
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    let crash = lines.iter().position(|line| CRASHES.iter().any(|sign| line.contains(sign)));
    let last = lines.len().saturating_sub(TAIL);
    let from = crash.map_or(last, |crash| crash.min(last));
    lines.iter().skip(from).take(TAIL).map(|line| (*line).to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kernel_has_a_model_that_is_closest() {
        let models = [(6, 7), (6, 12), (6, 13), (7, 2), (8, 0)].map(closest_model);
        assert_eq!(models, ["6.12", "6.12", "7.2", "7.2", "7.2"]);
    }

    #[test]
    fn a_crash_is_shown_from_its_first_line() {
        let before = "boot\n".repeat(50);
        let trace = "[<900000>] f+0x1\n".repeat(50);
        let shown = excerpt(&format!("{before}Kernel panic - not syncing: x\n{trace}"));
        assert_eq!(shown.len(), TAIL);
        assert_eq!(shown[0], "Kernel panic - not syncing: x");
    }

    #[test]
    fn without_a_crash_the_last_lines_are_shown() {
        let text: String = (0..50).map(|number| format!("{number}\n\n")).collect();
        let shown = excerpt(&text);
        assert_eq!((shown.len(), shown[TAIL - 1].as_str()), (TAIL, "49"));
        assert_eq!(excerpt(""), Vec::<String>::new());
    }
}
