// SPDX-License-Identifier: Apache-2.0 OR MIT
//! KVM_GET_ONE_REG and KVM_SET_ONE_REG gone wrong.

use kvm_bindings::loongarch64 as uapi;
use nix::errno::Errno;

use super::Fault;
use crate::model::one_reg::{Manner, copy_in};
use crate::model::vcpu::ModelVcpu;
use crate::model::{id, memory};

const ESTAT: u64 = id::csr(0x5);
const ERA: u64 = id::csr(0x6);
const CPUID: u64 = id::csr(0x20);
const PRCFG1: u64 = id::csr(0x21);
const KS1: u64 = id::csr(0x31);
const KS2: u64 = id::csr(0x32);
const KS5: u64 = id::csr(0x35);
const KS6: u64 = id::csr(0x36);
const DMWIN0: u64 = id::csr(0x180);
const CPUCFG5: u64 = id::cpucfg(5);
const COUNTER: u64 = uapi::KVM_REG_LOONGARCH_COUNTER;

/// How the two ioctls go about their work with `fault`.
pub(in crate::model) fn manner(fault: Option<Fault>) -> Manner {
    let mut manner = Manner::RIGHT;
    let Some(fault) = fault else { return manner };
    match fault {
        Fault::GetRefused => manner.get = |vcpu, id| if id == KS5 { Err(Errno::EIO) } else { vcpu.get(id) },
        Fault::GetWritesHalf => manner.put = |address, value| memory::write(address, &(value as u32).to_le_bytes()),
        Fault::GetWritesDouble => {
            manner.put = |address, value| memory::write(address, &u128::from(value).to_le_bytes());
        }
        Fault::GetWritesBefore => {
            manner.put = |address, value| {
                let _ = memory::put(address.wrapping_sub(8), value);
                memory::put(address, value)
            };
        }
        Fault::GetWritesNothing => manner.put = |_, _| Ok(()),
        Fault::GetBadAddressIsSuccess => manner.put = |address, value| memory::put(address, value).or(Ok(())),
        Fault::GetBadAddressIsEinval => {
            manner.put = |address, value| memory::put(address, value).map_err(|_| Errno::EINVAL);
        }
        Fault::AnySize => manner.size = |_| true,
        Fault::CounterBackwards => manner.clock = u64::wrapping_neg,

        Fault::SetRefused => manner.set = |vcpu, id, value| unless(id == PRCFG1, Errno::EINVAL, vcpu, id, value),
        Fault::CpuidRefusedByEperm => {
            manner.set = |vcpu, id, value| {
                let result = vcpu.set(id, value);
                if id == CPUID { result.map_err(|_| Errno::EPERM) } else { result }
            };
        }
        Fault::SetOfChangeRefused => {
            manner.set = |vcpu, id, value| {
                let changed = id == CPUCFG5 && vcpu.get(id) != Ok(value);
                unless(changed, Errno::EPERM, vcpu, id, value)
            };
        }
        Fault::SetIgnored => manner.set = |vcpu, id, value| if id == KS2 { Ok(()) } else { vcpu.set(id, value) },
        Fault::SetDropsBit => {
            manner.set = |vcpu, id, value| vcpu.set(id, if id == ERA { value & !(1 << 62) } else { value });
        }
        Fault::SetStores32Bits => {
            manner.set = |vcpu, id, value| vcpu.set(id, if id == DMWIN0 { u64::from(value as u32) } else { value });
        }
        Fault::SetHitsNeighbour => {
            manner.set = |vcpu, id, value| vcpu.set(if id == KS1 { KS2 } else { id }, value);
        }
        Fault::EstatDropsBit => {
            manner.set = |vcpu, id, value| vcpu.set(id, if id == ESTAT { value & !1 } else { value });
        }
        Fault::EstatInventsBit => {
            manner.set = |vcpu, id, value| vcpu.set(id, if id == ESTAT { value | 2 } else { value });
        }
        Fault::CounterIgnoresSet => {
            manner.set = |vcpu, id, value| if id == COUNTER { Ok(()) } else { vcpu.set(id, value) };
        }
        Fault::SetBadAddressIsSuccess => {
            manner.fetch = |vcpu, one_reg| memory::get(one_reg.address).or_else(|_| vcpu.get(one_reg.id));
        }
        Fault::SetBadAddressChanges => {
            manner.fetch = |vcpu, one_reg| {
                let value = memory::get(one_reg.address);
                if value.is_err() && one_reg.id == KS6 {
                    vcpu.set(KS6, vcpu.get(KS6)?.wrapping_add(1))?;
                }
                value
            };
        }
        Fault::OneRegUnreadableIsEinval => manner.copy_in = |address| copy_in(address).map_err(|_| Errno::EINVAL),
        // Faults of KVM_GET_REG_LIST.
        _ => {}
    }
    manner
}

/// SETs, unless it is `refused`.
fn unless(refused: bool, errno: Errno, vcpu: &ModelVcpu, id: u64, value: u64) -> Result<(), Errno> {
    if refused { Err(errno) } else { vcpu.set(id, value) }
}
