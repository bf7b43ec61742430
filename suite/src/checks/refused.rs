// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Refusals: ids that no register has, and values that a register does not take.
//!
//! A wrong kernel does what it should refuse, so that a board is asked only for GETs.

use super::check::{Check, check, refusal};
use crate::access::Access;
use crate::arch::SetUpError;
use crate::checks::case::{Case, CheckError, errno_name, outcome};
use crate::spec::{Refusal, Register, Unique};
use crate::value::{LARGEST, Value, size_of_register};

const CLAUSE: &str = "reg.refused";

pub(super) const CHECKS: &[Check] = &[
    check(
        "refused.get",
        &[CLAUSE],
        "GETs ids that no register has, of each type and of types without registers. Each GET must fail with an errno \
         and write nothing.",
        get,
    ),
    refusal(
        "refused.set",
        &[CLAUSE],
        "SETs ids that no register has, and registers to values that the kernel must refuse: bits that a word does not \
         have, features that the host lacks or that need others. Each SET must fail with its errno. The register must \
         keep its value, and the kernel still list.",
        set,
    ),
    refusal(
        "refused.shared",
        &[CLAUSE],
        "SETs a register of a second vCPU to the value of the first one, where no two vCPUs may share one. SET must fail \
         and change nothing. The second vCPU must then take a value of its own.",
        shared,
    ),
];

fn get(case: &Case<'_>) -> Result<(), CheckError> {
    for id in case.spec.arch.unknown_ids() {
        let got = case.access.get_watched(id, 0)?;
        if got.result.is_ok() {
            let expected = "an errno, as no register has this id";
            case.finding(CLAUSE, expected, outcome(got.result)).get(case.name(id)).answer(got.result);
        }
        let written = got.written.len() + got.stray;
        if written > 0 {
            case.finding(CLAUSE, "no byte written, as no register has this id", format!("{written} bytes written"))
                .get(case.name(id));
        }
    }
    Ok(())
}

fn set(case: &Case<'_>) -> Result<(), CheckError> {
    for id in case.spec.arch.unknown_ids() {
        let _ = case.access.set(id, Value::new(0, size_of_register(id).min(LARGEST)))?;
        if let answer @ Ok(_) = case.access.last() {
            case.finding(CLAUSE, "an errno, as no register has this id", outcome(answer))
                .set(case.name(id))
                .answer(answer);
        }
    }
    for register in case.spec.spec.registers.all() {
        refuse_values(case, register)?;
    }
    // Reports a list that is not complete.
    case.listed()?;
    Ok(())
}

fn refuse_values(case: &Case<'_>, register: &Register) -> Result<(), CheckError> {
    let features = &case.spec.configuration.features;
    let apply = |refusal: &&Refusal| refusal.with.iter().all(|feature| features.contains(feature));
    for refusal in register.refuses.iter().filter(apply) {
        let Some(present) = case.read(&case.access, register, "GET succeeds")? else { return Ok(()) };
        let value = present ^ refusal.flip;
        let expected = format!("{} for {value:#x}: {}", refusal.errno, refusal.about);
        if !is_refused(case, &case.access, register, value, &refusal.errno, expected)? {
            let _ = case.access.set(register.id, present)?;
        }
    }
    Ok(())
}

/// Whether a SET fails with the errno and leaves the register as it is. Reports it otherwise.
fn is_refused(
    case: &Case<'_>,
    vcpu: &Access<'_>,
    register: &Register,
    value: Value,
    errno: &str,
    expected: String,
) -> Result<bool, CheckError> {
    let before = vcpu.get(register.id)?;
    let _ = vcpu.set(register.id, value)?;
    let answer = vcpu.last();
    let is_right = answer.is_err_and(|observed| errno_name(observed) == errno);
    if !is_right {
        case.finding(CLAUSE, expected, outcome(answer)).set(register.named()).answer(answer);
    }
    let after = vcpu.get(register.id)?;
    if answer.is_err() && after != before {
        let shown = |got: Result<Value, _>| got.map_or_else(errno_name, |value| format!("{value:#x}"));
        let expected = format!("{}, as before the failed SET to {value:#x}", shown(before));
        case.finding(CLAUSE, expected, shown(after)).set(register.named()).answer(answer);
    }
    Ok(is_right && after == before)
}

fn shared(case: &Case<'_>) -> Result<(), CheckError> {
    let second = case.spec.fresh_vcpu(case.vm, 1)?;
    let access = Access::new(second.as_ref())?;
    let unique = case.spec.spec.registers.all().iter();
    for (register, Unique { errno, .. }) in unique.filter_map(|register| Some((register, register.unique.as_ref()?))) {
        let Some(value) = case.read(&case.access, register, "GET succeeds")? else { continue };
        let expected = format!("{errno} for {value:#x}, which another vCPU has");
        is_refused(case, &access, register, value, errno, expected)?;
    }
    match case.set_up(second.as_ref(), 1) {
        Err(CheckError::SetUp(SetUpError::Refused { step, errno })) => {
            let expected = format!("success of {step}, after a SET that failed");
            case.finding(CLAUSE, expected, errno_name(errno)).answer(Err(errno));
            Ok(())
        }
        result => result,
    }
}
