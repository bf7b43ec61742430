// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Counters: they advance, and vCPU 0 sets them for the whole VM.

use std::thread;
use std::time::{Duration, Instant};

use super::check::{Check, check};
use crate::access::Access;
use crate::checks::case::{Case, CheckError};
use crate::checks::snapshot::ticks;
use crate::spec::{Register, Rule};
use crate::value::Value;

const CLAUSES: &[&str] = &["reg.counter"];

pub(super) const CHECKS: &[Check] = &[
    check(
        "counter.forward",
        CLAUSES,
        "GETs each counter twice, a millisecond apart. It must advance, and no faster than any clock does.",
        forward,
    ),
    check(
        "counter.set",
        CLAUSES,
        "SETs each counter far ahead, to 0 and back. After each SET, GET must return that value plus the elapsed time.",
        set,
    ),
    check(
        "counter.other_vcpu",
        CLAUSES,
        "SETs each counter on vCPU 1, which must have no effect, and then on vCPU 0, which must also set it on vCPU 1.",
        other_vcpu,
    ),
];

/// Longer than one tick of any counter.
const A_WHILE: Duration = Duration::from_millis(1);
const VALUE: &str = "GET succeeds";
/// More ticks than any machine has been up.
const FAR: u64 = 1 << 56;

fn counters<'a>(case: &Case<'a>) -> Result<Vec<&'a Register>, CheckError> {
    let mut registers = case.listed_and_expected()?;
    registers.retain(|register| register.rule == Rule::Counter);
    Ok(registers)
}

fn forward(case: &Case<'_>) -> Result<(), CheckError> {
    for register in counters(case)? {
        let start = Instant::now();
        let Some(first) = case.read(&case.access, register, VALUE)? else { continue };
        thread::sleep(A_WHILE);
        let Some(second) = case.read(&case.access, register, VALUE)? else { continue };
        let gone = second.wrapping_sub(first).number();
        if gone == 0 || gone > ticks(start.elapsed()) {
            let observed = if gone == 0 { "no tick".to_owned() } else { format!("{first:#x}, then {second:#x}") };
            case.finding("reg.counter", format!("a plausible number of ticks in {A_WHILE:?}"), observed)
                .get(register.named());
        }
    }
    Ok(())
}

fn set(case: &Case<'_>) -> Result<(), CheckError> {
    for register in counters(case)? {
        let Some(first) = case.read(&case.access, register, VALUE)? else { continue };
        for value in [first.wrapping_add(FAR), Value::new(0, first.size()), first] {
            let start = Instant::now();
            if let Err(errno) = case.access.set(register.id, value)? {
                case.refused("reg.counter", register, format!("SET to {value:#x} succeeds"), errno);
                continue;
            }
            near(case, &case.access, register, value, start, "the value of the SET")?;
        }
        let _ = case.access.set(register.id, first)?;
    }
    Ok(())
}

fn other_vcpu(case: &Case<'_>) -> Result<(), CheckError> {
    let other = case.vcpu_alike(case.vm, 1)?;
    let there = Access::new(other.as_ref())?;
    for register in counters(case)? {
        let start = Instant::now();
        let Some(first) = case.read(&case.access, register, VALUE)? else { continue };
        near(case, &there, register, first, start, "on vCPU 1, the value of vCPU 0")?;
        if let Err(errno) = there.set(register.id, first.wrapping_add(FAR))? {
            case.refused("reg.counter", register, "SET on vCPU 1 succeeds without effect", errno);
        }
        near(case, &case.access, register, first, start, "on vCPU 0, the value before a SET on vCPU 1")?;
        near(case, &there, register, first, start, "on vCPU 1, the value before a SET on vCPU 1")?;
        let (start, value) = (Instant::now(), first.wrapping_add(FAR));
        if case.access.set(register.id, value)?.is_ok() {
            near(case, &there, register, value, start, "on vCPU 1, the value of the SET on vCPU 0")?;
        }
        let _ = case.access.set(register.id, first)?;
    }
    Ok(())
}

/// Reports a counter that is not `wanted` plus the time since `start`.
fn near(
    case: &Case<'_>,
    access: &Access<'_>,
    register: &Register,
    wanted: Value,
    start: Instant,
    what: &str,
) -> Result<(), CheckError> {
    let Some(found) = case.read(access, register, VALUE)? else { return Ok(()) };
    if found.wrapping_sub(wanted).number() > ticks(start.elapsed()) {
        case.finding("reg.counter", format!("{what}: {wanted:#x} plus the elapsed time"), format!("{found:#x}"))
            .get(register.named());
    }
    Ok(())
}
