// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Faults: registers that depend on features, on other registers or on the vCPU.

use nix::errno::Errno;

use super::registers::*;
use super::set::{set_also, set_unless};
use crate::fault::Fault;
use crate::model::bits;
use crate::model::manner::Manner;

pub(super) fn change(fault: Fault, manner: &mut Manner) {
    let one_reg = &mut manner.one_reg;
    match fault {
        Fault::LbtUngated => one_reg.has_lbt = |_| Ok(()),
        Fault::LbtRefusedByEinval => one_reg.has_lbt = |vcpu| vcpu.has_lbt().map_err(|_| Errno::EINVAL),
        Fault::LbtGatedByX86 => {
            one_reg.has_lbt = |vcpu| if vcpu.features().cpucfg2 & LBT_X86 != 0 { Ok(()) } else { Err(Errno::ENXIO) };
        }
        Fault::PmuRefusedBeforeFeature => {
            one_reg.set = |vcpu, id, value| {
                let refused = (PERFCTRL0..=PERFCNTR3).contains(&id) && vcpu.features().cpucfg6 & bits::PMP == 0;
                if refused { Err(Errno::EINVAL) } else { vcpu.set(id, value) }
            };
        }
        Fault::EstatIgnoredBeforeFeatures => {
            one_reg.set =
                |vcpu, id, value| set_unless(id == ESTAT && vcpu.features().cpucfg2 == 0, Ok(()), vcpu, id, value);
        }
        Fault::CounterIgnoredBeforeFeatures => {
            one_reg.set =
                |vcpu, id, value| set_unless(id == COUNTER && vcpu.features().cpucfg2 == 0, Ok(()), vcpu, id, value);
        }
        Fault::FeaturesResetEuen => {
            one_reg.set = |vcpu, id, value| set_also(id == CPUCFG2, (EUEN, 0), vcpu, id, value);
        }
        Fault::TcfgResetsTval => {
            one_reg.set = |vcpu, id, value| set_also(id == TCFG, (TVAL, 0), vcpu, id, value);
        }
        Fault::SetRefusedOnOtherVcpus => {
            one_reg.set = |vcpu, id, value| set_unless(id == CNTC && vcpu.id > 0, Err(Errno::EINVAL), vcpu, id, value);
        }
        _ => {}
    }
}
