// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The guest's timer across a load and a put of its vCPU (kvm/timer.c).
//!
//! A VMM SETs TCFG and TVAL, but not the expiry time. A put computes it, and the
//! next load uses it. Before the first put, up to Linux 7.2 the time is over; Linux
//! 7.3 counts down from TVAL.

use std::cell::Cell;

use super::csr::{Csrs, ESTAT, ESTAT_TI, TCFG, TVAL};
use super::kernel::Kernel;

/// include/asm/loongarch.h, CSR_TCFG_EN.
const EN: u64 = 1 << 0;
/// include/asm/loongarch.h, CSR_TCFG_PERIOD.
const PERIOD: u64 = 1 << 1;
/// include/asm/loongarch.h, CSR_TCFG_VAL.
const VAL: u64 = 0xffff_ffff_fffc;
/// vcpu->arch.timer_mhz: 100 MHz in units of 2^20.
const TIMER_MHZ: u64 = 100_000_000 >> 20;
/// include/asm/kvm_vcpu.h, MNSEC_PER_SEC.
const MNSEC_PER_SEC: u64 = 1_000_000_000 >> 20;

/// When a vCPU's timer expires, in nanoseconds of monotonic time; 0 before its
/// first put.
#[derive(Debug, Default)]
pub(super) struct Timer {
    expire: Cell<i64>,
}

impl Timer {
    /// kvm_restore_timer, on hardware whose timer stands still. The result is
    /// whether the timer's interrupt becomes pending.
    pub(super) fn load(&self, kernel: Kernel, csrs: &Csrs, now: i64) -> bool {
        let (config, count) = (csrs.read(TCFG), csrs.read(TVAL));
        if config & EN == 0 {
            return false;
        }
        let periodic = config & PERIOD != 0;
        if !periodic && count > config {
            // A one-shot timer that has fired. It fires no second time, and
            // nothing here makes TVAL -1 as the end of a real timer does.
            csrs.write(TVAL, if csrs.read(ESTAT) & ESTAT_TI != 0 { 0 } else { VAL });
            return false;
        }
        let expire = match self.expire.get() {
            0 if kernel >= Kernel::V7_3 => expire(now, config, count),
            expire => expire,
        };
        let (left, pending) = if now < expire {
            (ticks(expire.wrapping_sub(now)), false)
        } else if periodic {
            // Up to 7.2, the kernel divides by a period of 0. Hardware leaves the
            // result undefined; QEMU's remainder is 0.
            let period = match config & VAL {
                0 if kernel >= Kernel::V7_3 => 1,
                period => period,
            };
            (period - ticks(now.wrapping_sub(expire)).checked_rem(period).unwrap_or(0), true)
        } else {
            (0, false)
        };
        csrs.write(TVAL, left);
        pending
    }

    /// kvm_save_timer.
    pub(super) fn put(&self, csrs: &Csrs, now: i64) {
        let (config, left) = (csrs.read(TCFG), csrs.read(TVAL));
        if config & EN != 0 {
            self.expire.set(expire(now, config, left));
        }
    }
}

/// When a count is over: at once if the timer has fired, after which a one-shot
/// timer's count is above TCFG.
fn expire(now: i64, config: u64, count: u64) -> i64 {
    now.wrapping_add(if count < config { nanoseconds(count) } else { 0 })
}

/// ktime_to_tick.
fn ticks(nanoseconds: i64) -> u64 {
    (nanoseconds as u64).wrapping_mul(TIMER_MHZ) / MNSEC_PER_SEC
}

/// tick_to_ns.
fn nanoseconds(ticks: u64) -> i64 {
    (ticks.wrapping_mul(MNSEC_PER_SEC) / TIMER_MHZ) as i64
}
