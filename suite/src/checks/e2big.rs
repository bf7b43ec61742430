// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Calls with an `n` that is too small: E2BIG, n = C, and no other write.

use nix::errno::Errno;

use super::check::{Check, contract};
use crate::checks::case::{Case, CheckError, outcome, roomy};
use crate::list::Placement;

pub(super) const CHECKS: &[Check] = &[
    contract("e2big.errno", &["e2big.errno"], "Calls with n = 0, 1 and C - 1. Each call must fail with E2BIG.", errno),
    contract(
        "e2big.count",
        &["e2big.count"],
        "Calls with n = 0, 1 and C - 1. Each call must set n to C, and a retry with that n must succeed.",
        count,
    ),
    contract(
        "e2big.untouched",
        &["e2big.untouched", "efault.stray"],
        "Calls with n = 0, 1 and C - 1, once with guard bytes in reg[] and once with reg[] unmapped. Each call must \
         fail with E2BIG and write nothing but n.",
        untouched,
    ),
];

/// Those of 0, 1 and C - 1 that are smaller than C, with their names.
fn too_small(count: usize) -> impl Iterator<Item = (&'static str, u64)> {
    let below = count.saturating_sub(1) as u64;
    [("0", 0), ("1", 1), ("C - 1", below)]
        .into_iter()
        .enumerate()
        .filter(move |(position, (_, n))| *n < count as u64 && (*position == 2 || *n < below))
        .map(|(_, named)| named)
}

fn errno(case: &Case<'_>) -> Result<(), CheckError> {
    let count = case.listed_if_any()?.len();
    for (name, n) in too_small(count) {
        let answer = case.list(roomy(n, count))?;
        if answer.result != Err(Errno::E2BIG) {
            case.finding("e2big.errno", format!("E2BIG, for a call with n = {name}"), outcome(answer.result))
                .list(answer.result);
        }
    }
    Ok(())
}

fn count(case: &Case<'_>) -> Result<(), CheckError> {
    let count = case.listed_if_any()?.len();
    for (name, n) in too_small(count) {
        let answer = case.list(roomy(n, count))?;
        if answer.n != count as u64 {
            let observed =
                if answer.n == n { "n is unchanged".into() } else { format!("the kernel sets n to {}", answer.n) };
            case.finding("e2big.count", format!("the kernel sets n to C, for a call with n = {name}"), observed)
                .list(answer.result);
            continue;
        }
        let retry = case.list(roomy(answer.n, count))?;
        if retry.result != Ok(0) {
            case.finding("e2big.count", "success, for a retry with the returned n = C", outcome(retry.result))
                .list(retry.result);
        }
    }
    Ok(())
}

fn untouched(case: &Case<'_>) -> Result<(), CheckError> {
    let count = case.listed_if_any()?.len();
    for (name, n) in too_small(count) {
        let answer = case.list(roomy(n, count))?;
        case.stray(&answer, None);
        // e2big.errno reports other results.
        if answer.result != Err(Errno::E2BIG) {
            continue;
        }
        for (entry, slot) in answer.slots.iter().enumerate() {
            if slot.is_some() {
                let expected = format!("no write to reg[], for a call with n = {name}");
                case.finding("e2big.untouched", expected, "the kernel writes this entry")
                    .entry(entry)
                    .list(answer.result);
            }
        }
        let answer = case.list(Placement { n, capacity: 0, slack: 0 })?;
        if answer.result != Err(Errno::E2BIG) {
            let expected = format!("E2BIG, for a call with n = {name} and reg[] unmapped");
            case.finding("e2big.untouched", expected, outcome(answer.result)).list(answer.result);
        }
    }
    Ok(())
}
