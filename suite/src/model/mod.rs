// SPDX-License-Identifier: Apache-2.0 OR MIT
//! A LoongArch KVM in plain Rust: KVM_GET_REG_LIST, KVM_GET_ONE_REG and
//! KVM_SET_ONE_REG as Linux 7.2 answers them, with the list of series v5.
//!
//! It reaches the caller's memory through the running kernel, so that EFAULT
//! is as real as it is behind /dev/kvm. Its tables are the kernel's, not the
//! specification's: an error in a specification shows as a difference. It has
//! no guest and no hardware behind it; a guest CSR keeps every bit.
//!
//! Kernel paths are below arch/loongarch unless they say otherwise. With a
//! [`Fault`] it is wrong in just one way, to show that the checks notice.

mod cpucfg;
mod csr;
mod fault;
mod id;
mod lbt;
mod list;
mod memory;
mod one_reg;
#[cfg(test)]
mod tests;
mod vcpu;
mod vm;

pub(crate) use cpucfg::Host;
pub(crate) use fault::Fault;

use crate::kvm::{Subject, SubjectError, Vm};

/// The model as a subject.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Model {
    host: Host,
    manner: Manner,
}

impl Model {
    /// A right kernel on `host`, or one with a fault.
    pub(crate) fn new(host: Host, fault: Option<Fault>) -> Self {
        Self { host, manner: Manner { list: fault::list_manner(fault), one_reg: fault::one_reg_manner(fault) } }
    }
}

impl Subject for Model {
    fn create_vm(&self) -> Result<Box<dyn Vm>, SubjectError> {
        Ok(Box::new(vm::ModelVm::new(*self)))
    }
}

/// How the ioctls go about their work, at every point where a fault can make
/// a difference.
#[derive(Debug, Clone, Copy)]
struct Manner {
    list: list::Manner,
    one_reg: one_reg::Manner,
}
