// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Jobs in processes of their own, whatever becomes of them. Without libtest's
//! harness, because a process with several threads cannot be copied.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test program with a `main` of its own")]

use std::os::unix::process::CommandExt as _;
use std::process::{self, Command, ExitCode};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use libtest_mimic::{Arguments, Failed, Trial};
use nix::sys::signal::{Signal, raise};
use reglist_suite::checks::message::Message;
use reglist_suite::harness::process::{JobError, Send, Servers};

/// The limit of a job that hangs.
const LIMIT: Duration = Duration::from_millis(300);
/// The limit of a job that ends by itself, also on a busy machine.
const PATIENT: Duration = Duration::from_secs(30);
/// Work of the servers, by number.
const DONE: usize = 0;
const PANICS: usize = 1;
const CRASHES: usize = 2;
const HANGS: usize = 3;
const LEAVES: usize = 4;
const TALKS: usize = 5;
const SILENT: usize = 6;
const LINGERS: usize = 7;
const TELLS_ITS_PROCESS: usize = 8;
const CRASHES_AFTER_ANOTHER: usize = 9;
const FAILS_AFTER_ANOTHER: usize = 10;
/// More messages than a pipe holds.
const TALK: usize = 3000;

fn say(send: Send<'_>, text: &str) {
    send(&Message::Absent { feature: "pmu".to_owned(), reason: text.to_owned() }).unwrap();
}

/// Jobs of this process.
static JOBS: AtomicUsize = AtomicUsize::new(0);

fn work(job: usize, send: Send<'_>) {
    let before = JOBS.fetch_add(1, Ordering::Relaxed);
    match job {
        TELLS_ITS_PROCESS => send(&Message::Done(process::id().into())).unwrap(),
        CRASHES_AFTER_ANOTHER if before > 0 => raise(Signal::SIGSEGV).unwrap(),
        FAILS_AFTER_ANOTHER if before > 0 => send(&Message::Trouble("leftovers".to_owned())).unwrap(),
        PANICS => panic!("as it should"),
        CRASHES => raise(Signal::SIGILL).unwrap(),
        HANGS => thread::sleep(Duration::from_secs(3600)),
        LEAVES => process::exit(7),
        TALKS => (0..TALK).for_each(|_| say(send, &"word ".repeat(20))),
        SILENT => {}
        LINGERS => {
            say(send, "done");
            // Its pipe is closed, and the process stays.
            panic!("{}", Command::new("sleep").arg("3600").exec());
        }
        _ => say(send, "done"),
    }
}

fn limit(job: usize) -> Duration {
    if matches!(job, HANGS | LINGERS) { LIMIT } else { PATIENT }
}

/// One server, and a job's messages with its end.
struct One(Servers);

impl One {
    fn new() -> Self {
        Self(Servers::start(1, limit, work).unwrap())
    }

    fn run(&self, job: usize) -> (usize, Result<(), JobError>) {
        let mut messages = 0;
        let result = self.0.run(job, |_| messages += 1);
        (messages, result)
    }

    /// The server goes on after whatever it was given.
    fn goes_on(&self) -> Result<(), Failed> {
        expect(matches!(self.run(DONE), (1, Ok(()))), "the next job is done")
    }
}

fn expect(holds: bool, what: &str) -> Result<(), Failed> {
    if holds { Ok(()) } else { Err(what.into()) }
}

fn ends(job: usize, expected: fn(&JobError) -> bool) -> Result<(), Failed> {
    let one = One::new();
    match one.run(job) {
        (0, Err(error)) if expected(&error) => one.goes_on(),
        other => Err(format!("{other:?}").into()),
    }
}

fn a_hang_costs_its_limit() -> Result<(), Failed> {
    let start = Instant::now();
    ends(HANGS, |error| matches!(error, JobError::TimeLimit { limit } if *limit == LIMIT))?;
    expect(start.elapsed() < 10 * LIMIT, "not much more than the limit")
}

fn an_end_that_does_not_come_costs_the_limit() -> Result<(), Failed> {
    let one = One::new();
    match one.run(LINGERS) {
        (1, Err(JobError::TimeLimit { .. })) => one.goes_on(),
        other => Err(format!("{other:?}").into()),
    }
}

fn all_messages_arrive() -> Result<(), Failed> {
    let one = One::new();
    let (messages, result) = one.run(TALKS);
    expect(messages == TALK && result.is_ok(), &format!("{messages} messages, {result:?}"))?;
    one.goes_on()
}

fn the_process(one: &One) -> Option<u64> {
    let mut process = None;
    let said = one.0.run(TELLS_ITS_PROCESS, |message| {
        if let Message::Done(id) = message {
            process = Some(id);
        }
    });
    said.ok().and(process)
}

fn jobs_that_pass_share_a_process() -> Result<(), Failed> {
    let one = One::new();
    let first = the_process(&one);
    expect(first.is_some() && the_process(&one) == first, "one process for two jobs")?;
    expect(matches!(one.run(LEAVES), (0, Err(JobError::Early { code: 7 }))), "a job that ends its process")?;
    expect(the_process(&one).is_some_and(|id| Some(id) != first), "another process for the next job")
}

/// What a job does because of an earlier one does not count.
fn leftovers_do_not_count() -> Result<(), Failed> {
    for job in [CRASHES_AFTER_ANOTHER, FAILS_AFTER_ANOTHER] {
        let one = One::new();
        one.goes_on()?;
        let mut said = Vec::new();
        let result = one.0.run(job, |message| said.push(message));
        let right = result.is_ok() && matches!(said.as_slice(), [Message::Absent { .. }]);
        expect(right, &format!("job {job}: {result:?}, {said:?}"))?;
    }
    Ok(())
}

fn threads_are_refused() -> Result<(), Failed> {
    let refused = thread::scope(|scope| scope.spawn(|| Servers::start(1, limit, work).is_err()).join());
    expect(refused.unwrap_or(false), "a copy of a process with several threads")
}

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    // In the main thread, which is then the only one.
    arguments.test_threads = Some(1);
    let trial = |name: &str, test: fn() -> Result<(), Failed>| Trial::test(name, test);
    let trials = vec![
        trial("a_panic_costs_its_job", || ends(PANICS, |error| matches!(error, JobError::Early { code: 101 }))),
        trial("a_signal_costs_its_job", || {
            ends(CRASHES, |error| matches!(error, JobError::Signal { signal } if signal == "SIGILL"))
        }),
        trial("an_exit_costs_its_job", || ends(LEAVES, |error| matches!(error, JobError::Early { code: 7 }))),
        trial("an_end_without_a_word_is_early", || ends(SILENT, |error| matches!(error, JobError::Early { code: 0 }))),
        trial("a_hang_costs_its_limit", a_hang_costs_its_limit),
        trial("an_end_that_does_not_come_costs_the_limit", an_end_that_does_not_come_costs_the_limit),
        trial("all_messages_arrive", all_messages_arrive),
        trial("jobs_that_pass_share_a_process", jobs_that_pass_share_a_process),
        trial("leftovers_do_not_count", leftovers_do_not_count),
        trial("threads_are_refused", threads_are_refused),
    ];
    libtest_mimic::run(&arguments, trials).exit_code()
}
