// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Watches for signals and the time while the suite runs in this process.
//!
//! The suite forks at its start, which requires a process with one thread. So
//! this process first blocks the signals. The children inherit that, and Ctrl-C
//! ends none of them. After the fork a thread takes the signals.

use std::io::{self, PipeReader, PipeWriter};
use std::os::fd::AsFd as _;
use std::path::Path;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, SigmaskHow, Signal};
use nix::sys::signalfd::SignalFd;
use nix::unistd::{Pid, gettid};

/// How long an ended thread may stay in /proc.
const TRACE: Duration = Duration::from_secs(1);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum News {
    Interrupt,
    Late,
}

/// Blocked signals, until the end of the watch.
#[derive(Debug)]
pub(super) struct Watch {
    before: SigSet,
    thread: Option<(JoinHandle<Pid>, PipeWriter)>,
}

impl Watch {
    /// Blocks SIGINT, SIGTERM and SIGHUP.
    pub(super) fn hold() -> io::Result<Self> {
        Ok(Self { before: signals().thread_swap_mask(SigmaskHow::SIG_BLOCK)?, thread: None })
    }

    /// Calls `tell` once after the time `late`, and for the first signal.
    pub(super) fn begin(&mut self, late: Duration, tell: impl FnMut(News) + Send + 'static) -> io::Result<()> {
        if self.thread.is_none() {
            let arrived = SignalFd::new(&signals())?;
            let (ended, end) = io::pipe()?;
            let watch = move || {
                watch(&arrived, &ended, late, tell);
                gettid()
            };
            self.thread = Some((thread::Builder::new().spawn(watch)?, end));
        }
        Ok(())
    }

    /// Ends the watch. A pending signal then has its usual effect.
    pub(super) fn end(self) {
        if let Some((thread, end)) = self.thread {
            drop(end);
            if let Ok(id) = thread.join() {
                await_the_end_of(id);
            }
        }
        // The saved mask is valid.
        let _ = self.before.thread_set_mask();
    }
}

fn signals() -> SigSet {
    SigSet::from_iter([Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP])
}

fn watch(arrived: &SignalFd, ended: &PipeReader, late: Duration, mut tell: impl FnMut(News)) {
    let due = Instant::now() + late;
    let mut told = false;
    loop {
        let left = due.saturating_duration_since(Instant::now());
        // Rounded up, to avoid busy polling in the last millisecond.
        let left = PollTimeout::try_from(left + Duration::from_millis(1)).unwrap_or(PollTimeout::MAX);
        let mut sources =
            [PollFd::new(arrived.as_fd(), PollFlags::POLLIN), PollFd::new(ended.as_fd(), PollFlags::POLLIN)];
        match poll(&mut sources, if told { PollTimeout::NONE } else { left }) {
            Ok(0) if Instant::now() >= due => {
                told = true;
                tell(News::Late);
            }
            Ok(0) | Err(Errno::EINTR) => {}
            Ok(_) => {
                let [arrived, _] = sources;
                if arrived.any() == Some(true) {
                    tell(News::Interrupt);
                }
                return;
            }
            Err(_) => return,
        }
    }
}

/// Waits until the kernel no longer counts a joined thread, so that the process
/// can fork.
fn await_the_end_of(thread: Pid) {
    let entry = format!("/proc/self/task/{thread}");
    let start = Instant::now();
    while Path::new(&entry).exists() && start.elapsed() < TRACE {
        thread::sleep(Duration::from_micros(100));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    const LONG: Duration = Duration::from_secs(600);

    #[test]
    fn a_late_run_is_told_once() {
        let mut watch = Watch::hold().unwrap();
        let (sender, news) = mpsc::channel();
        watch.begin(Duration::from_millis(20), move |news| sender.send(news).unwrap()).unwrap();
        assert_eq!(news.recv_timeout(Duration::from_secs(20)), Ok(News::Late));
        assert!(news.recv_timeout(Duration::from_millis(200)).is_err());
        watch.end();
    }

    #[test]
    fn the_end_does_not_wait_for_anything() {
        let start = Instant::now();
        let mut watch = Watch::hold().unwrap();
        watch.begin(LONG, |_| {}).unwrap();
        watch.end();
        assert!(start.elapsed() < Duration::from_secs(2), "took {:?}", start.elapsed());
    }
}
