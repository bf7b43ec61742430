// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Faults: what GET and SET must refuse.

use kvm_bindings::loongarch64 as uapi;
use nix::errno::Errno;

use super::registers::*;
use crate::fault::Fault;
use crate::model::bits;
use crate::model::csr::{self, KVM_MAX_PHYID};
use crate::model::id::{self, Kind};
use crate::model::manner::Manner;
use crate::model::one_reg::{copy_in, get_one_reg};
use crate::model::vcpu::ModelVcpu;

pub(super) fn change(fault: Fault, manner: &mut Manner) {
    let one_reg = &mut manner.one_reg;
    match fault {
        Fault::UnknownIsPositive => {
            manner.entry.get_one_reg = |vcpu, argument| {
                vcpu.alone(|vcpu| match get_one_reg(vcpu, argument) {
                    Err(Errno::EINVAL) if copy_in(argument).is_ok_and(|one_reg| is_unknown(vcpu, one_reg.id)) => {
                        Ok(Errno::EINVAL as i32)
                    }
                    result => result,
                })
            };
        }
        Fault::UnknownSetAccepted => {
            one_reg.set = |vcpu, id, value| match vcpu.set(id, value) {
                Err(Errno::EINVAL) if is_unknown(vcpu, id) => Ok(()),
                result => result,
            };
        }
        Fault::CpucfgUnchecked => {
            one_reg.set = |vcpu, id, value| match cpucfg(id) {
                Some(index) => vcpu.cpucfg.store(index, value),
                None => vcpu.set(id, value),
            };
        }
        Fault::LlftpNotRequired => {
            one_reg.set = |vcpu, id, value| {
                vcpu.set(id, value).or_else(|errno| match cpucfg(id) {
                    Some(2) if value & bits::LLFTP == 0 && vcpu.set(id, value | bits::LLFTP).is_ok() => {
                        vcpu.cpucfg.store(2, value)
                    }
                    _ => Err(errno),
                })
            };
        }
        Fault::PmnumUnchecked => {
            one_reg.set = |vcpu, id, value| {
                vcpu.set(id, value).or_else(|errno| match cpucfg(id) {
                    Some(6) if value & bits::PMP != 0 && vcpu.set(id, value & !bits::PMNUM).is_ok() => {
                        vcpu.cpucfg.store(6, value)
                    }
                    _ => Err(errno),
                })
            };
        }
        Fault::CpucfgRefusedAndStored => {
            one_reg.set = |vcpu, id, value| {
                let result = vcpu.set(id, value);
                if let (Err(_), Some(index)) = (result, cpucfg(id)) {
                    vcpu.cpucfg.store(index, value)?;
                }
                result
            };
        }
        Fault::CpuidShared => {
            one_reg.set = |vcpu, id, value| {
                let has_none = vcpu.csrs.read(csr::CPUID) >= KVM_MAX_PHYID;
                let result = vcpu.set(id, value);
                if id != CPUID || result.is_ok() || !has_none || value >= KVM_MAX_PHYID {
                    return result;
                }
                vcpu.csrs.write(csr::CPUID, value);
                Ok(())
            };
        }
        Fault::CpuidRefusedAndStored => {
            one_reg.set = |vcpu, id, value| {
                let result = vcpu.set(id, value);
                if id == CPUID && result.is_err() {
                    vcpu.csrs.write(csr::CPUID, value);
                }
                result
            };
        }
        Fault::LbtSetUngated => {
            one_reg.set = |vcpu, id, value| match id::kind(id) {
                Some(Kind::Lbt) => vcpu.lbt.set(id, value),
                _ => vcpu.set(id, value),
            };
        }
        _ => {}
    }
}

/// Whether no register has the id, which has a register's size: GET knows none, and SET only
/// VCPU_RESET.
fn is_unknown(vcpu: &ModelVcpu, id: u64) -> bool {
    let has_size = id & uapi::KVM_REG_SIZE_MASK == uapi::KVM_REG_SIZE_U64;
    has_size && vcpu.get(id) == Err(Errno::EINVAL) && id != RESET
}

fn cpucfg(id: u64) -> Option<u64> {
    match id::kind(id) {
        Some(Kind::Cpucfg(index)) if index <= 20 => Some(index),
        _ => None,
    }
}
