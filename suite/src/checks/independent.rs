// SPDX-License-Identifier: Apache-2.0 OR MIT
//! A SET of one register changes no other. Every register gets its own value.

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
        "SETs every register in list order, to its own value if one is safe. After each SET, GETs that register and \
         the next one, and at the end GETs all.",
        |case| independent(case, false),
    ),
    check(
        "independent.reversed",
        &["reg.independent"],
        "As independent.list_order, from the last register to the first, with different values.",
        |case| independent(case, true),
    ),
];

struct Filled<'a> {
    register: &'a Register,
    value: Value,
    at: Instant,
}

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
        let at = Instant::now();
        if let Err(errno) = case.access.set(register.id, value)? {
            case.refused("reg.independent", register, format!("SET to {value:#x} succeeds"), errno);
            continue;
        }
        let entry = Filled { register, value, at };
        // A GET that reloads the vCPU hides the values of other registers.
        if !register.reloads {
            compare(case, &entry, case.access.get(register.id)?, "after its SET");
        }
        if let Some(Reading { register, at, got: Ok(value) }) = next.filter(|next| !next.register.reloads) {
            let untouched = Filled { register, value: *value, at: *at };
            let when = format!("as before SET of {}", before.register.name);
            compare(case, &untouched, case.access.get(register.id)?, &when);
        }
        filled.push(entry);
    }
    let wanted: Vec<&Register> = filled.iter().map(|entry| entry.register).collect();
    for (entry, after) in filled.iter().zip(undisturbed(&case.access, &wanted)?) {
        compare(case, entry, after.got, "after SET of all registers");
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
