// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Faults: KVM_SET_ONE_REG of a single register.

use nix::errno::Errno;

use super::registers::*;
use crate::fault::Fault;
use crate::model::csr::{self, KVM_MAX_PHYID};
use crate::model::manner::Manner;
use crate::model::memory;
use crate::model::vcpu::ModelVcpu;

pub(super) fn change(fault: Fault, manner: &mut Manner) {
    let one_reg = &mut manner.one_reg;
    match fault {
        Fault::SetRefused => {
            one_reg.set = |vcpu, id, value| set_unless(id == PRCFG1, Err(Errno::EINVAL), vcpu, id, value);
        }
        Fault::CpuidRefusedByEperm => {
            one_reg.set = |vcpu, id, value| {
                let is_fresh = vcpu.csrs.read(csr::CPUID) == KVM_MAX_PHYID;
                let result = vcpu.set(id, value);
                let is_own = id == CPUID && is_fresh && value == KVM_MAX_PHYID;
                if is_own { result.map_err(|_| Errno::EPERM) } else { result }
            };
        }
        Fault::SetOfChangeRefused => {
            one_reg.set = |vcpu, id, value| {
                let changed = id == CPUCFG5 && vcpu.get(id) != Ok(value);
                set_unless(changed, Err(Errno::EPERM), vcpu, id, value)
            };
        }
        Fault::SetIgnored => one_reg.set = |vcpu, id, value| if id == KS2 { Ok(()) } else { vcpu.set(id, value) },
        Fault::SetDropsBit => {
            one_reg.set = |vcpu, id, value| vcpu.set(id, if id == ERA { value & !(1 << 62) } else { value });
        }
        Fault::SetStores32Bits => {
            one_reg.set = |vcpu, id, value| vcpu.set(id, if id == DMWIN0 { u64::from(value as u32) } else { value });
        }
        Fault::EstatDropsBit => {
            one_reg.set = |vcpu, id, value| vcpu.set(id, if id == ESTAT { value & !1 } else { value });
        }
        Fault::EstatInventsBit => {
            one_reg.set = |vcpu, id, value| vcpu.set(id, if id == ESTAT { value | 2 } else { value });
        }
        Fault::SetBadAddressIsSuccess => {
            one_reg.fetch = |vcpu, one_reg| memory::get(one_reg.address).or_else(|_| vcpu.get(one_reg.id));
        }
        Fault::SetBadAddressToggles => {
            one_reg.fetch = |vcpu, one_reg| {
                let value = memory::get(one_reg.address);
                if value.is_err() && one_reg.id == KS6 {
                    vcpu.set(KS6, vcpu.get(KS6)? ^ 1)?;
                }
                value
            };
        }
        Fault::UnchangedRefused => {
            one_reg.set = |vcpu, id, value| {
                let unchanged = id == KS3 && vcpu.get(id) == Ok(value);
                set_unless(unchanged, Err(Errno::EINVAL), vcpu, id, value)
            };
        }
        Fault::SetSuccessIsOne => one_reg.done = |id, _| i32::from(id == KS4),
        Fault::SetOfValueIsOne => one_reg.done = |id, value| i32::from(id == KS6 && value != 0),
        _ => {}
    }
}

/// SETs a register, unless there is another answer.
pub(super) fn set_unless(
    answered: bool,
    answer: Result<(), Errno>,
    vcpu: &ModelVcpu,
    id: u64,
    value: u64,
) -> Result<(), Errno> {
    if answered { answer } else { vcpu.set(id, value) }
}

/// SETs a register, and in certain cases another one.
pub(super) fn set_also(
    also: bool,
    (other, other_value): (u64, u64),
    vcpu: &ModelVcpu,
    id: u64,
    value: u64,
) -> Result<(), Errno> {
    vcpu.set(id, value)?;
    if also { vcpu.set(other, other_value) } else { Ok(()) }
}
