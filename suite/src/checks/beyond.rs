// SPDX-License-Identifier: Apache-2.0 OR MIT
//! What the list leaves out: what GET reads all the same, and what programs
//! save that know KVM's registers by heart. By GET alone.

use std::collections::BTreeMap;

use super::check::{Check, check};
use crate::checks::case::{Case, CheckError, GET_REG_LIST};

pub(super) const CHECKS: &[Check] = &[
    check(
        "beyond.unlisted",
        &["list.unlisted"],
        "GETs every id that could exist and is not listed. Those that succeed are held against the \
         specification's known exceptions.",
        unlisted,
    ),
    check(
        "beyond.consumers",
        &["list.consumers"],
        "Compares the list with what programs save that know the registers by heart, as consumers/ has it.",
        consumers,
    ),
];

/// list.unlisted
fn unlisted(case: &Case<'_>) -> Result<(), CheckError> {
    let listed = case.listed()?;
    let mut known: BTreeMap<&str, usize> = BTreeMap::new();
    for id in case.spec.arch.readable_candidates() {
        if listed.contains(&id) || case.access.get(id)?.is_err() {
            continue;
        }
        match case.spec.spec.unlisted.exception(id) {
            Some(exception) => *known.entry(exception).or_default() += 1,
            None => drop(
                case.finding("list.unlisted", "listed, or a known exception", "readable and not listed")
                    .get(case.name(id)),
            ),
        }
    }
    if !known.is_empty() {
        let known: Vec<String> = known.iter().map(|(exception, count)| format!("{exception} {count}")).collect();
        case.fact("list.unlisted", format!("readable and not listed, as known: {}", known.join(", ")));
    }
    Ok(())
}

/// list.consumers
fn consumers(case: &Case<'_>) -> Result<(), CheckError> {
    let listed = case.listed()?;
    for consumer in &case.spec.spec.consumers {
        let saved = consumer.saves(&case.spec.configuration.features);
        let mut all = true;
        for register in &saved {
            if !listed.contains(&register.id) {
                all = false;
                case.finding("list.consumers", format!("listed, as {} saves it", consumer.name), "not listed")
                    .register(register.named())
                    .ioctl(GET_REG_LIST);
            }
        }
        if all {
            case.fact(
                "list.consumers",
                format!("all {} registers that {} saves are listed", saved.len(), consumer.name),
            );
        }
    }
    Ok(())
}
