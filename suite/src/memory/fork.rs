// SPDX-License-Identifier: Apache-2.0 OR MIT
//! A copy of this process with its own memory. The kernel under test can overwrite
//! or kill the copy without harm to this process.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::panic::{self, AssertUnwindSafe};
use std::process;

use nix::errno::Errno;
use nix::sys::prctl::set_pdeathsig;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, fork};

/// Exit code of a copy whose work panicked, as of any Rust program.
const PANICKED: i32 = 101;
/// Links of /proc/self/task with one thread: `.`, its name, and that thread.
const LINKS_OF_ONE_THREAD: u64 = 3;

/// A copy of this process at work.
#[derive(Debug)]
pub struct Child(Pid);

impl Child {
    /// Starts `work` in a copy of this process; its result is the copy's
    /// exit code. The copy dies with this process.
    /// An error if this process has several threads: the copy would have one, and the locks of all.
    pub fn start(work: impl FnOnce() -> u8) -> io::Result<Self> {
        if fs::metadata("/proc/self/task")?.nlink() != LINKS_OF_ONE_THREAD {
            return Err(io::Error::other("a process with several threads cannot be copied"));
        }
        // SAFETY: the process has no other thread, as was just seen, and only
        // another thread could start one. So the child has every thread that
        // could hold a lock, and may do all that this process may.
        match unsafe { fork() }? {
            ForkResult::Parent { child } => Ok(Self(child)),
            ForkResult::Child => {
                // Without it the copy ends a little later, at the end of a pipe.
                let _ = set_pdeathsig(Signal::SIGKILL);
                let code = panic::catch_unwind(AssertUnwindSafe(work)).map_or(PANICKED, i32::from);
                process::exit(code)
            }
        }
    }

    /// Waits for its end.
    pub fn wait(&self) -> io::Result<WaitStatus> {
        loop {
            match waitpid(self.0, None) {
                Err(Errno::EINTR) => {}
                result => return Ok(result?),
            }
        }
    }

    /// Its end, if it has come.
    pub fn try_wait(&self) -> io::Result<Option<WaitStatus>> {
        match waitpid(self.0, Some(WaitPidFlag::WNOHANG))? {
            WaitStatus::StillAlive => Ok(None),
            status => Ok(Some(status)),
        }
    }

    /// Kills it; one that hangs in the kernel may stay.
    pub fn kill(&self) -> io::Result<()> {
        Ok(kill(self.0, Signal::SIGKILL)?)
    }
}
