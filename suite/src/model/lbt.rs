// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Registers of binary translation (kvm/vcpu.c, kvm_get_one_reg and
//! kvm_set_one_reg). They exist only on a vCPU with the feature.

use std::cell::Cell;

use kvm_bindings::loongarch64 as uapi;
use nix::errno::Errno;

/// SCR0 to 3 and EFLAGS (include/asm/processor.h, struct loongarch_lbt), and
/// FTOP, which is 32 bits wide (struct loongarch_fpu).
#[derive(Debug, Default)]
pub(super) struct Lbt {
    wide: [Cell<u64>; 5],
    ftop: Cell<u32>,
}

impl Lbt {
    pub(super) fn get(&self, id: u64) -> Result<u64, Errno> {
        if id == uapi::KVM_REG_LOONGARCH_LBT_FTOP { Ok(self.ftop.get().into()) } else { Ok(self.cell(id)?.get()) }
    }

    pub(super) fn set(&self, id: u64, value: u64) -> Result<(), Errno> {
        if id == uapi::KVM_REG_LOONGARCH_LBT_FTOP {
            self.ftop.set(value as u32);
        } else {
            self.cell(id)?.set(value);
        }
        Ok(())
    }

    fn cell(&self, id: u64) -> Result<&Cell<u64>, Errno> {
        let position =
            id.checked_sub(uapi::KVM_REG_LOONGARCH_LBT_SCR0).and_then(|position| usize::try_from(position).ok());
        position.and_then(|position| self.wide.get(position)).ok_or(Errno::EINVAL)
    }
}
