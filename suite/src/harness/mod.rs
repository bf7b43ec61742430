// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The harness program: specifications in, cases through libtest-mimic, events
//! and a verdict out.

mod arguments;
mod run;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{self, Write as _};
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use libtest_mimic::Trial;

use crate::arch::{Arch as _, LoongArch64};
use crate::clause::Level;
use crate::events::{self, Event, EventLog, RunFinished, RunStarted, SubjectKind, Totals, Verdict};
use crate::exit;
use crate::host::Host;
use crate::job::{CaseJob, Job, Message};
use crate::plan::{PlannedCase, plan};
use crate::process;
use crate::spec::{Source, Spec};
use crate::worker::chain;
use arguments::{Arguments, UsageError, open_new, parse, required_features};
use run::Run;

/// How long the probe may take.
const PROBE_LIMIT: Duration = Duration::from_secs(10);

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
    if *arguments.libtest.test_threads.get_or_insert(1) == 0 {
        return Err(UsageError::NoThreads);
    }

    let mut selected = plan(&spec, &arguments.configurations);
    selected.retain(|case| {
        let trial = Trial::test(case.id.clone(), || Ok(()));
        !arguments.libtest.is_filtered_out(&trial) && !arguments.libtest.is_ignored(&trial)
    });
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
        Some(path) => EventLog::to_file(open_new(path)?),
        None => EventLog::none(),
    };
    if let Some(path) = &arguments.libtest.logfile {
        // libtest-mimic would overwrite a file, and panic where it cannot.
        open_new(path.as_ref())?;
    }
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
