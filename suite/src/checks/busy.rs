// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Concurrent calls, on one vCPU and on several: other threads change no result.

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
        "Three threads list, SET and GET on one vCPU at once, each with its own registers. Each must get the same \
         results as a single thread.",
        one_vcpu,
    ),
    contract(
        "busy.several_vcpus",
        &["busy.threads"],
        "As busy.one_vcpu, but each thread has its own vCPU of one VM.",
        several_vcpus,
    ),
];

const THREADS: u64 = 3;
/// Rounds of each thread: one list, one SET and one GET.
const ROUNDS: u64 = 10;

/// A result that a single thread would not have got.
#[derive(Debug)]
struct Seen<'a> {
    /// `None` for the list.
    register: Option<&'a Register>,
    expected: String,
    observed: String,
}

fn one_vcpu(case: &Case<'_>) -> Result<(), CheckError> {
    let vcpus = [case.vcpu; THREADS as usize];
    work(case, &vcpus)
}

fn several_vcpus(case: &Case<'_>) -> Result<(), CheckError> {
    let others = (1..THREADS).map(|id| case.vcpu_alike(case.vm, id)).collect::<Result<Vec<_>, _>>()?;
    let vcpus: Vec<&dyn Vcpu> = [case.vcpu].into_iter().chain(others.iter().map(AsRef::as_ref)).collect();
    work(case, &vcpus)
}

fn work(case: &Case<'_>, vcpus: &[&dyn Vcpu]) -> Result<(), CheckError> {
    let ids = case.listed()?;
    let registers = usable(case)?;
    let own =
        |number: usize| -> Vec<&Register> { registers.iter().copied().skip(number).step_by(vcpus.len()).collect() };
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
        let here = one(*first, ids, &own(0), 0);
        let others = others.into_iter().map(|thread| thread.join().unwrap_or(Err(CheckError::Process)));
        [here].into_iter().chain(others).collect::<Vec<_>>()
    });
    for seen in seen {
        for Seen { register, expected, observed } in seen? {
            let report = case.finding("busy.threads", format!("{expected} while other threads run"), observed);
            match register {
                None => drop(report.ioctl(GET_REG_LIST)),
                Some(register) => drop(report.get(register.named())),
            }
        }
    }
    Ok(())
}

/// The registers that pass a SET and GET without threads; other clauses report the rest.
fn usable<'a>(case: &Case<'a>) -> Result<Vec<&'a Register>, CheckError> {
    let mut registers = case.listed_and_expected()?;
    // Threads share counters, and a GET that reloads the vCPU affects the registers of every thread.
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

fn one<'a>(vcpu: &dyn Vcpu, ids: &[u64], registers: &[&'a Register], number: u64) -> Result<Vec<Seen<'a>>, CheckError> {
    let access = Access::new(vcpu)?;
    let mut memory = ListMemory::new(ids.len() + 16, Beyond::NoAccess, false)?;
    let first = undisturbed(&access, registers)?;
    let mut seen = Vec::new();
    let mut own = registers.iter().cycle();
    for round in 0..ROUNDS {
        let answer = memory.call(with_room(ids.len()), |list| vcpu.get_reg_list(list))?;
        if answer.result != Ok(0) || answer.n != ids.len() as u64 || answer.ids(ids.len()).as_deref() != Some(ids) {
            let observed = match answer.result {
                Ok(0) => format!("success, n = {}, different entries", answer.n),
                failed => outcome(failed),
            };
            seen.push(Seen { register: None, expected: "the same list as without threads".to_owned(), observed });
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
