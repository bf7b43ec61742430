// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The harness program: specifications in, cases through libtest-mimic, events
//! and a verdict out.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::FileTypeExt as _;
use std::panic::{self, AssertUnwindSafe};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use clap::{CommandFactory as _, FromArgMatches as _};
use libtest_mimic::{Completion, Failed, Trial};

use crate::arch::{Arch as _, Feature, LoongArch64};
use crate::clause::Level;
use crate::events::{
    self, CaseFinished, Event, EventLog, Finding, Outcome, RunFinished, RunStarted, SubjectKind, Totals, Verdict,
};
use crate::exit;
use crate::host::Host;
use crate::job::{CaseJob, Job, Message};
use crate::new_registers;
use crate::plan::{PlannedCase, plan};
use crate::process::{self, JobError};
use crate::spec::{Source, Spec, SpecError};
use crate::worker::chain;

/// How long the probe may take.
const PROBE_LIMIT: Duration = Duration::from_secs(10);

/// Checks a kernel's KVM_GET_REG_LIST and what it lists.
///
/// Needs nothing but /dev/kvm. Every case runs on a fresh VM and vCPU in a
/// process of its own; SET goes to listed registers only, with safe values.
#[derive(Debug, clap::Parser)]
#[command(
    name = "reglist-suite",
    version,
    after_help = "Exit codes: 0 all passed, 1 a case failed or ended in error, 4 nothing was tested\n\
                  (skipped, or the kernel does not know the ioctl), 64 wrong usage or specification."
)]
#[group(id = "suite")]
pub struct Arguments {
    #[command(flatten)]
    libtest: libtest_mimic::Arguments,

    /// Revision of the expected list.
    #[arg(long, default_value = "v5")]
    series: String,

    /// Only this configuration; can be given several times.
    #[arg(long = "config", value_name = "NAME")]
    configurations: Vec<String>,

    /// Specifications to use in place of the built-in ones.
    #[arg(long, value_name = "DIR")]
    specs: Option<PathBuf>,

    /// Write the run as JSON lines to a new file or a device.
    #[arg(long, value_name = "FILE")]
    events: Option<PathBuf>,

    /// Report registers beyond the expected list without failing.
    #[arg(long)]
    allow_new: bool,

    /// Fail on broken "should" clauses too.
    #[arg(long)]
    strict: bool,

    /// Time limit of a case.
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = seconds)]
    timeout: Duration,

    /// Features that the host is known to have: their absence is an error, not
    /// a reason to skip.
    #[arg(long, value_name = "FEATURES", value_delimiter = ',')]
    require: Vec<String>,
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "not a number of seconds".to_owned())?;
    match Duration::try_from_secs_f64(seconds) {
        Ok(limit) if !limit.is_zero() => Ok(limit),
        _ => Err("must be more than 0 and a time that a clock can hold".to_owned()),
    }
}

/// Wrong usage, found before anything is tested.
#[derive(Debug, thiserror::Error)]
enum UsageError {
    #[error(transparent)]
    Spec(#[from] SpecError),
    #[error("series {series} has no configuration `{name}`\n[known: {known}]")]
    Configuration { series: String, name: String, known: String },
    #[error("`{name}` is no feature\n[known: {known}]")]
    Feature { name: String, known: String },
    #[error("{file} exists and is kept as it is\n[remove it, or choose another file]")]
    Exists { file: String },
    #[error("{file} cannot be written: {error}\n[choose another file]")]
    Unwritable { file: String, error: io::Error },
}

/// Runs the program; the result is its exit code.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> u8 {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    if arguments.get(1).is_some_and(|first| first == process::WORKER) {
        return if crate::worker::work() { exit::PASSED } else { exit::FAILED };
    }
    let arguments = match parse(arguments) {
        Ok(arguments) => arguments,
        Err(error) => {
            let _ = error.print();
            return if error.use_stderr() { exit::USAGE } else { exit::PASSED };
        }
    };
    match run(arguments) {
        Ok(code) => code,
        Err(error) => {
            complain(&chain(&error));
            exit::USAGE
        }
    }
}

/// libtest-mimic's arguments come with a help of their own and without
/// `--version`; the program's are put back.
fn parse(arguments: Vec<OsString>) -> Result<Arguments, clap::Error> {
    let command = Arguments::command()
        .disable_version_flag(false)
        .help_template("{about-with-newline}\n{usage-heading} {usage}\n\n{all-args}{after-help}");
    Arguments::from_arg_matches(&command.try_get_matches_from(arguments)?)
}

fn complain(message: &str) {
    let _ = writeln!(io::stderr(), "reglist-suite: {message}");
}

fn say(message: &str) {
    // A closed pipe is the reader's choice, not an error.
    let _ = writeln!(io::stdout(), "{message}");
}

fn run(mut arguments: Arguments) -> Result<u8, UsageError> {
    let source = arguments.specs.take().map_or(Source::Embedded, Source::Directory);
    let spec = Spec::load(&source, &LoongArch64, &arguments.series)?;
    for name in &arguments.configurations {
        if !spec.configurations.iter().any(|configuration| configuration.name == *name) {
            let known = spec.configurations.iter().map(|known| known.name.as_str()).collect::<Vec<_>>().join(", ");
            return Err(UsageError::Configuration { series: spec.series, name: name.clone(), known });
        }
    }
    let required = required_features(&arguments.require)?;
    // Boards are scarce and their logs are read by people: one case at a time.
    arguments.libtest.test_threads.get_or_insert(1);

    let mut selected = plan(&spec, &arguments.configurations);
    selected.retain(|case| !arguments.libtest.is_filtered_out(&Trial::test(case.id.clone(), || Ok(()))));
    if arguments.libtest.list {
        // As libtest prints it; libtest-mimic panics where the reader went away.
        selected.iter().for_each(|case| say(&format!("{}: test", case.id)));
        return Ok(exit::PASSED);
    }

    let host = Host::probe();
    let foreign = host.architecture != LoongArch64.name();
    if foreign {
        selected.clear();
    }
    let log = match &arguments.events {
        Some(path) => EventLog::to_file(open_events(path)?),
        None => EventLog::none(),
    };
    let run = Arc::new(Run {
        log: Mutex::new(log),
        finished: Mutex::new(Vec::new()),
        strict: arguments.strict,
        timeout: arguments.timeout,
        required,
    });
    run.write(&Event::RunStarted(RunStarted {
        format: events::FORMAT,
        suite: env!("CARGO_PKG_VERSION").to_owned(),
        subject: SubjectKind::Kvm,
        architecture: host.architecture.clone(),
        kernel: host.kernel.clone(),
        cpu: host.cpu,
        series: spec.series.clone(),
        strict: arguments.strict,
        allow_new: arguments.allow_new,
        plan: selected.iter().map(|case| case.id.clone()).collect(),
    }));

    if foreign {
        run.write(&Event::RunFinished(RunFinished { verdict: Verdict::NothingTested, totals: Totals::default() }));
        say(&format!(
            "nothing tested: series {} is for {}, and this machine is {}\n[run it on a LoongArch machine, or without one: reglist lab]",
            spec.series,
            LoongArch64.name(),
            host.architecture
        ));
        return Ok(exit::NOTHING_TESTED);
    }

    match probe() {
        Err(reason) => {
            complain(&reason);
            run.write(&Event::RunAborted { reason });
            return Ok(exit::FAILED);
        }
        Ok(false) => {
            let totals = Totals { skip: selected.len(), ..Totals::default() };
            run.write(&Event::RunFinished(RunFinished { verdict: Verdict::NotImplemented, totals }));
            say(&format!("not implemented: KVM_GET_REG_LIST is unknown to Linux {} (ENOTTY)", host.kernel));
            return Ok(exit::NOTHING_TESTED);
        }
        Ok(true) => {}
    }

    let trials = trials(&run, &spec, &selected, arguments.allow_new);
    if !complete(&arguments.libtest, trials) {
        let reason = "stdout was closed in the middle of the run; the remaining cases did not run".to_owned();
        complain(&reason);
        run.write(&Event::RunAborted { reason });
        return Ok(exit::FAILED);
    }
    Ok(run.conclude(&host.kernel, &spec.series))
}

/// Runs the trials; false if libtest-mimic panicked, as it does where nobody
/// reads its output any more.
fn complete(arguments: &libtest_mimic::Arguments, trials: Vec<Trial>) -> bool {
    let hook = panic::take_hook();
    panic::set_hook(Box::new(|_| {}));
    let conclusion = panic::catch_unwind(AssertUnwindSafe(|| libtest_mimic::run(arguments, trials)));
    panic::set_hook(hook);
    conclusion.is_ok()
}

fn required_features(names: &[String]) -> Result<Vec<Feature>, UsageError> {
    names
        .iter()
        .map(|name| {
            LoongArch64.features().iter().copied().find(|feature| feature.name() == name).ok_or_else(|| {
                let known = LoongArch64.features().iter().map(|feature| feature.name()).collect::<Vec<_>>().join(", ");
                UsageError::Feature { name: name.clone(), known }
            })
        })
        .collect()
}

/// A new file, or something that is no file: a device or a pipe.
fn open_events(path: &Path) -> Result<File, UsageError> {
    let file = path.display().to_string();
    let is_device = path.metadata().is_ok_and(|metadata| {
        let kind = metadata.file_type();
        kind.is_char_device() || kind.is_fifo()
    });
    let opened = OpenOptions::new().write(true).create_new(!is_device).open(path);
    opened.map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => UsageError::Exists { file },
        _ => UsageError::Unwritable { file, error },
    })
}

/// Whether the kernel knows the ioctl, or why that cannot be said.
fn probe() -> Result<bool, String> {
    let mut last = None;
    process::run(&Job::Probe, PROBE_LIMIT, |message| last = Some(message)).map_err(|error| chain(&error))?;
    match last {
        Some(Message::Implemented) => Ok(true),
        Some(Message::NotImplemented) => Ok(false),
        Some(Message::Trouble { reason }) => Err(reason),
        _ => Err("the probe gave no answer".to_owned()),
    }
}

fn trials(run: &Arc<Run>, spec: &Spec, cases: &[PlannedCase<'_>], allow_new: bool) -> Vec<Trial> {
    let names: BTreeMap<u64, String> =
        spec.registers.all().iter().map(|register| (register.id, register.name.clone())).collect();
    let levels: BTreeMap<String, Level> =
        spec.clauses.clauses.iter().map(|clause| (clause.id.clone(), clause.level)).collect();
    cases
        .iter()
        .map(|case| {
            let run = Arc::clone(run);
            let id = case.id.clone();
            let job = CaseJob {
                check: case.check.name.to_owned(),
                features: case.configuration.features.clone(),
                expected: case.configuration.registers.clone(),
                names: names.clone(),
                levels: levels.clone(),
                allow_new,
            };
            Trial::ignorable_test(case.id.clone(), move || run.case(id, job))
        })
        .collect()
}

/// The run while it goes on.
struct Run {
    log: Mutex<EventLog>,
    finished: Mutex<Vec<CaseFinished>>,
    strict: bool,
    timeout: Duration,
    required: Vec<Feature>,
}

impl Run {
    fn write(&self, event: &Event) {
        if let Err(error) = lock(&self.log).write(event) {
            complain(&format!("an event cannot be written: {error}"));
        }
    }

    fn case(&self, id: String, job: CaseJob) -> Result<Completion, Failed> {
        self.write(&Event::CaseStarted { case: id.clone() });
        let start = Instant::now();
        let mut findings = Vec::new();
        let mut end = None;
        let result = process::run(&Job::Case(Box::new(job)), self.timeout, |message| match message {
            Message::Found(finding) => finding.add_to(&mut findings),
            last => end = Some(last),
        });
        let (outcome, reason, ioctls) = self.judge(result, end, &findings);
        let finished = CaseFinished {
            case: id,
            outcome,
            reason,
            duration_us: start.elapsed().as_micros().try_into().unwrap_or(u64::MAX),
            ioctls,
            findings,
        };
        self.write(&Event::CaseFinished(finished.clone()));
        let conclusion = conclusion(&finished, self.strict);
        lock(&self.finished).push(finished);
        conclusion
    }

    fn judge(
        &self,
        result: Result<(), JobError>,
        end: Option<Message>,
        findings: &[Finding],
    ) -> (Outcome, Option<String>, u64) {
        if let Err(error) = result {
            return (Outcome::Error, Some(chain(&error)), 0);
        }
        match end {
            Some(Message::Done { ioctls }) => {
                let broken = findings.iter().any(|finding| finding.level.fails(self.strict));
                (if broken { Outcome::Fail } else { Outcome::Pass }, None, ioctls)
            }
            Some(Message::Absent { feature, reason }) if self.required.contains(&feature) => {
                (Outcome::Error, Some(format!("{reason}, but the host is known to have it")), 0)
            }
            Some(Message::Absent { reason, .. }) => (Outcome::Skip, Some(reason), 0),
            Some(Message::Trouble { reason }) => (Outcome::Error, Some(reason), 0),
            _ => (Outcome::Error, Some("the case gave no result".to_owned()), 0),
        }
    }

    /// Ends the run with its verdict on stdout; the result is the exit code.
    fn conclude(&self, kernel: &str, series: &str) -> u8 {
        let finished = lock(&self.finished);
        let mut totals = Totals::default();
        finished.iter().for_each(|case| totals.count(case.outcome));
        let verdict = totals.verdict();
        self.write(&Event::RunFinished(RunFinished { verdict, totals }));

        for case in finished.iter() {
            for finding in case.findings.iter().filter(|finding| !finding.level.fails(self.strict)) {
                say(&format!("{}: {finding}", case.case));
            }
        }
        if let Some(yaml) = new_registers::as_yaml(finished.iter().flat_map(|case| &case.findings), &LoongArch64) {
            say(yaml.trim_end());
        }
        let word = match verdict {
            Verdict::Passed => "passed",
            Verdict::Failed => "failed",
            Verdict::NothingTested | Verdict::NotImplemented => "nothing tested",
        };
        let Totals { pass, fail, skip, error } = totals;
        say(&format!(
            "{word}: {pass} passed, {fail} failed, {skip} skipped, {error} in error; series {series}, Linux {kernel}"
        ));
        verdict.exit_code()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What libtest-mimic is told, with every failing finding in the message.
fn conclusion(case: &CaseFinished, strict: bool) -> Result<Completion, Failed> {
    let reason = case.reason.clone().unwrap_or_default();
    match case.outcome {
        Outcome::Pass => Ok(Completion::Completed),
        Outcome::Skip => Ok(Completion::ignored_with(reason)),
        Outcome::Fail | Outcome::Error => {
            let failing = case.findings.iter().filter(|finding| finding.level.fails(strict));
            let mut lines: Vec<String> = failing.map(ToString::to_string).collect();
            if !reason.is_empty() {
                lines.push(reason);
            }
            Err(lines.join("\n").into())
        }
    }
}
