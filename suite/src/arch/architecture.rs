// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The interface of an architecture.

use std::fmt;

use nix::errno::Errno;
use serde::{Serialize, Serializer};

use super::id::IdField;
use super::neighbour::Exchange;
use crate::access::Access;
use crate::kvm::{SubjectError, Vcpu, Vm};
use crate::memory::MemoryError;
use crate::value::Value;

/// A type of registers, which determines the form of their ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RegisterType {
    /// The name in specifications.
    pub name: &'static str,
    /// Description of its registers.
    pub about: &'static str,
    /// The valid indexes, in words.
    pub indexes: &'static str,
}

impl fmt::Display for RegisterType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// A guest feature that a configuration can switch on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Feature {
    /// The name in specifications and on the command line.
    pub name: &'static str,
    /// A description.
    pub about: &'static str,
}

/// The names of features.
pub fn feature_names(features: &[Feature]) -> Vec<&'static str> {
    features.iter().map(|feature| feature.name).collect()
}

impl fmt::Display for Feature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl Serialize for Feature {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name)
    }
}

/// Why a vCPU could not be set up.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages describe the variants")]
pub enum SetUpError {
    #[error("the host does not support {feature}: {probe} failed with {errno}")]
    Absent { feature: Feature, probe: String, errno: Errno },
    #[error("cannot set up the vCPU: {step} failed with {errno}")]
    Refused { step: String, errno: Errno },
    #[error(transparent)]
    Subject(#[from] SubjectError),
    #[error("cannot set up the vCPU")]
    Access(#[from] MemoryError),
}

/// The bits that switch a feature on, by SET.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Switch {
    /// Id of the register.
    pub register: u64,
    /// Bits of the register. Some hosts want other bits beside them.
    pub bits: u64,
}

/// A way to switch features on a vCPU that is set up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// SETs in order: register id and value.
    pub sets: Vec<(u64, Value)>,
    /// All features of the vCPU after the SETs.
    pub features: Vec<Feature>,
}

impl Setting {
    /// Does the SETs; false if the host refuses one.
    pub fn apply(&self, vcpu: &Access<'_>) -> Result<bool, MemoryError> {
        for (id, value) in &self.sets {
            if vcpu.set(*id, *value)?.is_err() {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// An architecture. The defaults are for one without a specified list.
pub trait Arch: fmt::Debug + Sync {
    /// Name, as `uname -m` spells it.
    fn name(&self) -> &'static str;

    /// Directory in the kernel's source; paths in specifications are relative to it.
    fn kernel_directory(&self) -> String {
        format!("arch/{}", self.name())
    }

    /// The series to use by default.
    fn default_series(&self) -> &'static str;

    /// The types of its registers.
    fn types(&self) -> &'static [RegisterType] {
        &[]
    }

    /// Features that configurations can switch on.
    fn features(&self) -> &'static [Feature] {
        &[]
    }

    /// The feature of this name, or the names of all.
    fn feature(&self, name: &str) -> Result<Feature, String> {
        let found = self.features().iter().copied().find(|feature| feature.name == name);
        found.ok_or_else(|| feature_names(self.features()).join(", "))
    }

    /// The bits that switch on a feature; `None` if no register does.
    fn switch(&self, _feature: Feature) -> Option<Switch> {
        None
    }

    /// The id of a register; `None` if the type does not have the index.
    fn encode(&self, _type: RegisterType, _index: u64) -> Option<u64> {
        None
    }

    /// Type and index of a well-formed id.
    fn decode(&self, _id: u64) -> Option<(RegisterType, u64)> {
        None
    }

    /// A description of the id of an unnamed register.
    fn describe(&self, id: u64) -> String {
        format!("register {id:#018x}")
    }

    /// A C expression for the id, of macros in the kernel's uapi headers; `None` if they
    /// have none.
    fn uapi_expression(&self, _id: u64) -> Option<String> {
        None
    }

    /// Ids that no kernel gives to a register, at least one of each type.
    fn unknown_ids(&self) -> Vec<u64> {
        Vec::new()
    }

    /// Meaning of the bits below the size.
    fn fields(&self, id: u64) -> Vec<IdField> {
        const BELOW_SIZE: u64 = (1 << 52) - 1;
        vec![IdField { bits: "51-0", meaning: format!("{:#x}, the register", id & BELOW_SIZE) }]
    }

    /// The well-formed id for which `id` is an alias, if the kernel ignores the wrong bits.
    fn taken_for(&self, _id: u64) -> Option<u64> {
        None
    }

    /// The error in a malformed `id`.
    fn malformed(&self, id: u64) -> Option<String>;

    /// Every id that GET could read, listed or not, without more side effects than listed ones.
    fn readable_candidates(&self) -> Vec<u64> {
        Vec::new()
    }

    /// Other ioctls of a vCPU and their answers. They are safe on a board: a SET follows
    /// the GET of the same bytes.
    fn neighbours(&self) -> &'static [Exchange] {
        &[]
    }

    /// Makes the calls that a new vCPU needs before the ioctls under test work; most
    /// architectures need none. Some architectures fix the guest features here; they
    /// are in `features`.
    /// [`SetUpError::Absent`] if the kernel refuses a feature.
    fn initialise(&self, _vm: &dyn Vm, _vcpu: &dyn Vcpu, _features: &[Feature]) -> Result<(), SetUpError> {
        Ok(())
    }

    /// A vCPU that answers the ioctls under test, and on which nothing was SET.
    fn create_vcpu(&self, vm: &dyn Vm, id: u64, features: &[Feature]) -> Result<Box<dyn Vcpu>, SetUpError> {
        let vcpu = vm.create_vcpu(id)?;
        self.initialise(vm, vcpu.as_ref(), features)?;
        Ok(vcpu)
    }

    /// Brings a fresh vCPU, the `vcpu_id`th of its VM, into the state in which
    /// a VMM would ask for the list: with an id, the features of every guest,
    /// and `features`.
    /// [`SetUpError::Absent`] if the kernel refuses a feature.
    fn set_up(&self, _vcpu: &Access<'_>, _vcpu_id: u64, _features: &[Feature]) -> Result<(), SetUpError> {
        Ok(())
    }

    /// Ways to switch features on and off on a vCPU that is set up, some of which
    /// a host may refuse; each says all that it needs, so that any can follow
    /// any. Leaves the vCPU with no feature.
    fn settings(&self, _vcpu: &Access<'_>) -> Result<Vec<Setting>, SetUpError> {
        Ok(Vec::new())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kvm::Subject as _;
    use crate::memory::UserAddress;
    use crate::model::{Host, Kernel, Model};

    /// An architecture whose vCPUs need a call of the VM and one of their own.
    #[derive(Debug)]
    struct Initialising;

    impl Arch for Initialising {
        fn name(&self) -> &'static str {
            "initialising"
        }

        fn default_series(&self) -> &'static str {
            "contract"
        }

        fn malformed(&self, _id: u64) -> Option<String> {
            None
        }

        fn initialise(&self, vm: &dyn Vm, vcpu: &dyn Vcpu, _features: &[Feature]) -> Result<(), SetUpError> {
            let answers = [vm.initialising_call(1, UserAddress::NULL), vcpu.ioctl(0xaefe, UserAddress::NULL)];
            assert_eq!(answers, [Err(Errno::ENOTTY); 2]);
            Err(SetUpError::Refused { step: "the second call".to_owned(), errno: Errno::ENOTTY })
        }
    }

    #[test]
    fn no_vcpu_is_had_that_cannot_be_initialised() {
        let vm = Model::new(Kernel::V7_2, Host::FULL, None).create_vm().unwrap();
        let error = Initialising.create_vcpu(vm.as_ref(), 0, &[]).unwrap_err();
        assert_eq!(error.to_string(), "cannot set up the vCPU: the second call failed with ENOTTY: Not a typewriter");
    }
}
