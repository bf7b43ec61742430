// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Registers of a feature fail on a vCPU without it. On a board, the checks only GET, because
//! the suite SETs no unlisted register there.

use super::check::{Check, check, refusal};
use crate::arch::{Feature, feature_names};
use crate::checks::case::{Case, CheckError, errno_name};
use crate::spec::{Gate, Register};
use crate::value::{Value, size_of_register};

pub(super) const CHECKS: &[Check] = &[
    check(
        "gated.get",
        &["reg.gated"],
        "GETs the registers of each feature in every combination of features that the host supports. GET must succeed \
         with the feature, and fail with the specified errno without it.",
        |case| in_every_setting(case, get),
    ),
    refusal(
        "gated.set",
        &["reg.gated"],
        "SETs the registers of each feature to 0 in every combination of features that the host supports and that lacks \
         the feature. SET must fail with the specified errno.",
        |case| in_every_setting(case, set),
    ),
];

type Judge = fn(&Case<'_>, &[(&Register, &Gate)], &[Feature]) -> Result<(), CheckError>;

fn in_every_setting(case: &Case<'_>, judge: Judge) -> Result<(), CheckError> {
    let registers = case.spec.spec.registers.all().iter();
    let registers: Vec<(&Register, &Gate)> =
        registers.filter_map(|register| Some((register, register.gate.as_ref()?))).collect();
    judge(case, &registers, &case.spec.configuration.features)?;
    for setting in case.spec.arch.settings(&case.access)? {
        if setting.apply(&case.access)? {
            judge(case, &registers, &setting.features)?;
        }
    }
    case.set_up(case.vcpu, 0)
}

fn with(features: &[Feature]) -> String {
    let names = feature_names(features);
    if names.is_empty() { "without features".to_owned() } else { format!("with {}", names.join(", ")) }
}

fn set(case: &Case<'_>, registers: &[(&Register, &Gate)], features: &[Feature]) -> Result<(), CheckError> {
    for (register, gate) in registers.iter().filter(|(_, gate)| !gate.is_open(features)) {
        let answer = case.access.set(register.id, Value::new(0, size_of_register(register.id)))?;
        let observed = answer.map_or_else(errno_name, |()| "success".to_owned());
        if observed != gate.errno {
            case.finding("reg.gated", format!("{} {}", gate.errno, with(features)), observed)
                .set(register.named())
                .answer(answer.map(|()| 0));
        }
    }
    Ok(())
}

fn get(case: &Case<'_>, registers: &[(&Register, &Gate)], features: &[Feature]) -> Result<(), CheckError> {
    let with = with(features);
    for (register, gate) in registers {
        let open = gate.is_open(features);
        let answer = case.access.get(register.id)?;
        let observed = answer.map_or_else(errno_name, |_| "success".to_owned());
        let expected = if open { "success" } else { &gate.errno };
        if observed != expected {
            case.finding("reg.gated", format!("{expected} {with}"), observed)
                .get(register.named())
                .answer(answer.map(|_| 0));
        }
    }
    Ok(())
}
