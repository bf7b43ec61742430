// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The values of registers at one moment, and whether values agree.

use std::time::{Duration, Instant};

use nix::errno::Errno;

use crate::access::Access;
use crate::checks::case::errno_name;
use crate::memory::MemoryError;
use crate::spec::{Register, Rule};
use crate::value::Value;

/// Faster than any counter of an architecture counts, in ticks per nanosecond.
const FASTEST_COUNTER: u128 = 10;
/// Ticks allowed for beside the measured time.
const COUNTER_SLACK: u128 = 1_000_000;

/// A register's value as GET gave it, and when.
#[derive(Debug, Clone, Copy)]
pub struct Reading<'a> {
    /// The register.
    pub register: &'a Register,
    /// What GET answered.
    pub got: Result<Value, Errno>,
    /// The moment of the GET.
    pub at: Instant,
}

/// GETs the registers in their order, as a VMM saves them.
///
/// # Errors
/// The harness's trouble; a refused GET is part of the result.
pub fn in_order<'a>(access: &Access<'_>, registers: &[&'a Register]) -> Result<Vec<Reading<'a>>, MemoryError> {
    registers
        .iter()
        .map(|register| Ok(Reading { register, got: access.get(register.id)?, at: Instant::now() }))
        .collect()
}

/// GETs the registers so that no GET has an effect on what another one returns:
/// those that make KVM read the others back from the hardware come last. The
/// result is in the registers' order.
///
/// # Errors
/// The harness's trouble; a refused GET is part of the result.
pub fn undisturbed<'a>(access: &Access<'_>, registers: &[&'a Register]) -> Result<Vec<Reading<'a>>, MemoryError> {
    let mut readings = vec![None; registers.len()];
    for last in [false, true] {
        for (register, reading) in registers.iter().zip(&mut readings).filter(|(register, _)| register.reloads == last)
        {
            *reading = Some(Reading { register, got: access.get(register.id)?, at: Instant::now() });
        }
    }
    Ok(readings.into_iter().flatten().collect())
}

/// Has KVM pass the registers through the hardware once, which may not keep
/// every bit of a value that was SET.
pub fn settle(access: &Access<'_>, registers: &[&Register]) -> Result<(), MemoryError> {
    for register in registers.iter().filter(|register| register.reloads) {
        // What it answers is not the question here.
        let _ = access.get(register.id)?;
    }
    Ok(())
}

/// SETs what was read, so that the vCPU is left as it was found.
///
/// # Errors
/// The harness's trouble; that a value is refused is the question of a clause.
pub fn put_back(access: &Access<'_>, values: &[Reading<'_>]) -> Result<(), MemoryError> {
    for value in values {
        if let Ok(first) = value.got {
            let _ = access.set(value.register.id, first)?;
        }
    }
    Ok(())
}

/// Whether `found` is what a register holds that held `wanted` a moment before,
/// by the register's rule and under its mask.
#[must_use]
pub fn agrees(register: &Register, wanted: Value, found: Value, elapsed: Duration) -> bool {
    match register.rule {
        Rule::Exact | Rule::Fixed | Rule::Sticky => ((wanted ^ found) & register.mask).is_zero(),
        Rule::Counter => found.wrapping_sub(wanted).number() <= ticks(elapsed),
    }
}

/// What GET answered, in words.
#[must_use]
pub fn shown(got: Result<Value, Errno>) -> String {
    got.map_or_else(errno_name, |value| format!("{value:#x}"))
}

/// More ticks than any counter counts in a time.
#[must_use]
pub fn ticks(elapsed: Duration) -> u128 {
    elapsed.as_nanos() * FASTEST_COUNTER + COUNTER_SLACK
}
