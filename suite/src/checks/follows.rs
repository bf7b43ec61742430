// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The list depends on the current features of the vCPU, and on nothing else.

use std::collections::BTreeSet;

use super::check::{Check, check};
use crate::access::Access;
use crate::arch::{Feature, Setting, feature_names};
use crate::checks::case::{Case, CheckError};
use crate::kvm::Vcpu;

pub(super) const CHECKS: &[Check] = &[
    check(
        "follows.features",
        &["list.follows"],
        "Switches features on and off on one vCPU, in every combination that the host supports. After each step, \
         the list must be the expected one.",
        features,
    ),
    check(
        "follows.values",
        &["list.follows"],
        "SETs registers, one by one, to values that switch no feature. The list must stay the same.",
        values,
    ),
    check(
        "follows.two_vcpus",
        &["list.follows"],
        "Switches features on one vCPU of a VM but not on another. Each vCPU must list its own registers.",
        two_vcpus,
    ),
];

/// Difference between a list and the expected one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Deviation {
    missing: BTreeSet<u64>,
    unexpected: BTreeSet<u64>,
}

fn features(case: &Case<'_>) -> Result<(), CheckError> {
    let own = deviation(case, case.vcpu, &case.spec.configuration.features)?;
    let mut wrong = BTreeSet::new();
    for setting in case.spec.arch.settings(&case.access)? {
        if !setting.apply(&case.access)? {
            continue;
        }
        let now = deviation(case, case.vcpu, &setting.features)?;
        report(case, &own, &now, &setting, "", &mut wrong);
    }
    case.set_up(case.vcpu, 0)
}

fn values(case: &Case<'_>) -> Result<(), CheckError> {
    let before = case.listed()?;
    for register in case.listed_and_expected()? {
        let Ok(present) = case.access.get(register.id)? else { continue };
        let all = [register.distinct(present, 0), register.distinct(present, 1), present | register.free];
        for value in all.into_iter().filter(|value| *value != present) {
            if case.access.set(register.id, value)?.is_err() {
                continue;
            }
            let after = case.listed()?;
            if after != before {
                let expected = format!("the same list after SET of this register to {value:#x}");
                case.finding("list.follows", expected, changes(case, &before, &after)).listing(register.named());
            }
        }
        let _ = case.access.set(register.id, present)?;
    }
    Ok(())
}

fn two_vcpus(case: &Case<'_>) -> Result<(), CheckError> {
    let features = &case.spec.configuration.features;
    let own = deviation(case, case.vcpu, features)?;
    let mut wrong = BTreeSet::new();
    let here = Setting { sets: Vec::new(), features: features.clone() };
    let other = case.spec.arch.create_vcpu(case.vm, 1, &[])?;
    let access = Access::new(other.as_ref())?;
    case.spec.arch.set_up(&access, 1, &[])?;
    for setting in case.spec.arch.settings(&access)? {
        if !setting.apply(&access)? {
            continue;
        }
        let there = deviation(case, other.as_ref(), &setting.features)?;
        report(case, &own, &there, &setting, "vCPU 1", &mut wrong);
        let after = deviation(case, case.vcpu, features)?;
        report(case, &own, &after, &here, "vCPU 0, after switching features of vCPU 1", &mut wrong);
    }
    Ok(())
}

fn deviation(case: &Case<'_>, vcpu: &dyn Vcpu, features: &[Feature]) -> Result<Deviation, CheckError> {
    let listed: BTreeSet<u64> = case.listed_by(vcpu)?.into_iter().collect();
    let ids = |features: &[Feature]| -> BTreeSet<u64> {
        case.spec.spec.expected(features).iter().map(|register| register.id).collect()
    };
    let expected = ids(features);
    let mut unexpected = &listed - &expected;
    if case.spec.allow_new {
        // The feature of a new register is unknown.
        unexpected = &unexpected & &ids(case.spec.arch.features());
    }
    Ok(Deviation { missing: &expected - &listed, unexpected })
}

/// Reports each register once, unless the list was already wrong in the same way
/// at the start: other clauses report that.
fn report(
    case: &Case<'_>,
    own: &Deviation,
    now: &Deviation,
    setting: &Setting,
    place: &str,
    wrong: &mut BTreeSet<(u64, bool, bool)>,
) {
    let names = feature_names(&setting.features);
    let with = if names.is_empty() { "all features off".to_owned() } else { format!("{} on", names.join(", ")) };
    let place = if place.is_empty() { String::new() } else { format!(" on {place}") };
    for (found, known, expected, observed) in
        [(&now.missing, &own.missing, "listed", "missing"), (&now.unexpected, &own.unexpected, "not listed", "listed")]
    {
        for id in found - known {
            if wrong.insert((id, observed == "listed", place.is_empty())) {
                case.finding("list.follows", format!("{expected} with {with}{place}"), observed).listing(case.name(id));
            }
        }
    }
}

fn changes(case: &Case<'_>, before: &[u64], after: &[u64]) -> String {
    let lacking = |ids: &[u64], from: &[u64]| -> String {
        let names = ids.iter().filter(|id| !from.contains(id)).map(|id| case.name(*id).name);
        names.collect::<Vec<_>>().join(", ")
    };
    match (lacking(before, after), lacking(after, before)) {
        (gone, come) if gone.is_empty() && come.is_empty() => "the same registers in another order".to_owned(),
        (gone, come) if come.is_empty() => format!("missing: {gone}"),
        (gone, come) if gone.is_empty() => format!("listed in addition: {come}"),
        (gone, come) => format!("missing: {gone}; listed in addition: {come}"),
    }
}
