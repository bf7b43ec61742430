// SPDX-License-Identifier: Apache-2.0 OR MIT
//! C, the number of registers, and calls with an `n` of C or more.

use nix::errno::Errno;

use super::check::{Check, check, contract};
use crate::checks::case::{Case, CheckError, GET_REG_LIST, outcome, roomy};
use crate::list::{ListAnswer, Placement};

pub(super) const CHECKS: &[Check] = &[
    check(
        "count.expected",
        &["list.count"],
        "Calls with n = 0, as a VMM does first, and then reads the complete list. Both counts must be the expected one.",
        expected,
    ),
    contract(
        "count.complete",
        &["list.complete", "efault.stray"],
        "Calls with n = C, C + 1 and far more. Each call must succeed, set n to C and write C complete entries. \
         Guard bytes detect writes elsewhere.",
        complete,
    ),
    contract(
        "count.width",
        &["list.width"],
        "Calls with n = 2^32 and more. Each call must succeed; a kernel that truncates n to 32 bits fails.",
        width,
    ),
];

/// Whether a failed call sets n at all is a matter of e2big.count.
fn expected(case: &Case<'_>) -> Result<(), CheckError> {
    let asked = case.list(Placement { n: 0, capacity: 0, slack: 0 })?;
    let listed = case.listed().map(|ids| ids.len() as u64);
    let listed_too = listed.as_ref().is_ok_and(|listed| *listed == asked.n);
    if asked.result == Err(Errno::E2BIG) && asked.n != 0 && !listed_too {
        compare(case, asked.n, "registers, according to the call with n = 0");
    }
    compare(case, listed?, "registers listed");
    Ok(())
}

fn compare(case: &Case<'_>, count: u64, how: &str) {
    let expected = case.spec.expected().len() as u64;
    if count != expected {
        let report = case.finding("list.count", format!("{expected} registers"), format!("{count} {how}"));
        let report = if case.spec.allow_new && count > expected { report.note() } else { report };
        report.ioctl(GET_REG_LIST);
    }
}

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
        lists_all(case, "list.complete", name, &answer, count);
        case.stray(&answer, None);
    }
    Ok(())
}

fn width(case: &Case<'_>) -> Result<(), CheckError> {
    let count = case.listed()?.len();
    let one_less = (1 << 32) + count.saturating_sub(1) as u64;
    let mut complete = true;
    for (name, n) in [("2^32", 1 << 32), ("2^32 + C - 1", one_less), ("2^32 + C", one_less + 1), ("2^63", 1 << 63)] {
        complete &= lists_all(case, "list.width", name, &case.list(roomy(n, count))?, count);
    }
    if complete {
        case.fact("list.width", "the kernel reads all 64 bits of n");
    }
    Ok(())
}

/// Reports an answer that is not a list of exactly `count` entries.
fn lists_all(case: &Case<'_>, clause: &'static str, name: &str, answer: &ListAnswer, count: usize) -> bool {
    let written = answer.slots.iter().flatten().count();
    let observed = if answer.result != Ok(0) {
        outcome(answer.result)
    } else if answer.n != count as u64 {
        format!("success with n = {}", answer.n)
    } else if written != count || answer.ids(count).is_none() {
        format!("success with n = C, but {written} entries written")
    } else {
        return true;
    };
    let expected = format!("success with n = C and C entries, for a call with n = {name}");
    case.finding(clause, expected, observed).list(answer.result);
    false
}
