// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Several threads at once, on one vCPU and on several: each finds what it
//! would find alone.

use std::thread;
use std::time::Duration;

use super::check::{Check, contract};
use crate::access::Access;
use crate::checks::case::{Case, CheckError, GET_REG_LIST, errno_name, outcome, with_room};
use crate::checks::snapshot::{agrees, put_back, shown, undisturbed};
use crate::kvm::Vcpu;
use crate::list::{Beyond, ListMemory};
use crate::memory::MemoryError;
use crate::spec::{Register, Rule};

pub(super) const CHECKS: &[Check] = &[
    contract(
        "busy.one_vcpu",
        &["busy.threads"],
        "Three threads ask for the list, SET and GET on one vCPU at once, each with registers of its own. Each \
         must see what it would see alone.",
        one_vcpu,
    ),
    contract(
        "busy.several_vcpus",
        &["busy.threads"],
        "As busy.one_vcpu, with a vCPU of the same VM for each thread.",
        several_vcpus,
    ),
];

/// Threads at work.
const THREADS: u64 = 3;
/// What each of them does so many times: a list, and a SET and GET.
const ROUNDS: u64 = 10;

/// What a thread saw that it would not have seen alone.
#[derive(Debug)]
struct Seen<'a> {
    /// The register, unless it is the list.
    register: Option<&'a Register>,
    expected: String,
    observed: String,
}

/// busy.threads: all of them on one vCPU.
fn one_vcpu(case: &Case<'_>) -> Result<(), CheckError> {
    let vcpus = [case.vcpu; THREADS as usize];
    work(case, &vcpus)
}

/// busy.threads: each on a vCPU of its own, in one VM.
fn several_vcpus(case: &Case<'_>) -> Result<(), CheckError> {
    let others = (1..THREADS).map(|id| case.vcpu_alike(case.vm, id)).collect::<Result<Vec<_>, _>>()?;
    let vcpus: Vec<&dyn Vcpu> = [case.vcpu].into_iter().chain(others.iter().map(AsRef::as_ref)).collect();
    work(case, &vcpus)
}

fn work(case: &Case<'_>, vcpus: &[&dyn Vcpu]) -> Result<(), CheckError> {
    let ids = case.listed()?;
    let registers = usable(case)?;
    let own = |number: usize| -> Vec<&Register> {
        // Registers that no other thread has.
        registers.iter().copied().skip(number).step_by(vcpus.len()).collect()
    };
    let Some((first, others)) = vcpus.split_first() else { return Ok(()) };
    let seen = thread::scope(|scope| {
        let ids = ids.as_slice();
        let others: Vec<_> = others
            .iter()
            .zip(1..)
            .map(|(vcpu, number)| {
                let own = own(number);
                scope.spawn(move || one(*vcpu, ids, &own, number as u64))
            })
            .collect();
        // This thread is one of them.
        let here = one(*first, ids, &own(0), 0);
        let others = others.into_iter().map(|thread| thread.join().unwrap_or(Err(CheckError::Process)));
        [here].into_iter().chain(others).collect::<Vec<_>>()
    });
    for seen in seen {
        for Seen { register, expected, observed } in seen? {
            let report = case.finding("busy.threads", format!("{expected}, while other threads work"), observed);
            match register {
                None => drop(report.ioctl(GET_REG_LIST)),
                Some(register) => drop(report.get(register.named())),
            }
        }
    }
    Ok(())
}

/// The registers for the threads: those that do alone what they should, as
/// anything else is the finding of other clauses.
fn usable<'a>(case: &Case<'a>) -> Result<Vec<&'a Register>, CheckError> {
    let mut registers = case.listed_and_expected()?;
    // A GET that reads the others back from the hardware is seen by every thread, and a counter belongs to all.
    registers.retain(|register| !register.reloads && register.rule == Rule::Exact && !register.free.is_zero());
    let first = undisturbed(&case.access, &registers)?;
    let mut usable = Vec::new();
    for register in registers {
        if set_and_get(&case.access, register, 0)?.is_none() {
            usable.push(register);
        }
    }
    put_back(&case.access, &first)?;
    Ok(usable)
}

/// One thread's work, in memory of its own.
fn one<'a>(vcpu: &dyn Vcpu, ids: &[u64], registers: &[&'a Register], number: u64) -> Result<Vec<Seen<'a>>, CheckError> {
    let access = Access::new(vcpu)?;
    let mut memory = ListMemory::new(ids.len() + 16, Beyond::NoAccess, false)?;
    let first = undisturbed(&access, registers)?;
    let mut seen = Vec::new();
    let mut own = registers.iter().cycle();
    for round in 0..ROUNDS {
        let answer = memory.call(with_room(ids.len()), |list| vcpu.get_reg_list(list))?;
        if answer.result != Ok(0) || answer.n != ids.len() as u64 || answer.ids(ids.len()).as_deref() != Some(ids) {
            let observed = format!("{}, n = {}, another list", outcome(answer.result), answer.n);
            seen.push(Seen { register: None, expected: "the list".to_owned(), observed });
        }
        if let Some(register) = own.next() {
            seen.extend(set_and_get(&access, register, number * ROUNDS + round)?);
        }
    }
    put_back(&access, &first)?;
    Ok(seen)
}

fn set_and_get<'a>(access: &Access<'_>, register: &'a Register, salt: u64) -> Result<Option<Seen<'a>>, MemoryError> {
    let Ok(present) = access.get(register.id)? else { return Ok(None) };
    let value = register.distinct(present, salt);
    let wrong = |observed| Ok(Some(Seen { register: Some(register), expected: format!("{value:#x}"), observed }));
    if let Err(errno) = access.set(register.id, value)? {
        return wrong(errno_name(errno));
    }
    match access.get(register.id)? {
        Ok(found) if agrees(register, value, found, Duration::ZERO) => Ok(None),
        got => wrong(shown(got)),
    }
}
