// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Faults: COUNTER.

use super::changing::is_in_first_vm;
use super::registers::*;
use super::set::set_unless;
use crate::fault::Fault;
use crate::model::manner::Manner;

pub(super) fn change(fault: Fault, manner: &mut Manner) {
    let one_reg = &mut manner.one_reg;
    match fault {
        Fault::CounterBackwards => one_reg.clock = u64::wrapping_neg,
        Fault::CounterStandsStill => one_reg.clock = |_| 0,
        Fault::CounterIgnoresSet => {
            one_reg.set = |vcpu, id, value| if id == COUNTER { Ok(()) } else { vcpu.set(id, value) };
        }
        Fault::CounterIgnoresZero => {
            one_reg.set = |vcpu, id, value| if id == COUNTER && value == 0 { Ok(()) } else { vcpu.set(id, value) };
        }
        Fault::CounterAheadAfterSet => {
            one_reg.set =
                |vcpu, id, value| vcpu.set(id, if id == COUNTER { value.wrapping_add(1 << 40) } else { value });
        }
        Fault::CounterSetByAnyVcpu => {
            one_reg.set = |vcpu, id, value| {
                if id == COUNTER {
                    vcpu.machine.set_guest_time(value);
                    return Ok(());
                }
                vcpu.set(id, value)
            };
        }
        Fault::CounterOfEachVcpu => {
            one_reg.get = |vcpu, id| {
                let ahead = if id == COUNTER { vcpu.history.number() } else { 0 };
                Ok(vcpu.get(id)?.wrapping_add(ahead))
            };
            one_reg.set = |vcpu, id, value| {
                if id == COUNTER && vcpu.id == 0 {
                    vcpu.history.set_number(value.wrapping_sub(vcpu.get(id)?));
                    return Ok(());
                }
                vcpu.set(id, value)
            };
        }
        Fault::CounterOfFirstVmAlone => {
            one_reg.set = |vcpu, id, value| set_unless(!is_in_first_vm(vcpu) && id == COUNTER, Ok(()), vcpu, id, value);
        }
        _ => {}
    }
}
