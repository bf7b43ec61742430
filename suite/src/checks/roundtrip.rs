// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Reading and writing what is listed.
//!
//! SET goes only to registers that are both listed and in the specification,
//! with the value read or one that the specification calls safe, and each
//! register gets its first value back.

use std::time::Instant;

use nix::errno::Errno;

use super::check::{Check, Scope, VcpuState, check, contract};
use crate::checks::case::{Case, CheckError, GET_ONE_REG, SET_ONE_REG, errno_name, outcome};
use crate::checks::snapshot::{agrees, ticks};
use crate::kvm::Answer;
use crate::memory::{Hostile, hostile_addresses};
use crate::spec::{Register, Rule, State};
use crate::value::{LARGEST, SIZE_MASK, Value, size_of_register};

pub(super) const CHECKS: &[Check] = &[
    contract(
        "roundtrip.get",
        &["reg.get"],
        "GETs every listed id with guard bytes around the value. Each call must succeed and write as many bytes \
         as the id says.",
        get,
    ),
    check(
        "roundtrip.set_same",
        &["reg.set_same"],
        "GETs every register that is listed and specified, and SETs the value just read.",
        set_same,
    ),
    Check {
        name: "roundtrip.set_same_fresh",
        clauses: &["reg.set_same"],
        does: "As roundtrip.set_same, on a vCPU on which nothing was SET. The exceptions that the specification names \
         are allowed, and no others.",
        state: VcpuState::Fresh,
        scope: Scope::List,
        run: set_same_fresh,
    },
    check(
        "roundtrip.values",
        &["reg.roundtrip"],
        "SETs every register to the values that the specification calls safe, one by one, GETs it after each, \
         and judges by the register's mask and rule. The first value is put back.",
        values,
    ),
    check(
        "roundtrip.bad_address",
        &["reg.bad_address"],
        "GETs and SETs every register with its value at bad addresses, and with the kvm_one_reg itself there. \
         Each call must fail with EFAULT and change nothing.",
        bad_address,
    ),
    check(
        "roundtrip.bad_size",
        &["reg.bad_size"],
        "GETs every listed id with each other size in it. Nothing is SET.",
        bad_size,
    ),
];

/// reg.get
fn get(case: &Case<'_>) -> Result<(), CheckError> {
    for id in case.listed_if_any()? {
        let size = size_of_register(id);
        let got = case.access.get_watched(id, size.min(LARGEST))?;
        if got.result != Ok(0) {
            case.finding("reg.get", "success", outcome(got.result)).get(case.name(id)).answer(got.result);
            continue;
        }
        if !got.written.iter().copied().eq(0..size) || got.stray != 0 {
            let observed = format!("{} bytes", got.written.len() + got.stray);
            case.finding("reg.get", format!("{size} bytes written"), observed).get(case.name(id));
        }
    }
    Ok(())
}

/// reg.set_same, on a vCPU as a VMM has it: no exception holds.
fn set_same(case: &Case<'_>) -> Result<(), CheckError> {
    for register in case.listed_and_expected()? {
        if let Err(errno) = write_back(case, register)? {
            case.refused("reg.set_same", register, "the value just read is accepted", errno);
        }
    }
    Ok(())
}

/// reg.set_same, on a fresh vCPU: just the named exceptions hold.
fn set_same_fresh(case: &Case<'_>) -> Result<(), CheckError> {
    for register in case.listed_and_expected()? {
        let exception = register.exceptions.iter().find(|exception| exception.state == State::Fresh);
        let allowed = exception.map(|exception| exception.errno.as_str());
        if let Err(errno) = write_back(case, register)? {
            let report = if allowed == Some(errno_name(errno).as_str()) {
                case.note(
                    "reg.set_same",
                    "the value of a fresh vCPU is refused, as the specification says",
                    errno_name(errno),
                )
            } else {
                case.finding("reg.set_same", "the value of a fresh vCPU is accepted", errno_name(errno))
            };
            report.set(register.named()).answer(Err(errno));
        }
    }
    Ok(())
}

/// reg.roundtrip
fn values(case: &Case<'_>) -> Result<(), CheckError> {
    for register in case.listed_and_expected()? {
        let Some(first) = read(case, register)? else { continue };
        for value in &register.values {
            set_and_compare(case, register, *value)?;
        }
        set_and_compare(case, register, first)?;
    }
    Ok(())
}

fn set_and_compare(case: &Case<'_>, register: &Register, value: Value) -> Result<(), CheckError> {
    let Some(before) = read(case, register)? else { return Ok(()) };
    let start = Instant::now();
    if let Err(errno) = case.access.set(register.id, value)? {
        case.refused("reg.roundtrip", register, format!("SET of {value:#x} is accepted"), errno);
        return Ok(());
    }
    let Some(after) = read(case, register)? else { return Ok(()) };
    let mask = register.mask;
    let kept = match register.rule {
        Rule::Exact | Rule::Fixed => ((after ^ value) & mask).is_zero(),
        Rule::Sticky => ((value & !after | after & !(value | before)) & mask).is_zero(),
        Rule::Counter => after.wrapping_sub(value).number() <= ticks(start.elapsed()),
    };
    if !kept {
        case.finding("reg.roundtrip", format!("{value:#x} under the mask {mask:#x}"), format!("{after:#x}"))
            .get(register.named());
    }
    Ok(())
}

/// reg.bad_address
fn bad_address(case: &Case<'_>) -> Result<(), CheckError> {
    let hostile = hostile_addresses()?;
    for register in case.listed_and_expected()? {
        if read(case, register)?.is_none() {
            continue;
        }
        for bad in &hostile {
            bad_value(case, register, bad)?;
        }
    }
    for bad in hostile.iter().filter(|bad| !bad.readable) {
        for (ioctl, result) in
            [(GET_ONE_REG, case.vcpu.get_one_reg(bad.address)), (SET_ONE_REG, case.vcpu.set_one_reg(bad.address))]
        {
            expect_efault(case, result, &format!("a kvm_one_reg in {}", bad.what), None, ioctl);
        }
    }
    Ok(())
}

/// One GET and one SET of a register with its value at a bad address.
fn bad_value(case: &Case<'_>, register: &Register, bad: &Hostile) -> Result<(), CheckError> {
    let what = format!("a value in {}", bad.what);
    let result = case.access.get_at(register.id, bad.address)?;
    expect_efault(case, result, &what, Some(register), GET_ONE_REG);
    if !bad.untouched()? {
        case.finding("reg.bad_address", format!("nothing written to {}", bad.what), "written").get(register.named());
    }
    if bad.readable {
        return Ok(());
    }
    let Ok(before) = case.access.get(register.id)? else { return Ok(()) };
    let start = Instant::now();
    let result = case.access.set_at(register.id, bad.address)?;
    expect_efault(case, result, &what, Some(register), SET_ONE_REG);
    let Ok(after) = case.access.get(register.id)? else { return Ok(()) };
    let unchanged =
        after == before || register.rule == Rule::Counter && agrees(register, before, after, start.elapsed());
    if !unchanged {
        let expected = format!("{before:#x} as before a SET from {}", bad.what);
        case.finding("reg.bad_address", expected, format!("{after:#x}")).set(register.named());
    }
    Ok(())
}

fn expect_efault(case: &Case<'_>, result: Answer, what: &str, register: Option<&Register>, ioctl: &str) {
    if result != Err(Errno::EFAULT) {
        let report = case.finding("reg.bad_address", format!("EFAULT for {what}"), outcome(result));
        let report = report.ioctl(ioctl).answer(result);
        if let Some(register) = register {
            report.register(register.named());
        }
    }
}

/// reg.bad_size: by GET alone, as an id of another size is not listed.
fn bad_size(case: &Case<'_>) -> Result<(), CheckError> {
    for id in case.listed()? {
        for code in 0..=8_u64 {
            let other = id & !SIZE_MASK | code << 52;
            if other == id {
                continue;
            }
            let got = case.access.get_watched(other, LARGEST)?;
            if got.result.is_ok() {
                case.finding(
                    "reg.bad_size",
                    format!("refused with a size of {} bytes", size_of_register(other)),
                    "success",
                )
                .get(case.name(id));
            }
        }
    }
    Ok(())
}

fn read(case: &Case<'_>, register: &Register) -> Result<Option<Value>, CheckError> {
    case.read(&case.access, register, "a value to start from")
}

/// SETs the value just read.
fn write_back(case: &Case<'_>, register: &Register) -> Result<Result<(), Errno>, CheckError> {
    match read(case, register)? {
        Some(value) => Ok(case.access.set(register.id, value)?),
        None => Ok(Ok(())),
    }
}
