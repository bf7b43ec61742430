// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Registers that are not kept apart.

use super::Fault;
use super::registers::*;
use crate::model::Manner;

/// Makes a right manner wrong.
pub(super) fn change(fault: Fault, manner: &mut Manner) {
    let one_reg = &mut manner.one_reg;
    match fault {
        Fault::SetHitsNeighbour => one_reg.set = |vcpu, id, value| vcpu.set(if id == KS1 { KS2 } else { id }, value),
        Fault::SetChangesNext => {
            one_reg.set = |vcpu, id, value| {
                vcpu.set(id, value)?;
                if id == KS4 { vcpu.set(KS5, value) } else { Ok(()) }
            };
        }
        Fault::SetChangesFarAway => {
            one_reg.set = |vcpu, id, value| {
                vcpu.set(id, value)?;
                if id == CRMD { vcpu.set(CPUCFG19, value & 0x7fff_ffff) } else { Ok(()) }
            };
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
        Fault::GetClears => {
            one_reg.get = |vcpu, id| {
                let value = vcpu.get(id)?;
                if id == BADI {
                    vcpu.set(id, 0)?;
                }
                Ok(value)
            };
        }
        // Faults of other themes.
        _ => {}
    }
}
