// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Faults: races between threads. Each fault sleeps at the critical place, so that
//! the race does not depend on chance.

use std::thread;
use std::time::Duration;

use nix::errno::Errno;

use crate::fault::Fault;
use crate::kvm::Answer;
use crate::model::history::lock;
use crate::model::list::get_reg_list;
use crate::model::manner::Manner;
use crate::model::memory;
use crate::model::one_reg::copy_in;
use crate::model::vcpu::{LockedVcpu, ModelVcpu};

/// Long enough for another thread to come to the same place.
const MOMENT: Duration = Duration::from_micros(50);

pub(super) fn change(fault: Fault, manner: &mut Manner) {
    match fault {
        Fault::ListBusy => manner.entry.get_reg_list = one_list_at_a_time,
        Fault::ListInBufferOfVm => manner.list.ids = through_buffer_of_vm,
        Fault::GetThroughCellOfVm => {
            manner.one_reg.get = |vcpu, id| {
                let cell = &vcpu.machine.history;
                cell.set_number(vcpu.get(id)?);
                thread::sleep(MOMENT);
                Ok(cell.number())
            };
        }
        Fault::SetUnlocked => manner.entry.set_one_reg = set_unlocked,
        _ => {}
    }
}

fn one_list_at_a_time(vcpu: &LockedVcpu, list: u64) -> Answer {
    let first = vcpu.alone(|vcpu| vcpu.history.count() == 1);
    thread::sleep(MOMENT);
    vcpu.alone(|vcpu| {
        vcpu.history.set_number(vcpu.history.number() - 1);
        if first { get_reg_list(vcpu, list) } else { Err(Errno::EBUSY) }
    })
}

fn through_buffer_of_vm(vcpu: &ModelVcpu, ids: &mut Vec<u64>) {
    let buffer = &vcpu.machine.history.list;
    *lock(buffer) = Some(Vec::new());
    thread::sleep(MOMENT);
    lock(buffer).get_or_insert_default().append(ids);
    thread::sleep(MOMENT);
    *ids = lock(buffer).clone().unwrap_or_default();
}

fn set_unlocked(vcpu: &LockedVcpu, address: u64) -> Answer {
    let one_reg = copy_in(address)?;
    let value = memory::get(one_reg.address)?;
    vcpu.alone(|vcpu| vcpu.history.set_number(value));
    thread::sleep(MOMENT);
    vcpu.alone(|vcpu| vcpu.set(one_reg.id, vcpu.history.number()))?;
    Ok(0)
}
