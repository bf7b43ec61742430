// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Bad memory in reg[]: the writable part ends before every entry in turn.

use nix::errno::Errno;

use super::check::{Check, contract};
use super::efault_header::still_usable;
use crate::checks::case::{Case, CheckError, outcome};
use crate::list::{Beyond, ListAnswer, ListMemory, Placement};

const CLAUSES: &[&str] = &["efault.array", "efault.prefix", "efault.stray", "efault.usable"];

pub(super) const CHECKS: &[Check] = &[
    contract(
        "efault.array_unmapped",
        CLAUSES,
        "Unmaps reg[] from every entry on in turn. Each call must fail with EFAULT, set n to C, write the entries \
         before the hole and nothing else. Good calls in between must succeed.",
        |case| every_entry(case, Beyond::Unmapped, false),
    ),
    contract(
        "efault.array_read_only",
        CLAUSES,
        "As efault.array_unmapped, with read-only memory in place of the hole.",
        |case| every_entry(case, Beyond::ReadOnly, false),
    ),
    contract(
        "efault.array_file_end",
        CLAUSES,
        "As efault.array_unmapped, with a page beyond the end of a mapped file in place of the hole.",
        |case| every_entry(case, Beyond::FileEnd, false),
    ),
    contract(
        "efault.landing_zone",
        CLAUSES,
        "As efault.array_unmapped, with inaccessible memory in place of the hole, and mapped memory where a kernel \
         writes that uses -EFAULT as an index. The kernel must not write there.",
        |case| every_entry(case, Beyond::NoAccess, true),
    ),
];

/// Failed calls between two good ones.
const USABLE_EVERY: usize = 8;

/// For every k, reg[] holds entries 0..k. The landing zone is mapped memory
/// where a kernel writes that uses -EFAULT as an index.
fn every_entry(case: &Case<'_>, beyond: Beyond, landing_zone: bool) -> Result<(), CheckError> {
    let ids = case.listed_if_any()?;
    // Not C itself, to detect a kernel that leaves n unchanged.
    let n = ids.len() as u64 + 1;
    let mut memory = ListMemory::new(ids.len(), beyond, landing_zone)?;
    for k in 0..ids.len() {
        let answer = case.list_in(&mut memory, Placement { n, capacity: k, slack: 0 })?;
        judge(case, beyond, k, &ids, &answer);
        // The prefix of the next failed call shows leftovers of this one, too.
        if k % USABLE_EVERY == 0 {
            still_usable(case, &ids)?;
        }
    }
    still_usable(case, &ids)
}

fn judge(case: &Case<'_>, beyond: Beyond, k: usize, ids: &[u64], answer: &ListAnswer) {
    if answer.result != Err(Errno::EFAULT) {
        let stray = answer.stray.first();
        let written = stray.map(|stray| format!("; bytes written {}", stray.place)).unwrap_or_default();
        let expected = format!("EFAULT when reg[] is {} from the given entry on", beyond.what());
        let observed = format!("{}{written}", outcome(answer.result));
        case.finding("efault.array", expected, observed).entry(k).list(answer.result);
    }
    if answer.n != ids.len() as u64 {
        let expected = "the kernel sets n to C even if it fails with EFAULT";
        case.finding("efault.prefix", expected, format!("n = {}", answer.n)).entry(k).list(answer.result);
    }
    let right = |(slot, id): (&Option<u64>, &u64)| *slot == Some(*id);
    if !answer.slots.iter().zip(ids).all(right) {
        let prefix = answer.slots.iter().zip(ids).take_while(|pair| right(*pair)).count();
        let observed = if prefix == 0 { "no entry is written".into() } else { format!("{prefix} entries are written") };
        case.finding("efault.prefix", "the kernel writes every entry before the first unwritable one", observed)
            .entry(k)
            .list(answer.result);
    }
    case.stray(answer, Some(k));
}
