// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The harness program: specifications in, cases through libtest-mimic, events
//! and a verdict out.

mod arguments;
mod jobs;
mod run;

use std::ffi::OsString;
use std::io::{self, Write as _};
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use clap::ValueEnum as _;
use libtest_mimic::Trial;

use crate::arch::Arch;
use crate::events::{self, Event, EventLog, Observer, RunFinished, RunStarted, SubjectKind, Totals, Verdict};
use crate::exit;
#[cfg(any(test, feature = "compare"))]
use crate::guest;
use crate::host::Host;
use crate::job::Message;
use crate::model::Model;
use crate::process::{JobError, Send, Servers};
use crate::spec::{Source, Spec};
use crate::subject::Choice;
use crate::worker::{self, chain};
use arguments::{Arguments, UsageError, open_new, parse, required_features};
use jobs::Jobs;
use run::Run;

/// How long the probe may take.
const PROBE_LIMIT: Duration = Duration::from_secs(10);
/// The probe's number as a job.
const PROBE: usize = 0;
/// The first case's number as a job; the others follow.
const FIRST: usize = 1;

/// Runs the program with its results on stdout as they come; the result is its
/// exit code.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> u8 {
    start(arguments, None)
}

/// Runs the program for an observer, who shows the results: nothing but errors
/// is printed, unless an option asks for the program's own output.
pub fn observed(arguments: impl IntoIterator<Item = OsString>, observer: Observer) -> u8 {
    start(arguments, Some(observer))
}

fn start(arguments: impl IntoIterator<Item = OsString>, observer: Option<Observer>) -> u8 {
    let arguments = match parse(arguments.into_iter().collect()) {
        Ok(arguments) => arguments,
        Err(error) => {
            let _ = error.print();
            return if error.use_stderr() { exit::USAGE } else { exit::PASSED };
        }
    };
    match run(arguments, observer) {
        Ok(code) => code,
        Err(error) => {
            complain(&chain(&error));
            exit::USAGE
        }
    }
}

fn complain(message: &str) {
    let _ = writeln!(io::stderr(), "reglist-suite: {message}");
}

fn say(message: &str) {
    // A closed pipe is the reader's choice, not an error.
    let _ = writeln!(io::stdout(), "{message}");
}

fn run(mut arguments: Arguments, observer: Option<Observer>) -> Result<u8, UsageError> {
    let libtest = &mut arguments.libtest;
    let observer = observer.filter(|_| libtest.format.is_none() && libtest.logfile.is_none() && !libtest.quiet);
    // Boards are scarce and their logs are read by people: one case at a time.
    if *libtest.test_threads.get_or_insert(1) == 0 {
        return Err(UsageError::NoThreads);
    }
    let required = required_features(&arguments.require)?;
    let machine = Host::probe();
    let model = Model::new(arguments.model_kernel, arguments.model_host.into(), arguments.fault);
    let subject = Choice::of(arguments.subject, &machine, model);
    check_subject(&arguments, &subject)?;
    let Some(arch) = subject.arch(&machine) else {
        say(&format!(
            "nothing tested: no list is specified for {}\n[run it on a LoongArch machine, or without one: reglist lab]",
            machine.architecture
        ));
        return Ok(exit::NOTHING_TESTED);
    };

    let source = arguments.specs.take().map_or(Source::Embedded, Source::Directory);
    let series = arguments.series.as_deref().unwrap_or(arch.default_series());
    let spec = Spec::load(&source, arch, series)?;
    for name in &arguments.configurations {
        if !spec.configurations.iter().any(|configuration| configuration.name == *name) {
            let known = spec.configurations.iter().map(|known| known.name.as_str()).collect::<Vec<_>>().join(", ");
            return Err(UsageError::Configuration { series: spec.series, name: name.clone(), known });
        }
    }
    let mut jobs = jobs(&arguments, subject, &spec, arch);
    jobs.ids.retain(|id| {
        let trial = Trial::test(id.clone(), || Ok(()));
        !arguments.libtest.is_filtered_out(&trial) && !arguments.libtest.is_ignored(&trial)
    });
    if arguments.libtest.list {
        // As libtest prints it; libtest-mimic panics where the reader went away.
        jobs.ids.iter().for_each(|id| say(&format!("{id}: test")));
        return Ok(exit::PASSED);
    }
    carry_out(arguments, observer, &subject, arch, &spec.series, &jobs, required, machine)
}

/// Whether what is asked for can be done with the subject.
fn check_subject(arguments: &Arguments, subject: &Choice) -> Result<(), UsageError> {
    if subject.kind() == SubjectKind::Model {
        return Ok(());
    }
    #[cfg(any(test, feature = "compare"))]
    if arguments.compare_model.is_some() {
        return if guest::is_init() { Ok(()) } else { Err(UsageError::CompareOutsideLab) };
    }
    if arguments.fault.is_some() { Err(UsageError::FaultOfKernel) } else { Ok(()) }
}

/// What the run is to do.
fn jobs<'a>(arguments: &Arguments, subject: Choice, spec: &'a Spec, arch: &'a dyn Arch) -> Jobs<'a> {
    #[cfg(any(test, feature = "compare"))]
    if let Some(calls) = arguments.compare_model {
        return Jobs::of_comparison(arguments, subject, spec, calls);
    }
    Jobs::of_spec(arguments, subject, spec, arch)
}

#[expect(clippy::too_many_arguments, reason = "the second half of `run`, with all that the first half found")]
fn carry_out(
    mut arguments: Arguments,
    observer: Option<Observer>,
    subject: &Choice,
    arch: &dyn Arch,
    series: &str,
    jobs: &Jobs<'_>,
    required: Vec<crate::arch::Feature>,
    machine: Host,
) -> Result<u8, UsageError> {
    let host = subject.host(machine);
    let file = arguments.events.as_deref().map(open_new).transpose()?;
    if let Some(path) = &arguments.libtest.logfile {
        // libtest-mimic would overwrite a file, and panic where it cannot.
        open_new(path.as_ref())?;
    }
    let fault = arguments.fault.and_then(|fault| Some(fault.to_possible_value()?.get_name().to_owned()));
    let observed = observer.is_some();
    if observed {
        arguments.libtest.logfile = Some("/dev/null".to_owned());
    }
    let run = Arc::new(Run {
        log: Mutex::new(EventLog::new(file, observer)),
        finished: Mutex::new(Vec::new()),
        strict: arguments.strict,
        required,
        observed,
    });
    run.write(&Event::RunStarted(RunStarted {
        format: events::FORMAT,
        suite: env!("CARGO_PKG_VERSION").to_owned(),
        subject: subject.kind(),
        architecture: host.architecture.clone(),
        kernel: host.kernel.clone(),
        cpu: host.cpu.clone(),
        series: series.to_owned(),
        strict: arguments.strict,
        allow_new: arguments.allow_new,
        seed: arguments.seed,
        fault: fault.clone(),
        plan: jobs.ids.clone(),
    }));
    if subject.kind() == SubjectKind::Model {
        let kernel = arguments.model_kernel.version();
        run.say(&match &fault {
            None => format!("model: no kernel is tested; this is how Linux {kernel} should answer"),
            Some(fault) => format!("model: no kernel is tested; this is Linux {kernel} with the fault {fault}"),
        });
    }

    let work = |job: usize, send: Send<'_>| {
        let result = match job.checked_sub(FIRST) {
            None => worker::probe(subject),
            Some(position) => jobs.work(position, send),
        };
        worker::finish(result, send);
    };
    let limit = |job| if job == PROBE { PROBE_LIMIT } else { jobs.limit };
    let count = arguments.libtest.test_threads.unwrap_or(1).min(jobs.ids.len().max(1));
    let servers = Servers::start(count, limit, work).map_err(JobError::from);

    match servers.and_then(|servers| Ok((probe(&servers)?, servers))) {
        Err(error) => {
            let reason = chain(&error);
            complain(&reason);
            run.write(&Event::RunAborted { reason });
            Ok(exit::FAILED)
        }
        Ok((Err(reason), _)) => {
            complain(&reason);
            run.write(&Event::RunAborted { reason });
            Ok(exit::FAILED)
        }
        Ok((Ok(false), _)) => {
            let totals = Totals { skip: jobs.ids.len(), ..Totals::default() };
            run.write(&Event::RunFinished(RunFinished { verdict: Verdict::NotImplemented, totals }));
            run.say(&format!("not implemented: KVM_GET_REG_LIST is unknown to Linux {} (ENOTTY)", host.kernel));
            Ok(exit::NOTHING_TESTED)
        }
        Ok((Ok(true), servers)) => {
            let trials = trials(&run, &Arc::new(servers), &jobs.ids);
            if !complete(&arguments.libtest, trials) {
                let reason = "stdout was closed in the middle of the run; the remaining cases did not run".to_owned();
                complain(&reason);
                run.write(&Event::RunAborted { reason });
                return Ok(exit::FAILED);
            }
            Ok(run.conclude(subject.kind(), &host.kernel, series, arguments.seed, arch))
        }
    }
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

/// Whether the kernel knows the ioctl, or why that cannot be said.
fn probe(servers: &Servers) -> Result<Result<bool, String>, JobError> {
    let mut last = None;
    servers.run(PROBE, |message| last = Some(message))?;
    Ok(match last {
        Some(Message::Implemented) => Ok(true),
        Some(Message::NotImplemented) => Ok(false),
        Some(Message::Trouble { reason }) => Err(reason),
        _ => Err("the probe gave no answer".to_owned()),
    })
}

fn trials(run: &Arc<Run>, servers: &Arc<Servers>, ids: &[String]) -> Vec<Trial> {
    ids.iter()
        .zip(FIRST..)
        .map(|(id, job)| {
            let (run, servers, own) = (Arc::clone(run), Arc::clone(servers), id.clone());
            Trial::ignorable_test(id.clone(), move || run.case(own, &servers, job))
        })
        .collect()
}
