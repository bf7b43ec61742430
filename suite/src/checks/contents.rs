// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The list's contents: which ids, each once, well formed, in which order.

use std::collections::BTreeSet;

use super::check::{Check, check, contract};
use crate::checks::case::{Case, CheckError, GET_REG_LIST};
use crate::report::new_registers::NEW;

pub(super) const CHECKS: &[Check] = &[
    check(
        "contents.exact",
        &["list.contents"],
        "Compares the ids in the list with the specification's, in both directions, and names each that is \
         missing or not expected.",
        exact,
    ),
    contract("contents.unique", &["list.unique"], "Looks for an id that stands in the list a second time.", unique),
    contract(
        "contents.canonical",
        &["list.canonical"],
        "Looks at the form of every id in the list: architecture byte, size, reserved bits, type and index.",
        canonical,
    ),
    check(
        "contents.order",
        &["list.order"],
        "Compares the order of the registers that are both listed and expected, and names the first that is out \
         of place.",
        order,
    ),
];

/// list.contents
fn exact(case: &Case<'_>) -> Result<(), CheckError> {
    let listed = case.listed()?;
    case.record(&listed);
    for register in case.spec.expected() {
        if !listed.contains(&register.id) {
            case.finding("list.contents", "listed", "missing").register(register.named()).ioctl(GET_REG_LIST);
        }
    }
    for (entry, id) in listed.iter().enumerate() {
        if case.spec.expected().iter().any(|register| register.id == *id) {
            continue;
        }
        let report = if case.spec.allow_new {
            case.note("list.contents", "a register that the specification knows", NEW)
        } else {
            case.finding("list.contents", "not listed", "listed")
        };
        report.register(case.name(*id)).entry(entry).ioctl(GET_REG_LIST);
    }
    Ok(())
}

/// list.unique
fn unique(case: &Case<'_>) -> Result<(), CheckError> {
    let mut seen = BTreeSet::new();
    for (entry, id) in case.listed_if_any()?.into_iter().enumerate() {
        if !seen.insert(id) {
            case.finding("list.unique", "listed once", "listed again")
                .register(case.name(id))
                .entry(entry)
                .ioctl(GET_REG_LIST);
        }
    }
    Ok(())
}

/// list.canonical
fn canonical(case: &Case<'_>) -> Result<(), CheckError> {
    for (entry, id) in case.listed_if_any()?.into_iter().enumerate() {
        if let Some(fault) = case.spec.arch.malformed(id) {
            case.finding("list.canonical", format!("a well-formed {} id", case.spec.arch.name()), fault)
                .register(case.name(id))
                .entry(entry)
                .ioctl(GET_REG_LIST);
        }
    }
    Ok(())
}

/// list.order: of the registers that are both listed and expected.
fn order(case: &Case<'_>) -> Result<(), CheckError> {
    let listed = case.listed()?;
    let common: Vec<u64> =
        listed.into_iter().filter(|id| case.spec.expected().iter().any(|register| register.id == *id)).collect();
    let wanted: Vec<_> = case.spec.expected().iter().filter(|register| common.contains(&register.id)).collect();
    let first = common.iter().zip(wanted).find(|(id, register)| **id != register.id);
    if let Some((id, register)) = first {
        let observed = format!("{} in its place", case.name(*id).name);
        case.finding("list.order", "the specification's order", observed)
            .register(register.named())
            .ioctl(GET_REG_LIST);
    }
    Ok(())
}
