// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Too small: E2BIG, the count that makes the retry succeed, nothing else.

use nix::errno::Errno;

use super::check::{Check, contract};
use crate::checks::case::{Case, CheckError, outcome, roomy};
use crate::list::Placement;

pub(super) const CHECKS: &[Check] = &[
    contract("e2big.errno", &["e2big.errno"], "Asks with n = 0, 1 and C - 1. Each call must fail with E2BIG.", errno),
    contract(
        "e2big.count",
        &["e2big.count"],
        "Asks with n = 0, 1 and C - 1, looks at the n that comes back, and asks again with it, which must \
         succeed.",
        count,
    ),
    contract(
        "e2big.untouched",
        &["e2big.untouched", "efault.stray"],
        "Asks with n = 0, 1 and C - 1, once with guard bytes in all of reg[] and once with no reg[] mapped at \
         all.",
        untouched,
    ),
];

/// 0, 1 and C - 1, as far as they are smaller than C, with what they are.
fn too_small(count: usize) -> impl Iterator<Item = (&'static str, u64)> {
    let below = count.saturating_sub(1) as u64;
    [("0", 0), ("1", 1), ("C - 1", below)]
        .into_iter()
        .enumerate()
        .filter(move |(position, (_, n))| *n < count as u64 && (*position == 2 || *n < below))
        .map(|(_, named)| named)
}

/// e2big.errno
fn errno(case: &Case<'_>) -> Result<(), CheckError> {
    let count = case.listed_if_any()?.len();
    for (name, n) in too_small(count) {
        let answer = case.list(roomy(n, count))?;
        if answer.result != Err(Errno::E2BIG) {
            case.finding("e2big.errno", format!("E2BIG with n = {name}"), outcome(answer.result)).list(answer.result);
        }
    }
    Ok(())
}

/// e2big.count: what comes back is C, and a call with it succeeds.
fn count(case: &Case<'_>) -> Result<(), CheckError> {
    let count = case.listed_if_any()?.len();
    for (name, n) in too_small(count) {
        let answer = case.list(roomy(n, count))?;
        if answer.n != count as u64 {
            let observed = if answer.n == n { "n unchanged".into() } else { format!("n = {}", answer.n) };
            case.finding("e2big.count", format!("n set to C by a call with n = {name}"), observed).list(answer.result);
            continue;
        }
        let retry = case.list(roomy(answer.n, count))?;
        if retry.result != Ok(0) {
            case.finding("e2big.count", "success of the retry with n = C", outcome(retry.result)).list(retry.result);
        }
    }
    Ok(())
}

/// e2big.untouched: with room for the whole list, and with none at all.
fn untouched(case: &Case<'_>) -> Result<(), CheckError> {
    let count = case.listed_if_any()?.len();
    for (name, n) in too_small(count) {
        let answer = case.list(roomy(n, count))?;
        case.stray(&answer, None);
        // Another answer than E2BIG is the finding of another clause.
        if answer.result != Err(Errno::E2BIG) {
            continue;
        }
        for (entry, slot) in answer.slots.iter().enumerate() {
            if slot.is_some() {
                case.finding("e2big.untouched", format!("reg[] untouched with n = {name}"), "written")
                    .entry(entry)
                    .list(answer.result);
            }
        }
        let header_only = Placement { n, capacity: 0, slack: 0 };
        let answer = case.list(header_only)?;
        if answer.result != Err(Errno::E2BIG) {
            let expected = format!("E2BIG with n = {name} and reg[] unmapped");
            case.finding("e2big.untouched", expected, outcome(answer.result)).list(answer.result);
        }
    }
    Ok(())
}
