// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Unlisted registers: those that GET reads, and those that VMMs save from a
//! fixed table. These checks only GET.

use std::collections::BTreeMap;

use super::check::{Check, check};
use crate::checks::case::{Case, CheckError};

pub(super) const CHECKS: &[Check] = &[
    check(
        "beyond.unlisted",
        &["list.unlisted"],
        "GETs every unlisted id that could exist. Each GET must fail, except for the exceptions in unlisted.yaml.",
        unlisted,
    ),
    check(
        "beyond.consumers",
        &["list.consumers"],
        "Compares the list with the registers that VMMs save from a fixed table, as described in consumers/.",
        consumers,
    ),
];

fn unlisted(case: &Case<'_>) -> Result<(), CheckError> {
    let listed = case.listed()?;
    let mut known: BTreeMap<&str, usize> = BTreeMap::new();
    for id in case.spec.arch.readable_candidates() {
        if listed.contains(&id) || case.access.get(id)?.is_err() {
            continue;
        }
        if let Some(exception) = case.spec.spec.unlisted.exception(id) {
            *known.entry(exception).or_default() += 1;
        } else {
            let expected = "GET fails, as the register is not listed";
            case.finding("list.unlisted", expected, "GET succeeds").get(case.name(id));
        }
    }
    if !known.is_empty() {
        let known: Vec<String> = known.iter().map(|(exception, count)| format!("{count} of {exception}")).collect();
        let observed = format!("GET reads unlisted registers, as unlisted.yaml expects: {}", known.join(", "));
        case.fact("list.unlisted", observed);
    }
    Ok(())
}

fn consumers(case: &Case<'_>) -> Result<(), CheckError> {
    let listed = case.listed()?;
    for consumer in &case.spec.spec.consumers {
        let saved = consumer.saves(&case.spec.configuration.features);
        let mut all = true;
        for register in &saved {
            if !listed.contains(&register.id) {
                all = false;
                case.finding("list.consumers", format!("listed, as {} saves it", consumer.name), "missing")
                    .listing(register.named());
            }
        }
        if all {
            let observed = format!("all {} registers that {} saves are listed", saved.len(), consumer.name);
            case.fact("list.consumers", observed);
        }
    }
    Ok(())
}
