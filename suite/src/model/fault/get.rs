// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Faults: KVM_GET_ONE_REG, and `struct kvm_one_reg`.

use nix::errno::Errno;

use super::registers::*;
use crate::fault::Fault;
use crate::model::manner::Manner;
use crate::model::memory;
use crate::model::one_reg::copy_in;

pub(super) fn change(fault: Fault, manner: &mut Manner) {
    let one_reg = &mut manner.one_reg;
    match fault {
        Fault::GetRefused => one_reg.get = |vcpu, id| if id == KS5 { Err(Errno::EIO) } else { vcpu.get(id) },
        Fault::GetWritesHalf => one_reg.put = |address, value| memory::write(address, &(value as u32).to_le_bytes()),
        Fault::GetWritesDouble => {
            one_reg.put = |address, value| memory::write(address, &u128::from(value).to_le_bytes());
        }
        Fault::GetWritesBefore => {
            one_reg.put = |address, value| {
                let _ = memory::put(address.wrapping_sub(8), value);
                memory::put(address, value)
            };
        }
        Fault::GetWritesNothing => one_reg.put = |_, _| Ok(()),
        Fault::GetBadAddressIsSuccess => one_reg.put = |address, value| memory::put(address, value).or(Ok(())),
        Fault::GetBadAddressIsEinval => {
            one_reg.put = |address, value| memory::put(address, value).map_err(|_| Errno::EINVAL);
        }
        Fault::GetSuccessIsOne => one_reg.got = |id| i32::from(id == KS1),
        Fault::AnySize => one_reg.size = |_| true,
        Fault::OneRegUnreadableIsEinval => one_reg.copy_in = |address| copy_in(address).map_err(|_| Errno::EINVAL),
        _ => {}
    }
}
