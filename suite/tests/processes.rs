// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Jobs in processes of their own, whatever becomes of them. Without libtest's
//! harness, because a process with several threads cannot be copied.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test program with a `main` of its own")]

use std::os::unix::process::CommandExt as _;
use std::process::{self, Command, ExitCode};
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
/// More messages than a pipe holds.
const TALK: usize = 3000;

fn say(send: Send<'_>, text: &str) {
    send(&Message::Absent { feature: "pmu".to_owned(), reason: text.to_owned() }).unwrap();
}

fn work(job: usize, send: Send<'_>) {
    match job {
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
        trial("threads_are_refused", threads_are_refused),
    ];
    libtest_mimic::run(&arguments, trials).exit_code()
}
