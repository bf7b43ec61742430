// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Saves the listed registers of one vCPU and restores them on another.

mod order;
mod saved;

use crate::access::Access;
use crate::checks::case::{Case, CheckError, GET_ONE_REG, SET_ONE_REG};
use crate::checks::check::{Check, check};
use crate::checks::snapshot::shown;
use saved::Saved;

pub(super) const CHECKS: &[Check] = &[
    check(
        "restore.list_order",
        &["restore.list_order"],
        "SETs the registers of a vCPU to distinct values, saves the listed ones, and restores them in list order on a \
         vCPU of a new VM with the same features. Every register must read back equal.",
        list_order,
    ),
    check(
        "restore.list_order_vcpu1",
        &["restore.list_order"],
        "As restore.list_order, from the second vCPU of a VM to the second of another. Leaves out counters, because only \
         vCPU 0 sets them.",
        list_order_vcpu1,
    ),
    check(
        "restore.cold",
        &["restore.cold"],
        "As restore.list_order, on a vCPU on which nothing was SET before: the saved CPUCFG words must switch the \
         features on.",
        cold,
    ),
    check(
        "restore.any_order",
        &["restore.any_order"],
        "Saves as restore.list_order does, and restores on vCPUs on which nothing was SET before: in list order, in \
         reverse and in shuffled orders. For each lost register, finds the registers that must come before it.",
        order::any_order,
    ),
];

fn list_order(case: &Case<'_>) -> Result<(), CheckError> {
    let saved = Saved::take(case, &case.access, false)?;
    let vm = case.subject.create_vm()?;
    let target = case.vcpu_alike(vm.as_ref(), 0)?;
    in_list_order(case, "restore.list_order", &saved, &Access::new(target.as_ref())?)
}

fn list_order_vcpu1(case: &Case<'_>) -> Result<(), CheckError> {
    let source = case.vcpu_alike(case.vm, 1)?;
    let saved = Saved::take(case, &Access::new(source.as_ref())?, false)?.without_counters();
    let vm = case.subject.create_vm()?;
    let _first = case.vcpu_alike(vm.as_ref(), 0)?;
    let target = case.vcpu_alike(vm.as_ref(), 1)?;
    in_list_order(case, "restore.list_order", &saved, &Access::new(target.as_ref())?)
}

fn cold(case: &Case<'_>) -> Result<(), CheckError> {
    let saved = Saved::take(case, &case.access, false)?;
    let vm = case.subject.create_vm()?;
    let target = case.spec.fresh_vcpu(vm.as_ref(), 0)?;
    in_list_order(case, "restore.cold", &saved, &Access::new(target.as_ref())?)
}

fn in_list_order(
    case: &Case<'_>,
    clause: &'static str,
    saved: &Saved<'_>,
    target: &Access<'_>,
) -> Result<(), CheckError> {
    for (position, loss) in saved.restore(target, &saved.list_order(), &saved.list_order())? {
        let Some(entry) = saved.entries.get(position) else { continue };
        let value = format!("{:#x}", entry.value);
        let (expected, ioctl) = if loss.refused {
            (format!("SET to the saved {value} succeeds"), SET_ONE_REG)
        } else {
            (format!("the saved value {value}"), GET_ONE_REG)
        };
        case.finding(clause, expected, shown(loss.answer)).register(entry.register.named()).ioctl(ioctl);
    }
    Ok(())
}
