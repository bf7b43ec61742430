// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Faults: the features that the list depends on.

use super::registers::*;
use crate::fault::Fault;
use crate::model::bits::{self, LSX, PMNUM, UPM};
use crate::model::cpucfg::Features;
use crate::model::history::{History, OF_ALL, lock};
use crate::model::manner::Manner;
use crate::model::vcpu::ModelVcpu;

pub(super) fn change(fault: Fault, manner: &mut Manner) {
    let list = &mut manner.list;
    match fault {
        Fault::PmuAlways => list.features = |vcpu| pmu(vcpu, true),
        Fault::PmuNever => list.features = |vcpu| pmu(vcpu, false),
        Fault::PmuByNumber => list.features = |vcpu| pmu(vcpu, vcpu.features().cpucfg6 & PMNUM != 0),
        Fault::PmuByAnyBit => list.features = |vcpu| pmu(vcpu, vcpu.features().cpucfg6 != 0),
        Fault::PmuByUserMode => list.features = |vcpu| pmu(vcpu, vcpu.features().cpucfg6 & UPM != 0),
        Fault::PmuAsManyAsNumber => {
            list.ids = |vcpu, ids| {
                let pairs = 1 + (vcpu.features().cpucfg6 & PMNUM) / (1 << 4);
                ids.retain(|id| !(PERFCTRL0..=PERFCNTR3).contains(id) || (id - PERFCTRL0) / 16 < pairs);
            }
        }
        Fault::PmuByHost => list.features = |vcpu| pmu(vcpu, vcpu.machine.host.cpucfg6 & bits::PMP != 0),
        Fault::LbtAlways => list.features = |vcpu| lbt(vcpu, true),
        Fault::LbtNever => list.features = |vcpu| lbt(vcpu, false),
        Fault::LbtByX86Alone => list.features = |vcpu| lbt(vcpu, vcpu.features().cpucfg2 & LBT_X86 != 0),
        Fault::LbtByAllThree => {
            list.features = |vcpu| lbt(vcpu, vcpu.features().cpucfg2 & bits::LBT == bits::LBT);
        }
        Fault::LbtByHost => list.features = |vcpu| lbt(vcpu, vcpu.machine.host.cpucfg2 & bits::LBT != 0),
        Fault::LsxAddsRegister => {
            list.ids = |vcpu, ids| ids.extend((vcpu.features().cpucfg2 & LSX != 0).then_some(DEBUG));
        }
        Fault::ValueHidesRegister => {
            list.ids = |vcpu, ids| {
                let hidden = vcpu.get(MISC) == Ok(u64::MAX);
                ids.retain(|id| !hidden || *id != MISC);
            }
        }
        Fault::FeaturesOfVm => {
            manner.one_reg.set = |vcpu, id, value| {
                vcpu.set(id, value)?;
                *lock(&vcpu.machine.history.features) = vcpu.features();
                Ok(())
            };
            list.features = |vcpu| *lock(&vcpu.machine.history.features);
        }
        Fault::FeaturesOfFirstVcpu => {
            manner.one_reg.set = |vcpu, id, value| {
                vcpu.set(id, value)?;
                if vcpu.id == 0 {
                    *lock(&vcpu.machine.history.features) = vcpu.features();
                }
                Ok(())
            };
            list.features = |vcpu| *lock(&vcpu.machine.history.features);
        }
        Fault::FeaturesKept => {
            list.features = |vcpu| {
                let mut kept = lock(&vcpu.history.features);
                let Features { cpucfg2, cpucfg6 } = vcpu.features();
                *kept = Features { cpucfg2: kept.cpucfg2 | cpucfg2, cpucfg6: kept.cpucfg6 | cpucfg6 };
                *kept
            }
        }
        Fault::ListOfVcpuKept => list.ids = |vcpu, ids| keep(&vcpu.history, ids),
        Fault::ListOfFirstVcpuKept => {
            list.ids = |vcpu, ids| {
                if vcpu.id == 0 {
                    keep(&vcpu.history, ids);
                }
            };
        }
        Fault::ListOfVmKept => list.ids = |vcpu, ids| keep(&vcpu.machine.history, ids),
        Fault::ListOfAllKept => list.ids = |_, ids| keep(&OF_ALL, ids),
        _ => {}
    }
}

fn pmu(vcpu: &ModelVcpu, has: bool) -> Features {
    Features { cpucfg6: if has { bits::PMP } else { 0 }, ..vcpu.features() }
}

fn lbt(vcpu: &ModelVcpu, has: bool) -> Features {
    Features { cpucfg2: if has { bits::LBT } else { 0 }, ..vcpu.features() }
}

/// Puts the first list of all in the place of any later one.
fn keep(history: &History, ids: &mut Vec<u64>) {
    *ids = lock(&history.list).get_or_insert_with(|| ids.clone()).clone();
}
