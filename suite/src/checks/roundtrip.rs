// SPDX-License-Identifier: Apache-2.0 OR MIT
//! GET and SET of the listed registers.
//!
//! Checks SET only registers that are both listed and specified, only to the
//! value just read or to a value that the specification calls safe, and restore
//! the first value.

use std::time::Instant;

use nix::errno::Errno;

use super::check::{Check, Scope, VcpuState, check, contract};
use crate::arch::NamedRegister;
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
        "GETs every listed id with guard bytes around the value. Each GET must succeed and write exactly the size in the \
         id.",
        get,
    ),
    contract(
        "roundtrip.success",
        &["reg.success"],
        "GETs every listed id. SETs every register that is also specified to the value just read, to each of its safe \
         values, and back. Each call that succeeds must return 0.",
        success,
    ),
    check(
        "roundtrip.set_same",
        &["reg.set_same"],
        "GETs every register that is listed and specified, and SETs it to the value just read. Each SET must succeed.",
        set_same,
    ),
    Check {
        name: "roundtrip.set_same_fresh",
        clauses: &["reg.set_same"],
        does: "As roundtrip.set_same, on a new vCPU on which nothing was SET. SET may fail only for the exceptions in \
         registers.yaml.",
        state: VcpuState::Fresh,
        scope: Scope::List,
        lab_only: false,
        run: set_same_fresh,
    },
    check(
        "roundtrip.values",
        &["reg.roundtrip"],
        "SETs every register to each of its safe values. After each SET, GET must return the value that the register's \
         mask and rule give. Restores the first value.",
        values,
    ),
    check(
        "roundtrip.bad_address",
        &["reg.bad_address"],
        "GETs and SETs every register with the value, and then with the kvm_one_reg itself, at bad addresses. Each call \
         must fail with EFAULT and change nothing.",
        bad_address,
    ),
    check(
        "roundtrip.bad_size",
        &["reg.bad_size"],
        "GETs every listed id with every other size in the id. Each GET must fail. SETs nothing.",
        bad_size,
    ),
];

fn get(case: &Case<'_>) -> Result<(), CheckError> {
    for id in case.listed_if_any()? {
        let size = size_of_register(id);
        let got = case.access.get_watched(id, size.min(LARGEST))?;
        if got.result.is_err() {
            case.finding("reg.get", "GET succeeds", outcome(got.result)).get(case.name(id)).answer(got.result);
            continue;
        }
        if !got.written.iter().copied().eq(0..size) || got.stray != 0 {
            let observed = format!("{} bytes written, and {} elsewhere", got.written.len(), got.stray);
            case.finding("reg.get", format!("{size} bytes written, and nothing elsewhere"), observed)
                .get(case.name(id));
        }
    }
    Ok(())
}

fn success(case: &Case<'_>) -> Result<(), CheckError> {
    for id in case.listed_if_any()? {
        let _ = case.access.get(id)?;
        expect_zero(case, case.name(id), GET_ONE_REG);
    }
    for register in case.listed_and_expected()? {
        let Ok(first) = case.access.get(register.id)? else { continue };
        for value in [&[first], &register.values[..], &[first]].concat() {
            let _ = case.access.set(register.id, value)?;
            if !expect_zero(case, register.named(), SET_ONE_REG) {
                break;
            }
        }
        let _ = case.access.set(register.id, first)?;
    }
    Ok(())
}

/// Whether the last call failed or returned 0.
fn expect_zero(case: &Case<'_>, register: NamedRegister, ioctl: &str) -> bool {
    let answer = case.access.last();
    let is_right = matches!(answer, Ok(0) | Err(_));
    if !is_right {
        case.finding("reg.success", "a success returns 0", outcome(answer)).ioctl(ioctl).register(register);
    }
    is_right
}

fn set_same(case: &Case<'_>) -> Result<(), CheckError> {
    for register in case.listed_and_expected()? {
        if let Err(errno) = write_back(case, register)? {
            case.refused("reg.set_same", register, "SET to the value just read succeeds", errno);
        }
    }
    Ok(())
}

fn set_same_fresh(case: &Case<'_>) -> Result<(), CheckError> {
    for register in case.listed_and_expected()? {
        let exception = register.exceptions.iter().find(|exception| exception.state == State::Fresh);
        let allowed = exception.map(|exception| exception.errno.as_str());
        if let Err(errno) = write_back(case, register)? {
            let report = if allowed == Some(errno_name(errno).as_str()) {
                let expected = "a failure of SET to the value just read from a fresh vCPU, as specified";
                case.finding("reg.set_same", expected, errno_name(errno)).note()
            } else {
                case.finding("reg.set_same", "SET to the value of a fresh vCPU succeeds", errno_name(errno))
            };
            report.set(register.named()).answer(Err(errno));
        }
    }
    Ok(())
}

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
        case.refused("reg.roundtrip", register, format!("SET to {value:#x} succeeds"), errno);
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
        case.finding("reg.roundtrip", format!("{value:#x} after SET, under the mask {mask:#x}"), format!("{after:#x}"))
            .get(register.named());
    }
    Ok(())
}

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

fn bad_value(case: &Case<'_>, register: &Register, bad: &Hostile) -> Result<(), CheckError> {
    let what = format!("a value in {}", bad.what);
    let result = case.access.get_at(register.id, bad.address)?;
    expect_efault(case, result, &what, Some(register), GET_ONE_REG);
    if !bad.untouched()? {
        case.finding("reg.bad_address", format!("no write to {}", bad.what), "the kernel writes there")
            .get(register.named());
    }
    if bad.readable {
        return Ok(());
    }
    let start = Instant::now();
    let Ok(before) = case.access.get(register.id)? else { return Ok(()) };
    let result = case.access.set_at(register.id, bad.address)?;
    expect_efault(case, result, &what, Some(register), SET_ONE_REG);
    let Ok(after) = case.access.get(register.id)? else { return Ok(()) };
    let unchanged =
        after == before || register.rule == Rule::Counter && agrees(register, before, after, start.elapsed());
    if !unchanged {
        let expected = format!("{before:#x}, as before the failed SET from {}", bad.what);
        case.finding("reg.bad_address", expected, format!("{after:#x}")).set(register.named());
    }
    Ok(())
}

fn expect_efault(case: &Case<'_>, result: Answer, what: &str, register: Option<&Register>, ioctl: &str) {
    if result != Err(Errno::EFAULT) {
        let report = case.finding("reg.bad_address", format!("EFAULT, for {what}"), outcome(result));
        let report = report.ioctl(ioctl).answer(result);
        if let Some(register) = register {
            report.register(register.named());
        }
    }
}

/// Only GETs, because an id of another size is unlisted.
fn bad_size(case: &Case<'_>) -> Result<(), CheckError> {
    for id in case.listed()? {
        for code in 0..=8_u64 {
            let other = id & !SIZE_MASK | code << 52;
            if other == id {
                continue;
            }
            let got = case.access.get_watched(other, LARGEST)?;
            if got.result.is_ok() {
                let expected = format!("GET fails with a size of {} bytes in the id", size_of_register(other));
                case.finding("reg.bad_size", expected, "GET succeeds").get(case.name(id));
            }
        }
    }
    Ok(())
}

fn read(case: &Case<'_>, register: &Register) -> Result<Option<Value>, CheckError> {
    case.read(&case.access, register, "GET succeeds")
}

fn write_back(case: &Case<'_>, register: &Register) -> Result<Result<(), Errno>, CheckError> {
    match read(case, register)? {
        Some(value) => Ok(case.access.set(register.id, value)?),
        None => Ok(Ok(())),
    }
}
