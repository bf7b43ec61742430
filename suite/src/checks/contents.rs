// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Contents of the list: the expected ids, each once, well formed and in order.

use std::collections::BTreeSet;

use super::check::{Check, check, contract};
use crate::checks::case::{Case, CheckError};
use crate::report::new_registers::NEW;

pub(super) const CHECKS: &[Check] = &[
    check(
        "contents.exact",
        &["list.contents"],
        "Compares the listed ids with the expected ones. Reports each missing and each unexpected register.",
        exact,
    ),
    contract("contents.unique", &["list.unique"], "Looks for ids that are listed twice.", unique),
    contract(
        "contents.canonical",
        &["list.canonical"],
        "Validates every listed id: architecture byte, size, reserved bits, type and index.",
        canonical,
    ),
    check(
        "contents.order",
        &["list.order"],
        "Compares the order of the registers that are both listed and expected. Reports the first one out of order.",
        order,
    ),
];

fn exact(case: &Case<'_>) -> Result<(), CheckError> {
    let listed = case.listed()?;
    case.record(&listed);
    for register in case.spec.expected() {
        if !listed.contains(&register.id) {
            case.finding("list.contents", "listed", "missing").listing(register.named());
        }
    }
    for (entry, id) in listed.iter().enumerate() {
        if case.spec.expected().iter().any(|register| register.id == *id) {
            continue;
        }
        let report = if case.spec.allow_new {
            case.finding("list.contents", "a register of the specification", NEW).note()
        } else {
            case.finding("list.contents", "not listed", "listed")
        };
        report.listing(case.name(*id)).entry(entry);
    }
    Ok(())
}

fn unique(case: &Case<'_>) -> Result<(), CheckError> {
    let mut seen = BTreeSet::new();
    for (entry, id) in case.listed_if_any()?.into_iter().enumerate() {
        if !seen.insert(id) {
            case.finding("list.unique", "listed once", "listed twice").listing(case.name(id)).entry(entry);
        }
    }
    Ok(())
}

fn canonical(case: &Case<'_>) -> Result<(), CheckError> {
    for (entry, id) in case.listed_if_any()?.into_iter().enumerate() {
        if let Some(fault) = case.spec.arch.malformed(id) {
            let expected = format!("a well-formed {} id", case.spec.arch.name());
            case.finding("list.canonical", expected, fault).listing(case.name(id)).entry(entry);
        }
    }
    Ok(())
}

fn order(case: &Case<'_>) -> Result<(), CheckError> {
    let listed = case.listed()?;
    let common: Vec<u64> =
        listed.into_iter().filter(|id| case.spec.expected().iter().any(|register| register.id == *id)).collect();
    let wanted: Vec<_> = case.spec.expected().iter().filter(|register| common.contains(&register.id)).collect();
    let first = common.iter().zip(wanted).find(|(id, register)| **id != register.id);
    if let Some((id, register)) = first {
        let observed = format!("{} at its position", case.name(*id).name);
        case.finding("list.order", "the order of the specification", observed).listing(register.named());
    }
    Ok(())
}
