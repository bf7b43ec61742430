// SPDX-License-Identifier: Apache-2.0 OR MIT
//! What goes on beside a suite that runs in this process: the user's signals,
//! and time.
//!
//! The suite copies its process when it begins, and for that the process must
//! have one thread. So signals are only held back at first, which the copies
//! inherit: the terminal's Ctrl-C, which goes to all of them, ends none. The
//! thread that takes the signals starts when the copies are made.

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

/// How long a thread that has ended may be seen in /proc.
const TRACE: Duration = Duration::from_secs(1);

/// Something that happens beside the suite.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum News {
    /// The user wants to stop.
    Interrupt,
    /// The run takes long.
    Late,
}

/// Signals that are held back, until the end of the watch.
#[derive(Debug)]
pub(super) struct Watch {
    before: SigSet,
    thread: Option<(JoinHandle<Pid>, PipeWriter)>,
}

impl Watch {
    /// Holds back SIGINT, SIGTERM and SIGHUP.
    ///
    /// # Errors
    /// None that the kernel has for these signals.
    pub(super) fn hold() -> io::Result<Self> {
        Ok(Self { before: signals().thread_swap_mask(SigmaskHow::SIG_BLOCK)?, thread: None })
    }

    /// Tells `tell` once when the run is `late`, and of the first signal.
    ///
    /// # Errors
    /// Where the system has no more descriptors or threads.
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

    /// Ends the watch. A signal that came too late for it takes its course.
    pub(super) fn end(self) {
        if let Some((thread, end)) = self.thread {
            drop(end);
            if let Ok(id) = thread.join() {
                await_the_end_of(id);
            }
        }
        // What was a mask before is one again.
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
        // Rounded up, or the last millisecond would be spent in asking again.
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

/// A joined thread is counted among the process's threads for another moment,
/// in which the process cannot be copied.
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
