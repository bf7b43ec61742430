// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Faults: other descriptors, other processes, unlisted registers.

use nix::errno::Errno;

use super::registers::*;
use crate::fault::Fault;
use crate::model::id;
use crate::model::manner::Manner;

/// A CSR beyond the last one (include/asm/kvm_host.h, CSR_MAX_NUMS).
const BEYOND_LAST: u64 = id::csr(0x800);
/// A register of KVM's own making that no uapi header has.
const UNKNOWN: u64 = COUNTER + 3;

pub(super) fn change(fault: Fault, manner: &mut Manner) {
    let one_reg = &mut manner.one_reg;
    match fault {
        Fault::ListOnVm => manner.list_on_vm = Ok(0),
        Fault::ListOnKvmIsEfault => manner.list_on_kvm = Err(Errno::EFAULT),
        Fault::OtherProcessServed => manner.other_process = Ok(()),
        Fault::CapabilityOfVmAlone => manner.has_one_reg_on_kvm = false,
        Fault::CapabilityOfKvmAlone => manner.has_one_reg_on_vm = false,
        Fault::CsrBeyondLastReadable => {
            one_reg.get = |vcpu, id| if id == BEYOND_LAST { Ok(0) } else { vcpu.get(id) };
        }
        Fault::UnknownReadable => one_reg.get = |vcpu, id| if id == UNKNOWN { Ok(0) } else { vcpu.get(id) },
        _ => {}
    }
}
