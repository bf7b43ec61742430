// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The host's clocks: the stable counter and the kernel's monotonic time.

use nix::time::{ClockId, clock_gettime};

/// The stable counter ticks at 100 MHz, on boards and in QEMU.
const NANOSECONDS_PER_TICK: i64 = 10;

/// ktime_get: nanoseconds since the machine started.
pub(super) fn nanoseconds() -> i64 {
    // Every kernel has this clock; without it time would stand still.
    clock_gettime(ClockId::CLOCK_MONOTONIC).map_or(0, |time| time.tv_sec() * 1_000_000_000 + time.tv_nsec())
}

/// get_cycles and drdtime, but for a constant: both clocks start with the
/// machine, though not at the same moment.
pub(crate) fn ticks() -> u64 {
    (nanoseconds() / NANOSECONDS_PER_TICK) as u64
}
