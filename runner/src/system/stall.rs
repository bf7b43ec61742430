// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The time in which a command could run. A stopped process (SIGSTOP) and a stopped
//! host do not count against its limits.

use std::fs;
use std::time::{Duration, Instant};

use nix::unistd::Pid;

/// A shorter pause is that of a busy machine.
const SHORTEST: Duration = Duration::from_secs(2);
/// Interval between two looks at the processes.
const LOOK: Duration = Duration::from_secs(1);

/// Measures the running time of a process group.
#[derive(Debug)]
pub(super) struct Clock {
    group: Pid,
    ran: Duration,
    /// Time of a pause that was not told yet.
    lost: Duration,
    is_stopped: bool,
    last: Instant,
    looked: Instant,
}

impl Clock {
    pub(super) fn start(group: Pid) -> Self {
        let now = Instant::now();
        Self { group, ran: Duration::ZERO, lost: Duration::ZERO, is_stopped: false, last: now, looked: now }
    }

    /// The time in which the group could run.
    pub(super) fn ran(&self) -> Duration {
        self.ran
    }

    /// Must be called several times a second. Returns the length of a pause when it
    /// has ended. A group that writes (`is_heard`) runs.
    pub(super) fn tick(&mut self, is_heard: bool) -> Option<Duration> {
        let now = Instant::now();
        let gap = now - self.last;
        self.last = now;
        if self.is_stopped || gap >= SHORTEST {
            self.lost += gap;
        } else {
            self.ran += gap;
        }
        if is_heard {
            self.is_stopped = false;
        } else if now - self.looked >= LOOK {
            self.looked = now;
            self.is_stopped = is_stopped(self.group);
        }
        if self.is_stopped {
            return None;
        }
        let lost = std::mem::take(&mut self.lost);
        (lost >= SHORTEST).then_some(lost)
    }
}

/// Whether a process of the group is stopped (proc_pid_stat(5): state T).
fn is_stopped(group: Pid) -> bool {
    let Ok(processes) = fs::read_dir("/proc") else { return false };
    let stopped = |stat: &str| {
        // The name, in parentheses, may contain anything.
        let mut fields = stat.rsplit_once(") ").map(|(_, rest)| rest).unwrap_or_default().split(' ');
        fields.next() == Some("T") && fields.nth(1).and_then(|id| id.parse().ok()) == Some(group.as_raw())
    };
    processes.flatten().any(|entry| fs::read_to_string(entry.path().join("stat")).is_ok_and(|stat| stopped(&stat)))
}
