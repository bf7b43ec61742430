// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The same list again and again: on this vCPU, on others, after failed calls;
//! and no register changed by being listed.

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
        "Asks 16 times in a row; every answer must be the first one.",
        repeated,
    ),
    contract(
        "stable.after_failures",
        &["list.stable"],
        "Makes calls that fail (n too small, header at NULL, reg[] ending early), and asks again after each.",
        after_failures,
    ),
    contract(
        "stable.other_vcpu",
        &["list.stable"],
        "Sets up a second vCPU in the VM with the same features, and compares the lists of the two, asked in \
         turn.",
        other_vcpu,
    ),
    contract(
        "stable.other_vm",
        &["list.stable"],
        "Sets up a vCPU in a second VM with the same features, and compares its list with this one's, while \
         both live.",
        other_vm,
    ),
    check(
        "stable.pure",
        &["list.pure"],
        "Puts a value of its own into every register for which one is safe, asks for the list in ways that succeed \
         and that fail, and reads the registers again.",
        pure,
    ),
];

/// How often the list is asked for.
const TIMES: usize = 16;

/// list.stable: again and again.
fn repeated(case: &Case<'_>) -> Result<(), CheckError> {
    let first = case.listed()?;
    for time in 2..=TIMES {
        same(case, case.vcpu, &first, &format!("call {time}"))?;
    }
    Ok(())
}

/// list.stable: after calls that fail.
fn after_failures(case: &Case<'_>) -> Result<(), CheckError> {
    let first = case.listed()?;
    let count = first.len();
    for (name, n) in [("0", 0), ("1", 1), ("C - 1", count.saturating_sub(1) as u64)] {
        case.list(roomy(n, count))?;
        same(case, case.vcpu, &first, &format!("a call with n = {name}"))?;
    }
    case.vcpu.get_reg_list(UserAddress::NULL).err();
    same(case, case.vcpu, &first, "a call with the header at NULL")?;
    for k in [0, 1, count / 2, count.saturating_sub(1)] {
        case.list(Placement { n: count as u64, capacity: k, slack: 0 })?;
        same(case, case.vcpu, &first, &format!("a call with reg[] unmapped from entry {k} on"))?;
    }
    Ok(())
}

/// list.stable: on another vCPU of this VM, before and after it is asked here.
fn other_vcpu(case: &Case<'_>) -> Result<(), CheckError> {
    let other = case.vcpu_alike(case.vm, 1)?;
    let there = list_of(case, other.as_ref())?;
    let here = case.listed()?;
    differs(case, &here, there, "on vCPU 1, asked first");
    same(case, other.as_ref(), &here, "on vCPU 1, asked last")?;
    same(case, case.vcpu, &here, "on vCPU 0, asked again")
}

/// list.stable: in another VM, while this one lives.
fn other_vm(case: &Case<'_>) -> Result<(), CheckError> {
    let here = case.listed()?;
    let vm = case.subject.create_vm()?;
    let other = case.vcpu_alike(vm.as_ref(), 0)?;
    same(case, other.as_ref(), &here, "in another VM")?;
    same(case, case.vcpu, &here, "here again, after another VM")
}

/// What a vCPU lists; what the call says where it fails.
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
                Some(id) => format!("{} in its place, {} registers in all", case.name(*id).name, found.len()),
                None => format!("{} registers in all", found.len()),
            };
            let report = case.finding("list.stable", expected, observed).entry(entry).ioctl(GET_REG_LIST);
            if let Some(id) = wanted.get(entry).or(found.get(entry)) {
                report.register(case.name(*id));
            }
        }
    }
}

/// list.pure: distinct values in every register are still there after calls of
/// every kind.
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
        // What changes without a list, too, is not changed by it.
        if unchanged(earlier, before) && !unchanged(before, after) {
            case.finding("list.pure", format!("{} as before the list", shown(before.got)), shown(after.got))
                .get(before.register.named());
        }
    }
    Ok(put_back(&case.access, &first)?)
}

fn unchanged(before: &Reading<'_>, after: &Reading<'_>) -> bool {
    match (before.got, after.got) {
        (Ok(one), Ok(other)) => agrees(before.register, one, other, after.at.duration_since(before.at)),
        (one, other) => one == other,
    }
}

/// SETs every register to a value of its own; whether that is accepted is the
/// question of other clauses.
fn fill(access: &Access<'_>, first: &[Reading<'_>]) -> Result<(), CheckError> {
    for Reading { register, got, .. } in first {
        if let Ok(present) = got {
            let _ = access.set(register.id, register.distinct(*present, 0))?;
        }
    }
    Ok(())
}
