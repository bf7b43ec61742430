// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Bad memory in the header: `n` is unreadable, or readable but not writable.

use nix::errno::Errno;

use super::check::{Check, contract};
use crate::checks::case::{Case, CheckError, GET_REG_LIST, outcome, with_room};
use crate::kvm::Answer;
use crate::list::Placement;
use crate::memory::{Protection, Region, hostile_addresses, page_size};

pub(super) const CHECKS: &[Check] = &[
    contract(
        "efault.header_unreachable",
        &["efault.header", "efault.usable"],
        "Passes unreadable and unwritable headers: NULL, unmapped, PROT_NONE, read-only, beyond a file's end, kernel \
         addresses. Each call must fail with EFAULT, and a good call afterwards must succeed.",
        unreachable,
    ),
    contract(
        "efault.header_read_only",
        &["efault.header", "efault.stray", "efault.usable"],
        "Passes a read-only header with n from 0 to C + 1. Each call must fail with EFAULT, even if n is too small, \
         and write nothing.",
        read_only,
    ),
    contract(
        "efault.header_straddling",
        &["efault.header", "efault.usable"],
        "Passes headers that lie partly on a mapped and partly on an unmapped page. Each call must fail with EFAULT.",
        straddling,
    ),
    contract(
        "efault.misaligned",
        &["efault.misaligned", "efault.stray"],
        "Passes headers that are 1 to 7 bytes off alignment. The list must be the same, and n = 0 must give the same \
         result as with an aligned header.",
        misaligned,
    ),
];

fn unreachable(case: &Case<'_>) -> Result<(), CheckError> {
    let before = case.listed()?;
    let aligned_alone = needs_alignment(case, before.len())?;
    for hostile in hostile_addresses()? {
        let result = case.vcpu.get_reg_list(hostile.address);
        if aligned_alone && hostile.address.value() % 8 != 0 {
            continue;
        }
        expect_efault(case, result, &format!("a header in {}", hostile.what));
        if !hostile.untouched()? {
            case.finding("efault.header", format!("no write to {}", hostile.what), "the kernel writes there")
                .ioctl(GET_REG_LIST);
        }
    }
    still_usable(case, &before)
}

fn read_only(case: &Case<'_>) -> Result<(), CheckError> {
    let before = case.listed()?;
    let count = before.len();
    let page = page_size();
    for (name, n) in [("0", 0), ("C - 1", count.saturating_sub(1)), ("C", count), ("C + 1", count + 1)] {
        let mut region = Region::reserve(page)?;
        region.open(0..page, Protection::ReadWrite)?;
        region.write(0, &n.to_le_bytes())?;
        region.seal(0..page)?;
        let result = case.vcpu.get_reg_list(region.address(0));
        expect_efault(case, result, &format!("a read-only header with n = {name}"));
        if region.read_u64(0)? != n as u64 || !region.touched(8..page)?.is_empty() {
            case.finding("efault.stray", "no write to read-only memory", "the kernel writes there").ioctl(GET_REG_LIST);
        }
    }
    still_usable(case, &before)
}

fn straddling(case: &Case<'_>) -> Result<(), CheckError> {
    let before = case.listed()?;
    // An aligned header lies on one page.
    if needs_alignment(case, before.len())? {
        return Ok(());
    }
    let page = page_size();
    let mut region = Region::reserve(3 * page)?;
    region.open(page..2 * page, Protection::ReadWrite)?;
    for inside in [1, 4, 7] {
        region.poison(page..2 * page)?;
        let list = region.address(2 * page - inside);
        let result = region.with_hole(&(2 * page..3 * page), || case.vcpu.get_reg_list(list))?;
        expect_efault(case, result, &format!("a header with only its first {inside} bytes mapped"));
    }
    let list = region.address(page - 4);
    let result = region.with_hole(&(0..page), || case.vcpu.get_reg_list(list))?;
    expect_efault(case, result, "a header with only its last 4 bytes mapped");
    still_usable(case, &before)
}

fn misaligned(case: &Case<'_>) -> Result<(), CheckError> {
    let aligned = case.listed()?;
    let count = aligned.len();
    let too_small = case.list(Placement { n: 0, ..with_room(count) })?.result;
    for offset in 1..8 {
        let full = Placement { slack: 64 + offset, ..with_room(count) };
        let answer = case.list(full)?;
        if answer.result != Ok(0) || answer.ids(count).as_ref() != Some(&aligned) {
            let observed = format!("{}, {} entries written", outcome(answer.result), answer.written_prefix());
            let expected = format!("success with the same list, for a header {} bytes past alignment", 8 - offset);
            case.finding("efault.misaligned", expected, observed).list(answer.result);
        }
        case.stray(&answer, None);
        if count == 0 {
            continue;
        }
        let answer = case.list(Placement { n: 0, ..full })?;
        if answer.result != too_small {
            let expected = format!("{}, for a call with n = 0 and a misaligned header", outcome(too_small));
            case.finding("efault.misaligned", expected, outcome(answer.result)).list(answer.result);
        }
    }
    Ok(())
}

/// Whether the kernel refuses misaligned headers; efault.misaligned reports it.
fn needs_alignment(case: &Case<'_>, count: usize) -> Result<bool, CheckError> {
    let answer = case.list(Placement { slack: 65, ..with_room(count) })?;
    Ok(answer.result == Err(Errno::EINVAL))
}

fn expect_efault(case: &Case<'_>, result: Answer, what: &str) {
    if result != Err(Errno::EFAULT) {
        case.finding("efault.header", format!("EFAULT, for {what}"), outcome(result)).list(result);
    }
}

/// efault.usable: the next good call succeeds.
pub(super) fn still_usable(case: &Case<'_>, before: &[u64]) -> Result<(), CheckError> {
    let answer = case.list(with_room(before.len()))?;
    if answer.result != Ok(0) || answer.ids(before.len()).as_deref() != Some(before) {
        let observed = format!("{}, {} entries written", outcome(answer.result), answer.written_prefix());
        let expected = format!("success with the same {} entries, after a call that fails with EFAULT", before.len());
        case.finding("efault.usable", expected, observed).list(answer.result);
    }
    Ok(())
}
