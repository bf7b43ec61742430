// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Faults: registers that affect each other.

use super::registers::*;
use super::set::set_also;
use crate::fault::Fault;
use crate::model::manner::Manner;

pub(super) fn change(fault: Fault, manner: &mut Manner) {
    let one_reg = &mut manner.one_reg;
    match fault {
        Fault::SetHitsNeighbour => one_reg.set = |vcpu, id, value| vcpu.set(if id == KS1 { KS2 } else { id }, value),
        Fault::SetChangesNext => {
            one_reg.set = |vcpu, id, value| set_also(id == KS4, (KS5, value), vcpu, id, value);
        }
        Fault::SetChangesNextLater => {
            one_reg.set = |vcpu, id, value| {
                vcpu.set(id, value)?;
                match id {
                    TLBRPRMD => vcpu.history.set_number(1),
                    TLBREHI if vcpu.history.number() == 1 => vcpu.set(TLBRPRMD, value)?,
                    _ => {}
                }
                Ok(())
            };
        }
        Fault::SetChangesFarAway => {
            one_reg.set = |vcpu, id, value| set_also(id == CRMD, (CPUCFG19, value & 0x7fff_ffff), vcpu, id, value);
        }
        Fault::CellShared => {
            one_reg.get = |vcpu, id| vcpu.get(if id == TLBRBADV { BADV } else { id });
            one_reg.set = |vcpu, id, value| vcpu.set(if id == TLBRBADV { BADV } else { id }, value);
        }
        Fault::GetChangesOther => {
            one_reg.get = |vcpu, id| {
                if id == TLBEHI {
                    vcpu.set(ASID, vcpu.get(ASID)?.wrapping_add(1))?;
                }
                vcpu.get(id)
            };
        }
        Fault::SetSeenAtNext => {
            one_reg.get = |vcpu, id| vcpu.get(if id == KS5 && vcpu.history.number() == 0 { KS4 } else { id });
            one_reg.set = |vcpu, id, value| {
                vcpu.history.set_number(vcpu.history.number() | u64::from(id == KS5));
                vcpu.set(id, value)
            };
        }
        Fault::GetClears => {
            one_reg.get = |vcpu, id| {
                let value = vcpu.get(id)?;
                if id == BADI {
                    vcpu.set(id, 0)?;
                }
                Ok(value)
            };
        }
        _ => {}
    }
}
