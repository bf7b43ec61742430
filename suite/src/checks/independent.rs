// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Every register apart from every other: distinct values in all of them.

use std::time::Instant;

use nix::errno::Errno;

use super::check::{Check, check};
use crate::checks::case::{Case, CheckError};
use crate::checks::snapshot::{Reading, agrees, put_back, settle, shown, undisturbed};
use crate::spec::Register;
use crate::value::Value;

pub(super) const CHECKS: &[Check] = &[
    check(
        "independent.list_order",
        &["reg.independent"],
        "SETs every register in list order, to a value of its own where one is safe. Each is read after its SET, \
         with the one that comes next, and all at the end.",
        |case| independent(case, false),
    ),
    check(
        "independent.reversed",
        &["reg.independent"],
        "As independent.list_order, from the last register to the first, with other values.",
        |case| independent(case, true),
    ),
];

/// A register with the value that it was SET to.
struct Filled<'a> {
    register: &'a Register,
    value: Value,
    at: Instant,
}

/// reg.independent: after each SET of the register itself and of the next one,
/// which is still to be SET, and of all of them at the end.
fn independent(case: &Case<'_>, reversed: bool) -> Result<(), CheckError> {
    let mut registers = case.listed_and_expected()?;
    if reversed {
        registers.reverse();
    }
    settle(&case.access, &registers)?;
    let first = undisturbed(&case.access, &registers)?;
    let mut filled = Vec::new();
    for (before, next) in first.iter().zip(first.iter().skip(1).map(Some).chain([None])) {
        let register = before.register;
        let Ok(present) = before.got else { continue };
        let value = register.distinct(present, u64::from(reversed));
        if let Err(errno) = case.access.set(register.id, value)? {
            case.refused("reg.independent", register, format!("SET of {value:#x} is accepted"), errno);
            continue;
        }
        let entry = Filled { register, value, at: Instant::now() };
        // A GET that reads the other registers back from the hardware would hide what they hold.
        if !register.reloads {
            compare(case, &entry, case.access.get(register.id)?, "after its SET");
        }
        if let Some(Reading { register, got: Ok(value), at }) = next.filter(|next| !next.register.reloads) {
            let untouched = Filled { register, value: *value, at: *at };
            let when = format!("as before the SET of {}", before.register.name);
            compare(case, &untouched, case.access.get(register.id)?, &when);
        }
        filled.push(entry);
    }
    let wanted: Vec<&Register> = filled.iter().map(|entry| entry.register).collect();
    for (entry, after) in filled.iter().zip(undisturbed(&case.access, &wanted)?) {
        compare(case, entry, after.got, "after the SET of all registers");
    }
    Ok(put_back(&case.access, &first)?)
}

fn compare(case: &Case<'_>, entry: &Filled<'_>, got: Result<Value, Errno>, when: &str) {
    let Filled { register, value, at } = entry;
    let kept = got.is_ok_and(|found| agrees(register, *value, found, at.elapsed()));
    if !kept {
        case.finding("reg.independent", format!("{value:#x} {when}"), shown(got)).get(register.named());
    }
}
