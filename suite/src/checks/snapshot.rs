// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Reads many registers and compares their values.

use std::time::{Duration, Instant};

use nix::errno::Errno;

use crate::access::Access;
use crate::checks::case::errno_name;
use crate::memory::MemoryError;
use crate::spec::{Register, Rule};
use crate::value::Value;

/// Faster than any counter, in ticks per nanosecond.
const FASTEST_COUNTER: u128 = 10;
/// Tolerance on top of the measured time, in ticks.
const COUNTER_SLACK: u128 = 1_000_000;

/// The result of a GET, and the time before it: a pause of the machine after the
/// GET is part of the time that a counter had.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reading<'a> {
    pub register: &'a Register,
    pub at: Instant,
    pub got: Result<Value, Errno>,
}

/// GETs the registers in their order, as a VMM saves them. A failed GET is a result.
pub(crate) fn in_order<'a>(access: &Access<'_>, registers: &[&'a Register]) -> Result<Vec<Reading<'a>>, MemoryError> {
    registers
        .iter()
        .map(|register| Ok(Reading { register, at: Instant::now(), got: access.get(register.id)? }))
        .collect()
}

/// GETs the registers so that no GET changes the result of another: those that
/// make KVM reload the vCPU come last. The result has the registers' order; a
/// failed GET is a result.
pub(crate) fn undisturbed<'a>(
    access: &Access<'_>,
    registers: &[&'a Register],
) -> Result<Vec<Reading<'a>>, MemoryError> {
    let mut readings = vec![None; registers.len()];
    for last in [false, true] {
        for (register, reading) in registers.iter().zip(&mut readings).filter(|(register, _)| register.reloads == last)
        {
            *reading = Some(Reading { register, at: Instant::now(), got: access.get(register.id)? });
        }
    }
    Ok(readings.into_iter().flatten().collect())
}

/// Makes KVM load the registers into the hardware and read them back. The
/// hardware may not keep every bit of a SET value.
pub(crate) fn settle(access: &Access<'_>, registers: &[&Register]) -> Result<(), MemoryError> {
    for register in registers.iter().filter(|register| register.reloads) {
        let _ = access.get(register.id)?;
    }
    Ok(())
}

/// SETs the registers to the values read before. Other clauses report a failed SET.
pub(crate) fn put_back(access: &Access<'_>, values: &[Reading<'_>]) -> Result<(), MemoryError> {
    for value in values {
        if let Ok(first) = value.got {
            let _ = access.set(value.register.id, first)?;
        }
    }
    Ok(())
}

/// Whether `found` matches the earlier value `wanted`, by the register's rule and mask.
pub(crate) fn agrees(register: &Register, wanted: Value, found: Value, elapsed: Duration) -> bool {
    match register.rule {
        Rule::Exact | Rule::Fixed | Rule::Sticky => ((wanted ^ found) & register.mask).is_zero(),
        Rule::Counter => found.wrapping_sub(wanted).number() <= ticks(elapsed),
    }
}

pub(crate) fn shown(got: Result<Value, Errno>) -> String {
    got.map_or_else(errno_name, |value| format!("{value:#x}"))
}

/// More ticks than any counter makes in that time.
pub(crate) fn ticks(elapsed: Duration) -> u128 {
    elapsed.as_nanos() * FASTEST_COUNTER + COUNTER_SLACK
}
