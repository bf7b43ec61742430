// SPDX-License-Identifier: Apache-2.0 OR MIT
//! One side of a comparison: a VM and the calls on it.

use nix::errno::Errno;

use super::call::Call;
use super::error::CompareError;
use super::place::{Ground, Place};
use super::strategy::LIST;
use crate::kvm::{Answer, Subject, SubjectError, Vcpu, Vm};

#[derive(Debug)]
pub(super) struct Side {
    vm: Box<dyn Vm>,
    vcpus: Vec<Box<dyn Vcpu>>,
}

impl Side {
    pub(super) fn new(subject: &dyn Subject) -> Result<Self, SubjectError> {
        Ok(Self { vm: subject.create_vm()?, vcpus: Vec::new() })
    }

    fn vcpu(&self, which: usize) -> Result<&dyn Vcpu, SubjectError> {
        let vcpu = self.vcpus.get(which % self.vcpus.len().max(1));
        vcpu.map(AsRef::as_ref).ok_or(SubjectError::Step { step: "finding a vCPU", errno: Errno::EBADF })
    }

    pub(super) fn create(&mut self, id: u64) -> Result<Answer, CompareError> {
        match self.vm.create_vcpu(id) {
            Ok(vcpu) => {
                self.vcpus.push(vcpu);
                Ok(Ok(0))
            }
            Err(SubjectError::Step { errno, .. }) => Ok(Err(errno)),
            Err(error) => Err(error.into()),
        }
    }

    /// Makes a call, and reads the memory afterwards.
    pub(super) fn make(&mut self, call: Call, grounds: &Grounds) -> Result<Seen, CompareError> {
        let Grounds { one_reg: structure, value: ground } = grounds;
        structure.reset()?;
        ground.reset()?;
        let prepare = |id: u64, one_reg: Place, at: Place| {
            let words = [id, ground.address(at).value()].map(u64::to_le_bytes).concat();
            structure.write(one_reg, &words)?;
            Ok::<_, CompareError>(structure.address(one_reg))
        };
        let (answer, at) = match call {
            Call::Create(id) => (self.create(id)?, None),
            Call::List { vcpu: which, n, at } => {
                ground.write(at, &n.to_le_bytes())?;
                (self.vcpu(which)?.get_reg_list(ground.address(at)), Some(at))
            }
            Call::Get { vcpu: which, id, one_reg, at } => {
                let address = prepare(id, one_reg, at)?;
                (self.vcpu(which)?.get_one_reg(address), Some(at))
            }
            Call::Set { vcpu: which, id, value, one_reg, at } => {
                ground.write(at, &value.to_le_bytes())?;
                let address = prepare(id, one_reg, at)?;
                (self.vcpu(which)?.set_one_reg(address), Some(at))
            }
        };
        let value = at.and_then(|at| ground.value(at));
        if let Some(at) = at.filter(|_| value.is_some()) {
            ground.write(at, &[0; 8])?;
        }
        let mut memory = structure.look()?;
        memory.extend(ground.look()?);
        if let Call::List { at, .. } = call {
            memory.extend(ground.look_far_behind(at, LIST)?);
        }
        Ok(Seen { answer, value, memory })
    }
}

#[derive(Debug)]
pub(super) struct Seen {
    pub(super) answer: Answer,
    /// The `u64` at the value's place, or n.
    pub(super) value: Option<u64>,
    /// Everything in memory but for that.
    pub(super) memory: Vec<u8>,
}

impl Seen {
    pub(super) fn told_value(&self) -> String {
        self.value.map_or_else(String::new, |value| format!(", {value:#x} in memory"))
    }
}

/// Memory for calls, which every pair can use.
#[derive(Debug)]
pub(super) struct Grounds {
    one_reg: Ground,
    value: Ground,
}

impl Grounds {
    pub(super) fn new() -> Result<Self, CompareError> {
        Ok(Self { one_reg: Ground::new()?, value: Ground::new()? })
    }
}
