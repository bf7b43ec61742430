// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Registers of a feature fail on a vCPU without it. The check only GETs, because
//! the suite never SETs unlisted registers.

use super::check::{Check, check};
use crate::arch::{Feature, feature_names};
use crate::checks::case::{Case, CheckError, errno_name};
use crate::spec::{Gate, Register};

pub(super) const CHECKS: &[Check] = &[check(
    "gated.get",
    &["reg.gated"],
    "GETs the registers of each feature in every combination of features that the host supports. GET must succeed \
         with the feature, and fail with the specified errno without it.",
    gated,
)];

fn gated(case: &Case<'_>) -> Result<(), CheckError> {
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

fn judge(case: &Case<'_>, registers: &[(&Register, &Gate)], features: &[Feature]) -> Result<(), CheckError> {
    let names = feature_names(features);
    let with = if names.is_empty() { "without features".to_owned() } else { format!("with {}", names.join(", ")) };
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
