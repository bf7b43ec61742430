// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Faults: lists that change from call to call or from vCPU to vCPU, and calls that
//! change registers.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use nix::errno::Errno;

use super::contents::swap_timer;
use super::registers::*;
use crate::fault::Fault;
use crate::kvm::Answer;
use crate::model::history::OF_ALL;
use crate::model::list::answer;
use crate::model::manner::Manner;
use crate::model::memory;
use crate::model::vcpu::ModelVcpu;

pub(super) fn change(fault: Fault, manner: &mut Manner) {
    let list = &mut manner.list;
    match fault {
        Fault::ShorterFromSecondCallOn => {
            list.ids = |vcpu, ids| {
                if vcpu.history.count() > 1 {
                    ids.pop();
                }
            }
        }
        Fault::OrderChangesInTime => {
            list.call = |vcpu, list| {
                let answer = answer(vcpu, list);
                let successes = if answer == Ok(0) { vcpu.history.number() + 1 } else { 0 };
                vcpu.history.set_number(successes);
                answer
            };
            manner.one_reg.set = |vcpu, id, value| {
                vcpu.history.set_number(0);
                vcpu.set(id, value)
            };
            list.ids = |vcpu, ids| {
                if vcpu.history.number() > 8 {
                    swap_timer(ids);
                }
            };
        }
        Fault::ShorterAfterE2big => {
            list.call = |vcpu, list| {
                let room = memory::get(list);
                let answer = answer(vcpu, list);
                let just_too_small = answer == Err(Errno::E2BIG) && room.map(|n| n + 1) == memory::get(list);
                vcpu.history.set_number(just_too_small.into());
                answer
            };
            list.ids = pop_after_failure;
        }
        Fault::EmptyAfterEfault => {
            list.call = notice_efault;
            list.ids = |vcpu, ids| {
                if vcpu.history.number() > 0 {
                    ids.clear();
                }
            };
        }
        Fault::EnomemAfterEfault => {
            list.call = |vcpu, list| {
                if vcpu.history.number() > 0 { Err(Errno::ENOMEM) } else { notice_efault(vcpu, list) }
            };
        }
        Fault::ShorterAfterReadOnlyHeader => {
            list.call = |vcpu, list| {
                let answer = answer(vcpu, list);
                let read_only = answer == Err(Errno::EFAULT) && memory::get(list).is_ok() && !memory::is_writable(list);
                if read_only || answer == Ok(0) {
                    vcpu.history.set_number(read_only.into());
                }
                answer
            };
            list.ids = pop_after_failure;
        }
        Fault::ShorterOnOtherVcpus => {
            list.ids = |vcpu, ids| {
                if vcpu.id > 0 {
                    ids.retain(|id| *id != KS3);
                }
            }
        }
        Fault::EmptyBeforeFirstVcpu => {
            list.ids = |vcpu, ids| {
                let vm = &vcpu.machine.history;
                if vcpu.id == 0 {
                    vm.set_number(1);
                } else if vm.number() == 0 {
                    ids.clear();
                }
            }
        }
        Fault::ShorterInSecondVm => {
            list.ids = |vcpu, ids| {
                if !is_in_first_vm(vcpu) {
                    ids.retain(|id| *id != KS3);
                }
            }
        }
        Fault::ListClearsRegister => list.call = |vcpu, list| clear_badv_if(vcpu, answer(vcpu, list), Ok(0)),
        Fault::E2bigClearsRegister => {
            list.call = |vcpu, list| clear_badv_if(vcpu, answer(vcpu, list), Err(Errno::E2BIG));
        }
        Fault::EfaultClearsRegister => {
            list.call = |vcpu, list| clear_badv_if(vcpu, answer(vcpu, list), Err(Errno::EFAULT));
        }
        _ => {}
    }
}

/// Whether the vCPU's VM is the first one of all that came to this question.
pub(super) fn is_in_first_vm(vcpu: &ModelVcpu) -> bool {
    let vm = Arc::as_ptr(&vcpu.machine).addr() as u64;
    let first = OF_ALL.number.compare_exchange(0, vm, Ordering::Relaxed, Ordering::Relaxed);
    first.map_or_else(|first| first == vm, |_| true)
}

fn pop_after_failure(vcpu: &ModelVcpu, ids: &mut Vec<u64>) {
    if vcpu.history.number() > 0 {
        ids.pop();
    }
}

fn notice_efault(vcpu: &ModelVcpu, list: u64) -> Answer {
    let answer = answer(vcpu, list);
    if answer == Err(Errno::EFAULT) {
        vcpu.history.count();
    }
    answer
}

fn clear_badv_if(vcpu: &ModelVcpu, answer: Answer, reason: Answer) -> Answer {
    if answer == reason {
        vcpu.set(BADV, 0)?;
    }
    answer
}
