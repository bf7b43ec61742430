// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Bad memory, the array: reg[] that ends before the list does, at every entry.

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
        "Ends the memory of reg[] at every entry in turn, with nothing mapped behind. Looks at the errno, n, \
         the entries before the end and the bytes around them, and at good calls in between.",
        |case| every_entry(case, Beyond::Unmapped, false),
    ),
    contract(
        "efault.array_read_only",
        CLAUSES,
        "As efault.array_unmapped, with memory behind the end that can be read and not written.",
        |case| every_entry(case, Beyond::ReadOnly, false),
    ),
    contract(
        "efault.array_file_end",
        CLAUSES,
        "As efault.array_unmapped, in a mapped file that ends there, so that the page behind exists and cannot \
         be filled.",
        |case| every_entry(case, Beyond::FileEnd, false),
    ),
    contract(
        "efault.landing_zone",
        CLAUSES,
        "As efault.array_unmapped, with memory mapped where a kernel would write on that took -EFAULT for a \
         number of entries. Not a byte may change there.",
        |case| every_entry(case, Beyond::NoAccess, true),
    ),
];

/// After how many failed calls a good one is made.
const USABLE_EVERY: usize = 8;

/// reg[] holds entries 0..k and ends there, for every k; with the landing zone,
/// a lost EFAULT would find mapped memory where it writes on.
fn every_entry(case: &Case<'_>, beyond: Beyond, landing_zone: bool) -> Result<(), CheckError> {
    let ids = case.listed_if_any()?;
    // Not C itself, so that a kernel which leaves n as it was is told from one that sets it.
    let n = ids.len() as u64 + 1;
    let mut memory = ListMemory::new(ids.len(), beyond, landing_zone)?;
    for k in 0..ids.len() {
        let answer = case.list_in(&mut memory, Placement { n, capacity: k, slack: 0 })?;
        judge(case, beyond, k, &ids, &answer);
        // What a failed call leaves behind shows in the prefix of the next one, too.
        if k % USABLE_EVERY == 0 {
            still_usable(case, &ids)?;
        }
    }
    still_usable(case, &ids)
}

fn judge(case: &Case<'_>, beyond: Beyond, k: usize, ids: &[u64], answer: &ListAnswer) {
    // efault.array
    if answer.result != Err(Errno::EFAULT) {
        case.finding(
            "efault.array",
            format!("EFAULT when reg[] is {} from the entry on", beyond.what()),
            outcome(answer.result),
        )
        .entry(k)
        .list(answer.result);
    }
    // efault.prefix
    if answer.n != ids.len() as u64 {
        case.finding("efault.prefix", "n set to C beside EFAULT", format!("n = {}", answer.n))
            .entry(k)
            .list(answer.result);
    }
    let right = |(slot, id): (&Option<u64>, &u64)| *slot == Some(*id);
    if !answer.slots.iter().zip(ids).all(right) {
        let prefix = answer.slots.iter().zip(ids).take_while(|pair| right(*pair)).count();
        let observed = if prefix == 0 { "none of them".into() } else { format!("{prefix} of them") };
        case.finding("efault.prefix", "every entry before the unwritable one written", observed)
            .entry(k)
            .list(answer.result);
    }
    case.stray(answer, Some(k));
}
