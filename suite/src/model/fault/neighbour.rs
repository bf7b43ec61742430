// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Faults: the ioctls around the list in the kernel's switch.

use crate::fault::Fault;
use crate::model::list::{answer, get_reg_list};
use crate::model::manner::Manner;
use crate::model::neighbour::{enable_cap, get_attr, set_attr};

/// Offset of pc in struct kvm_regs.
const PC: usize = 256;

pub(super) fn change(fault: Fault, manner: &mut Manner) {
    let neighbour = &mut manner.neighbour;
    match fault {
        Fault::SetAttrFallsIntoList => {
            neighbour.set_attr = |vcpu, argument| {
                let _ = set_attr(vcpu, argument);
                get_reg_list(vcpu, argument)
            };
        }
        Fault::GetAttrFallsIntoSet => {
            neighbour.get_attr = |vcpu, argument| {
                let _ = get_attr(vcpu, argument);
                set_attr(vcpu, argument)
            };
        }
        Fault::UnknownFallsIntoList => neighbour.default = get_reg_list,
        Fault::ListFallsIntoEnableCap => {
            manner.list.call = |vcpu, list| {
                let _ = answer(vcpu, list);
                enable_cap(list)
            };
        }
        Fault::ListAdvancesPc => {
            manner.list.call = |vcpu, list| {
                if let Some(low) = vcpu.general.regs.borrow_mut().get_mut(PC) {
                    *low = low.wrapping_add(4);
                }
                answer(vcpu, list)
            };
        }
        _ => {}
    }
}
