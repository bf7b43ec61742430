// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The list's count: C, and what success means for any n that is large enough.

use nix::errno::Errno;

use super::check::{Check, check, contract};
use crate::checks::case::{Case, CheckError, GET_REG_LIST, outcome, roomy};
use crate::list::{ListAnswer, Placement};

pub(super) const CHECKS: &[Check] = &[
    check(
        "count.expected",
        &["list.count"],
        "Asks with n = 0, as a VMM does first, and then for the whole list. Both numbers are compared with the \
         specification's.",
        expected,
    ),
    contract(
        "count.complete",
        &["list.complete", "efault.stray"],
        "Asks with room for C entries, for one more, and for far more. Each answer must be success, n = C and C \
         whole entries; guard bytes show anything written beside them.",
        complete,
    ),
    contract(
        "count.width",
        &["list.width"],
        "Asks with counts of 2^32 and more, which become small numbers if the kernel cuts them to 32 bits.",
        width,
    ),
];

/// list.count: as a VMM learns it, by a first call with n = 0, and of the list
/// itself. Whether n is set at all by a call that fails is e2big.count.
fn expected(case: &Case<'_>) -> Result<(), CheckError> {
    let asked = case.list(Placement { n: 0, capacity: 0, slack: 0 })?;
    let listed = case.listed().map(|ids| ids.len() as u64);
    let said_twice = listed.as_ref().is_ok_and(|listed| *listed == asked.n);
    if asked.result == Err(Errno::E2BIG) && asked.n != 0 && !said_twice {
        compare(case, asked.n, "counted by the first call, with n = 0");
    }
    compare(case, listed?, "registers");
    Ok(())
}

fn compare(case: &Case<'_>, count: u64, how: &str) {
    let expected = case.spec.expected().len() as u64;
    if count != expected {
        let report = if case.spec.allow_new && count > expected { Case::note } else { Case::finding };
        report(case, "list.count", format!("{expected} registers"), format!("{count} {how}")).ioctl(GET_REG_LIST);
    }
}

/// list.complete
fn complete(case: &Case<'_>) -> Result<(), CheckError> {
    let count = case.listed()?.len();
    let exact = count as u64;
    let enough = [
        ("C", exact),
        ("C + 1", exact + 1),
        ("2 C", 2 * exact),
        ("2^31 - 1", u64::from(u32::MAX >> 1)),
        ("2^32 - 1", u64::from(u32::MAX)),
    ];
    for (name, n) in enough {
        let answer = case.list(roomy(n, count))?;
        if let Some(observed) = incomplete(&answer, count) {
            case.finding(
                "list.complete",
                format!("success, C entries and n = C from a call with n = {name}"),
                observed,
            )
            .list(answer.result);
        }
        case.stray(&answer, None);
    }
    Ok(())
}

/// list.width: a count cut to 32 bits would be too small, or far too small.
fn width(case: &Case<'_>) -> Result<(), CheckError> {
    let count = case.listed()?.len();
    let one_less = (1 << 32) + count.saturating_sub(1) as u64;
    let mut whole = true;
    for (name, n) in [("2^32", 1 << 32), ("2^32 + C - 1", one_less), ("2^32 + C", one_less + 1), ("2^63", 1 << 63)] {
        let answer = case.list(roomy(n, count))?;
        if let Some(observed) = incomplete(&answer, count) {
            whole = false;
            case.finding("list.width", format!("success with n = {name}"), observed).list(answer.result);
        }
    }
    if whole {
        case.fact("list.width", "n counts with all of its 64 bits");
    }
    Ok(())
}

/// What keeps an answer from being a whole list of `count` and nothing more.
fn incomplete(answer: &ListAnswer, count: usize) -> Option<String> {
    let written = answer.slots.iter().flatten().count();
    if answer.result != Ok(0) {
        Some(outcome(answer.result))
    } else if answer.n != count as u64 {
        Some(format!("n = {}", answer.n))
    } else if written != count || answer.ids(count).is_none() {
        Some(format!("{written} entries written"))
    } else {
        None
    }
}
