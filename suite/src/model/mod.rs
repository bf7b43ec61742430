// SPDX-License-Identifier: Apache-2.0 OR MIT
//! A model of KVM for LoongArch: KVM_GET_REG_LIST, KVM_GET_ONE_REG and
//! KVM_SET_ONE_REG as in Linux 7.3, 7.2 or 6.12, with the list of series v5.
//!
//! The model accesses the caller's memory through the running kernel, so EFAULT is
//! as real as with /dev/kvm. Its tables are the kernel's, not the specification's:
//! an error in a specification shows as a difference. It has no guest and no
//! hardware; a guest CSR keeps every bit.
//!
//! Kernel paths are relative to arch/loongarch unless they start elsewhere. A
//! [`Fault`] makes the model wrong in one way, to prove that checks notice it.
//!
//! This is the only module except `arch/` that names LoongArch registers and
//! features. `vcpu`, `machine`, `load`, `list`, `one_reg`, `neighbour` and `manner`
//! import each other, because they are one object: an ioctl's step takes the vCPU, the vCPU
//! finds its steps in its machine's manner, and a fault replaces any of them.

mod bits;
mod capability;
mod clock;
mod cpucfg;
mod csr;
mod fault;
mod history;
mod host;
mod id;
mod kernel;
mod lbt;
mod list;
mod load;
mod machine;
mod manner;
mod memory;
mod neighbour;
mod one_reg;
mod pv;
#[cfg(test)]
mod tests;
mod timer;
mod vcpu;
mod vm;

#[cfg(any(test, feature = "compare"))]
pub(crate) use clock::ticks;
pub use host::Host;
#[cfg(any(test, feature = "compare"))]
pub(crate) use id::{canonical_id, cpucfg as cpucfg_id, csr as csr_id};
pub use kernel::Kernel;
#[cfg(any(test, feature = "compare"))]
pub(crate) use list::listed_ids;

use crate::arch::{Arch, LoongArch64};
use crate::fault::Fault;
use crate::kvm::{Answer, CAP_ONE_REG, Subject, SubjectError, Vm};
use crate::memory::UserAddress;
use machine::Machine;
use vm::ModelVm;

/// The model as a subject.
#[derive(Debug, Clone, Copy)]
pub struct Model {
    pub(crate) kernel: Kernel,
    pub(crate) host: Host,
    pub(crate) fault: Option<Fault>,
    /// Ticks by which its stable counter is ahead of the time since the start.
    pub(crate) clock_ahead: u64,
}

impl Model {
    /// The architecture whose registers it has.
    pub const ARCH: &dyn Arch = &LoongArch64;

    /// A right kernel on `host`, or one with a fault.
    pub fn new(kernel: Kernel, host: Host, fault: Option<Fault>) -> Self {
        Self { kernel, host, fault, clock_ahead: 0 }
    }

    /// The same with a stable counter that is `ticks` further ahead, of 10 ns each.
    pub fn with_clock_ahead(self, ticks: u64) -> Self {
        Self { clock_ahead: self.clock_ahead.wrapping_add(ticks), ..self }
    }
}

impl Subject for Model {
    fn create_vm(&self) -> Result<Box<dyn Vm>, SubjectError> {
        let Self { kernel, host, fault, clock_ahead } = *self;
        Ok(Box::new(ModelVm::new(Machine::new(kernel, host, fault::manner(fault), clock_ahead))))
    }

    /// virt/kvm/kvm_main.c, kvm_dev_ioctl.
    fn check_extension(&self, capability: u32) -> Answer {
        if capability == CAP_ONE_REG && !fault::manner(self.fault).has_one_reg_on_kvm {
            return Ok(0);
        }
        capability::check_extension(self.kernel, capability)
    }

    /// virt/kvm/kvm_main.c, kvm_dev_ioctl; kvm/main.c, kvm_arch_dev_ioctl.
    fn get_reg_list(&self, _: UserAddress) -> Answer {
        fault::manner(self.fault).list_on_kvm
    }
}
