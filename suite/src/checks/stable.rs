// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The list is the same on every call, vCPU and VM, also after failed calls.
//! Listing changes no register.

use super::check::{Check, check, contract};
use crate::access::Access;
use crate::checks::case::{Case, CheckError, GET_REG_LIST, outcome, roomy, whole};
use crate::checks::snapshot::{Reading, agrees, put_back, settle, shown, undisturbed};
use crate::kvm::Vcpu;
use crate::list::Placement;
use crate::memory::UserAddress;

pub(super) const CHECKS: &[Check] = &[
    contract(
        "stable.repeated",
        &["list.stable"],
        "Lists 16 times in a row. Every list must equal the first one.",
        repeated,
    ),
    contract(
        "stable.after_failures",
        &["list.stable"],
        "Makes calls that fail (n too small, header at NULL, reg[] partly unmapped). After each, the list must be the \
         same.",
        after_failures,
    ),
    contract(
        "stable.other_vcpu",
        &["list.stable"],
        "Sets up a second vCPU in the VM with the same features. Lists on both in turn; all lists must be equal.",
        other_vcpu,
    ),
    contract(
        "stable.other_vm",
        &["list.stable"],
        "Sets up a vCPU in a second VM with the same features, while the first VM exists. Both lists must be equal.",
        other_vm,
    ),
    check(
        "stable.pure",
        &["list.pure"],
        "SETs every register to its own value if one is safe, makes list calls that succeed and that fail, and GETs the \
         registers. All values must be the same.",
        pure,
    ),
];

const TIMES: usize = 16;

fn repeated(case: &Case<'_>) -> Result<(), CheckError> {
    let first = case.listed()?;
    for time in 2..=TIMES {
        same(case, case.vcpu, &first, &format!("call {time}"))?;
    }
    Ok(())
}

fn after_failures(case: &Case<'_>) -> Result<(), CheckError> {
    let first = case.listed()?;
    let count = first.len();
    for (name, n) in [("0", 0), ("1", 1), ("C - 1", count.saturating_sub(1) as u64)] {
        case.list(roomy(n, count))?;
        same(case, case.vcpu, &first, &format!("after a call with n = {name}"))?;
    }
    case.vcpu.get_reg_list(UserAddress::NULL).err();
    same(case, case.vcpu, &first, "after a call with the header at NULL")?;
    for k in [0, 1, count / 2, count.saturating_sub(1)] {
        case.list(Placement { n: count as u64, capacity: k, slack: 0 })?;
        same(case, case.vcpu, &first, &format!("after a call with reg[] unmapped from entry {k} on"))?;
    }
    Ok(())
}

fn other_vcpu(case: &Case<'_>) -> Result<(), CheckError> {
    let other = case.vcpu_alike(case.vm, 1)?;
    let there = list_of(case, other.as_ref())?;
    let here = case.listed()?;
    differs(case, &here, there, "on vCPU 1, before vCPU 0");
    same(case, other.as_ref(), &here, "on vCPU 1, after vCPU 0")?;
    same(case, case.vcpu, &here, "on vCPU 0, after vCPU 1")
}

fn other_vm(case: &Case<'_>) -> Result<(), CheckError> {
    let here = case.listed()?;
    let vm = case.subject.create_vm()?;
    let other = case.vcpu_alike(vm.as_ref(), 0)?;
    same(case, other.as_ref(), &here, "in another VM")?;
    same(case, case.vcpu, &here, "in this VM, after another VM")
}

/// The list of a vCPU, or a description of the failed call.
fn list_of(case: &Case<'_>, vcpu: &dyn Vcpu) -> Result<Result<Vec<u64>, String>, CheckError> {
    let answer = case.generously(vcpu)?;
    Ok(whole(&answer).ok_or_else(|| format!("{}, n = {}", outcome(answer.result), answer.n)))
}

fn same(case: &Case<'_>, vcpu: &dyn Vcpu, wanted: &[u64], when: &str) -> Result<(), CheckError> {
    let found = list_of(case, vcpu)?;
    differs(case, wanted, found, when);
    Ok(())
}

/// Reports the first difference.
fn differs(case: &Case<'_>, wanted: &[u64], found: Result<Vec<u64>, String>, when: &str) {
    let expected = format!("the same list ({when})");
    match found {
        Err(observed) => drop(case.finding("list.stable", expected, observed).ioctl(GET_REG_LIST)),
        Ok(found) if found == wanted => {}
        Ok(found) => {
            let entry = wanted.iter().zip(&found).position(|(one, other)| one != other);
            let entry = entry.unwrap_or(wanted.len().min(found.len()));
            let observed = match found.get(entry) {
                Some(id) => format!("{} at this entry, {} registers in total", case.name(*id).name, found.len()),
                None => format!("the list ends at this entry, {} registers in total", found.len()),
            };
            let report = case.finding("list.stable", expected, observed).entry(entry).ioctl(GET_REG_LIST);
            if let Some(id) = wanted.get(entry).or(found.get(entry)) {
                report.register(case.name(*id));
            }
        }
    }
}

fn pure(case: &Case<'_>) -> Result<(), CheckError> {
    let registers = case.listed_and_expected()?;
    let count = case.listed()?.len();
    let first = undisturbed(&case.access, &registers)?;
    fill(&case.access, &first)?;
    settle(&case.access, &registers)?;
    let earlier = undisturbed(&case.access, &registers)?;
    let before = undisturbed(&case.access, &registers)?;
    for n in [0, count as u64, u64::from(u32::MAX)] {
        case.list(roomy(n, count))?;
    }
    case.list(Placement { n: count as u64, capacity: count / 2, slack: 0 })?;
    case.vcpu.get_reg_list(UserAddress::NULL).err();
    let after = undisturbed(&case.access, &registers)?;
    for ((earlier, before), after) in earlier.iter().zip(&before).zip(&after) {
        // A register that also changes without a list call is none of its side effects.
        if unchanged(earlier, before) && !unchanged(before, after) {
            case.finding("list.pure", format!("{}, as before the list calls", shown(before.got)), shown(after.got))
                .get(before.register.named());
        }
    }
    Ok(put_back(&case.access, &first)?)
}

fn unchanged(before: &Reading<'_>, after: &Reading<'_>) -> bool {
    match (before.got, after.got) {
        (Ok(one), Ok(other)) => agrees(before.register, one, other, before.at.elapsed()),
        (one, other) => one == other,
    }
}

/// SETs every register to its own value. Other clauses report a failed SET.
fn fill(access: &Access<'_>, first: &[Reading<'_>]) -> Result<(), CheckError> {
    for Reading { register, got, .. } in first {
        if let Ok(present) = got {
            let _ = access.set(register.id, register.distinct(*present, 0))?;
        }
    }
    Ok(())
}
