// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The harness: loads specifications, runs cases through libtest-mimic, and produces
//! events and a verdict.

#[cfg(test)]
pub(crate) mod alone;
mod arguments;
mod console;
pub mod guest;
pub mod host;
mod jobs;
mod kernel_log;
pub mod options;
mod outputs;
pub mod process;
mod run;
pub(crate) mod subject;
mod trying;
mod turns;
pub(crate) mod worker;

use std::ffi::OsString;
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use libtest_mimic::{ColorSetting, Trial};

use crate::arch::{Arch, Feature};
use crate::checks::IN_EVERY_CASE;
use crate::checks::message::Message;
use crate::exit;
use crate::fault::{Fault, Faults};
use crate::model::Model;
use crate::report::events::{
    self, Event, EventLog, Label, Observer, RunFinished, RunStarted, SubjectKind, Totals, Verdict,
};
use crate::spec::{Source, Spec};
use arguments::{Program, check_fault, open, parse, required_features};
use console::{complain, say};
use host::Host;
use kernel_log::KernelLog;
use options::{Options, Shown};
use process::{JobError, Send, Servers, lock};
use run::{End, Run};
use subject::Choice;
use trying::Trying;
use turns::{Turn, Turns};
use worker::chain;

pub use arguments::{UsageError, command, options as read_options};

/// Time limit of the probe, if a case does not have a longer one.
const PROBE_LIMIT: Duration = Duration::from_secs(10);
/// Job number of the probe.
const PROBE: usize = 0;
/// Job number of the first case; the others follow.
const FIRST: usize = 1;

/// Exchanges the kernel under test for one with a fault, or without any; the
/// error says what happened.
pub type Switch = Box<dyn FnMut(Option<Fault>) -> Result<(), String>>;

/// Runs the program with its results on stdout. Returns the exit code. With a `switch`,
/// the kernel is one of the lab's.
pub fn main(arguments: impl IntoIterator<Item = OsString>, switch: Option<Switch>) -> u8 {
    let Program { options, quiet, color } = match parse(arguments.into_iter().collect()) {
        Ok(program) => program,
        Err(error) => {
            let _ = error.print();
            return if error.use_stderr() { exit::USAGE } else { exit::PASSED };
        }
    };
    let libtest = libtest_mimic::Arguments { quiet, color, ..libtest_mimic::Arguments::default() };
    match run(options, libtest, None, switch) {
        // Without all results, the run is no success.
        Ok(Concluded { is_written: false, .. }) => exit::FAILED,
        Ok(Concluded { code, .. }) => code,
        Err(error) => {
            complain(&chain(&error));
            exit::USAGE
        }
    }
}

/// The end of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Concluded {
    /// The exit code of the cases.
    pub code: u8,
    /// Whether all results are written. If not, a message has said so.
    pub is_written: bool,
}

/// Runs the suite for an observer, who shows the results. The suite prints only
/// errors, unless an option asks for its own output.
pub fn observed(options: Options, color: Option<ColorSetting>, observer: Observer) -> Result<Concluded, UsageError> {
    let libtest = libtest_mimic::Arguments { color, ..libtest_mimic::Arguments::default() };
    run(options, libtest, Some(observer), None)
}

/// Ids of the cases for a kernel of this architecture.
pub fn plan(options: &Options, arch: &dyn Arch) -> Result<Vec<String>, UsageError> {
    required_features(&options.require)?;
    outputs::check(options)?;
    let spec = load(options, arch)?;
    let turns = Turns::of(options, &Choice::Kvm, &spec, arch);
    turns.check_selection(options, &spec)?;
    Ok(turns.numbered().flat_map(|(_, turn)| turn.jobs.ids.clone()).collect())
}

fn load(options: &Options, arch: &dyn Arch) -> Result<Spec, UsageError> {
    let source = options.specs.clone().map_or(Source::Embedded, Source::Directory);
    let series = options.selection.series.as_deref().unwrap_or(arch.default_series());
    let spec = Spec::load(&source, arch, series)?;
    for name in &options.selection.configurations {
        if !spec.configurations.iter().any(|configuration| configuration.name == *name) {
            let known = spec.configurations.iter().map(|known| known.name.as_str()).collect::<Vec<_>>().join(", ");
            return Err(UsageError::Configuration { series: spec.series, name: name.clone(), known });
        }
    }
    Ok(spec)
}

fn run(
    options: Options,
    mut libtest: libtest_mimic::Arguments,
    observer: Option<Observer>,
    switch: Option<Switch>,
) -> Result<Concluded, UsageError> {
    let observer = observer.filter(|_| !options.prints());
    if let Some(Shown::Libtest(format)) = options.format {
        libtest.format = Some(format);
    }
    libtest.logfile.clone_from(&options.libtest.logfile);
    // One case at a time, so that people can read the log of a board.
    libtest.test_threads = Some(options.libtest.test_threads.unwrap_or(1));
    if libtest.test_threads == Some(0) {
        return Err(UsageError::NoThreads);
    }
    let required = required_features(&options.require)?;
    let machine = Host::probe();
    let subject =
        Choice::of(options.subject, &machine, Model::new(options.model_kernel, options.model_host.into(), None));
    check_subject(&options, &subject, switch.is_some())?;
    outputs::check(&options)?;
    let Some(arch) = subject.arch(&machine) else {
        say(&format!(
            "nothing tested: no list is specified for {}\n[run it on a LoongArch machine, or run `reglist lab`]",
            machine.architecture
        ));
        return Ok(Concluded { code: exit::NOTHING_TESTED, is_written: true });
    };

    let spec = load(&options, arch)?;
    let turns = Turns::of(&options, &subject, &spec, arch);
    if options.list {
        // As libtest prints it; libtest-mimic panics if the reader closes the pipe.
        for (_, turn) in turns.numbered() {
            turn.jobs.ids.iter().for_each(|id| say(&format!("{id}: test")));
        }
        return Ok(Concluded { code: exit::PASSED, is_written: true });
    }
    turns.check_selection(&options, &spec)?;
    let host = subject.host(machine);
    Circumstances { options, libtest, subject, arch, spec: &spec, host, required }.carry_out(&turns, observer, switch)
}

fn check_subject(options: &Options, subject: &Choice, switchable: bool) -> Result<(), UsageError> {
    if options.selection.kmsg && subject.kind() == SubjectKind::Model {
        return Err(UsageError::LogOfModel);
    }
    #[cfg(any(test, feature = "compare"))]
    if options.compare_model.is_some() {
        if options.fault == Some(Faults::All) {
            return Err(UsageError::CompareAll);
        }
        // The fault is the model's, whatever it is compared with.
        return if subject.kind() == SubjectKind::Model || host::is_lab_guest() {
            Ok(())
        } else {
            Err(UsageError::CompareOutsideLab)
        };
    }
    options.fault.map_or(Ok(()), |faults| check_fault(faults, subject.kind(), switchable))
}

struct Circumstances<'a> {
    options: Options,
    libtest: libtest_mimic::Arguments,
    subject: Choice,
    arch: &'a dyn Arch,
    spec: &'a Spec,
    host: Host,
    required: Vec<Feature>,
}

impl Circumstances<'_> {
    fn carry_out(
        mut self,
        turns: &Turns<'_>,
        observer: Option<Observer>,
        mut switch: Option<Switch>,
    ) -> Result<Concluded, UsageError> {
        let file = self.options.events.as_deref().map(|path| open(path, true)).transpose()?;
        if let Some(path) = &self.libtest.logfile {
            // libtest-mimic would overwrite a file, and panic where it cannot.
            open(path.as_ref(), true)?;
        }
        let outputs = outputs::open(&self.options)?;
        let elsewhere = matches!(self.options.format, Some(Shown::Lines(_)));
        // A share of the rounds can be judged only together with the others.
        let observed = observer.is_some() || self.options.share.is_some();
        let mut trying = (self.options.fault == Some(Faults::All)).then(Trying::default);
        if observed || elsewhere || trying.is_some() {
            self.libtest.logfile = Some("/dev/null".to_owned());
        }
        let log = Arc::new(Mutex::new(EventLog::new(file, outputs, observer)));
        let mut servers = None;
        let mut code = exit::NOTHING_TESTED;
        for (first, turn) in turns.numbered() {
            let run = Arc::new(Run {
                log: Arc::clone(&log),
                finished: Mutex::new(Vec::new()),
                strict: self.options.selection.strict,
                required: self.required.clone(),
                quiet: observed || elsewhere || trying.is_some(),
                lists: trying.is_none(),
                quiet_level: self.spec.clauses.get(IN_EVERY_CASE).map(|clause| clause.level),
            });
            match self.turn(&run, turns, first, turn, &mut servers, switch.as_mut()) {
                End::Concluded(concluded) => code = concluded,
                End::Aborted(code) if trying.is_none() || servers.is_none() => return Ok(concluded(&log, code)),
                End::Aborted(_) => {}
            }
            if let Some(trying) = &mut trying {
                trying.take(turn, &run, &self.spec.clauses, observed);
            }
        }
        let code = trying.map_or(code, |trying| trying.conclude(self.subject.kind(), &self.host.kernel, observed));
        Ok(concluded(&log, code))
    }

    fn turn(
        &self,
        run: &Arc<Run>,
        turns: &Turns<'_>,
        first: usize,
        turn: &Turn<'_>,
        servers: &mut Option<Arc<Servers>>,
        switch: Option<&mut Switch>,
    ) -> End {
        self.begin(run, turn);
        if let Some(Err(reason)) = switch.map(|switch| switch(turn.fault)) {
            return run.abort(reason);
        }
        let ready = match servers {
            Some(ready) => Arc::clone(ready),
            None => match self.start(turns) {
                Err(reason) => return run.abort(reason),
                Ok((false, _)) => {
                    let totals = Totals { skip: turn.jobs.ids.len(), ..Totals::default() };
                    run.write(&Event::RunFinished(RunFinished { verdict: Verdict::NotImplemented, totals }));
                    let release = &self.host.kernel;
                    run.say(&format!("not implemented: KVM_GET_REG_LIST is unknown to Linux {release} (ENOTTY)"));
                    return End::Aborted(exit::NOTHING_TESTED);
                }
                Ok((true, started)) => Arc::clone(servers.insert(Arc::new(started))),
            },
        };
        if !complete(&self.libtest, trials(run, &ready, &turn.jobs.ids, FIRST + first)) {
            return run.abort("stdout was closed in the middle of the run; the remaining cases did not run".to_owned());
        }
        let (kernel, seed) = (&self.host.kernel, self.options.seed());
        End::Concluded(run.conclude(self.subject.kind(), kernel, &self.spec.series, seed, self.arch))
    }

    fn begin(&self, run: &Run, turn: &Turn<'_>) {
        let fault = turn.fault.map(Fault::name);
        run.write(&Event::RunStarted(RunStarted {
            format: events::FORMAT,
            suite: env!("CARGO_PKG_VERSION").to_owned(),
            subject: self.subject.kind(),
            architecture: self.host.architecture.clone(),
            kernel: self.host.kernel.clone(),
            cpu: self.host.cpu.clone(),
            series: self.spec.series.clone(),
            strict: self.options.selection.strict,
            allow_new: turn.allow_new,
            seed: self.options.seed(),
            threads: self.libtest.test_threads.unwrap_or(1),
            fault: fault.clone(),
            labels: self.labels(),
            coverage: self.options.coverage.as_deref().cloned().map(Box::new),
            plan: turn.jobs.ids.clone(),
        }));
        if self.subject.kind() == SubjectKind::Model {
            let kernel = self.options.model_kernel.version();
            run.say(&match fault {
                None => format!("model: no kernel is tested; this is how Linux {kernel} should answer"),
                Some(fault) => format!("model: no kernel is tested; this is Linux {kernel} with the fault {fault}"),
            });
        }
    }

    /// The labels from the options and those of the subject.
    fn labels(&self) -> Vec<Label> {
        let mut labels = self.options.selection.labels.clone();
        let log = (self.subject.kind() == SubjectKind::Kvm).then(KernelLog::open);
        if let Some(Err(error)) = log {
            let value = format!("not readable ({error}), so that {IN_EVERY_CASE} is not checked");
            labels.push(Label { name: Label::KERNEL_LOG.to_owned(), value });
        }
        for label in &self.host.build_ids {
            if !labels.iter().any(|known| known.name == label.name) {
                labels.push(label.clone());
            }
        }
        labels
    }

    /// Makes the servers, and has one say whether the kernel knows the ioctl.
    fn start(&self, turns: &Turns<'_>) -> Result<(bool, Servers), String> {
        let work = |job: usize, send: Send<'_>| {
            let result = match job.checked_sub(FIRST) {
                None => worker::probe(&self.subject, self.arch),
                Some(number) => turns.work(number, send),
            };
            worker::finish(result, send);
        };
        let cases = turns.numbered().map(|(_, turn)| turn.jobs.ids.len()).max().unwrap_or_default();
        let case_limit = turns.numbered().map(|(_, turn)| turn.jobs.limit).max().unwrap_or(PROBE_LIMIT);
        let limit = |job| if job == PROBE { PROBE_LIMIT.max(case_limit) } else { case_limit };
        let count = self.libtest.test_threads.unwrap_or(1).min(cases.max(1));
        let servers = Servers::start(count, limit, work).map_err(JobError::from).map_err(|error| chain(&error))?;
        Ok((probe(&servers)?, servers))
    }
}

fn concluded(log: &Mutex<EventLog>, code: u8) -> Concluded {
    let is_written = !lock(log).is_incomplete;
    Concluded { code, is_written }
}

/// Runs the trials; false if libtest-mimic panicked, as it does if its output is closed.
fn complete(arguments: &libtest_mimic::Arguments, trials: Vec<Trial>) -> bool {
    let hook = panic::take_hook();
    panic::set_hook(Box::new(|_| {}));
    let conclusion = panic::catch_unwind(AssertUnwindSafe(|| libtest_mimic::run(arguments, trials)));
    panic::set_hook(hook);
    conclusion.is_ok()
}

/// Whether the kernel knows the ioctl, or the error of the probe.
fn probe(servers: &Servers) -> Result<bool, String> {
    let mut last = None;
    servers.run(PROBE, |message| last = Some(message)).map_err(|error| chain(&error))?;
    match last {
        Some(Message::Probed(implemented)) => Ok(implemented),
        Some(Message::Trouble(reason)) => Err(reason),
        _ => Err("the probe gave no answer".to_owned()),
    }
}

fn trials(run: &Arc<Run>, servers: &Arc<Servers>, ids: &[String], first: usize) -> Vec<Trial> {
    ids.iter()
        .zip(first..)
        .map(|(id, job)| {
            let (run, servers, own) = (Arc::clone(run), Arc::clone(servers), id.clone());
            Trial::ignorable_test(id.clone(), move || run.case(own, &servers, job))
        })
        .collect()
}
