// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The interface of an architecture.

use std::fmt;

use nix::errno::Errno;
use serde::{Serialize, Serializer};

use super::id::IdField;
use crate::access::Access;
use crate::kvm::{SubjectError, Vcpu, Vm};
use crate::memory::MemoryError;
use crate::value::Value;

/// How an id is formed from an index; each architecture has its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RegisterType {
    /// The name in specifications.
    pub name: &'static str,
    /// What its registers are.
    pub about: &'static str,
    /// The indexes that there are, in words.
    pub indexes: &'static str,
}

impl fmt::Display for RegisterType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// A guest feature that a configuration switches on; each architecture has its
/// own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Feature {
    pub(super) name: &'static str,
    pub(super) about: &'static str,
}

impl Feature {
    /// The name in specifications and on the command line.
    pub fn name(self) -> &'static str {
        self.name
    }

    /// What it is.
    pub fn about(self) -> &'static str {
        self.about
    }
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
pub enum SetUpError {
    /// The kernel refuses the feature, as it does where the host lacks it.
    #[error("the host does not support {feature}: {probe} failed with {errno}")]
    Absent {
        /// The feature.
        feature: Feature,
        /// The call that was tried.
        probe: String,
        /// Its errno.
        errno: Errno,
    },
    /// A step that every kernel must accept was refused.
    #[error("cannot set up the vCPU: {step} failed with {errno}")]
    Refused {
        /// The call.
        step: String,
        /// Its errno.
        errno: Errno,
    },
    /// A VM or vCPU cannot be had.
    #[error(transparent)]
    Subject(#[from] SubjectError),
    /// The harness could not make the call.
    #[error("cannot set up the vCPU")]
    Access(#[from] MemoryError),
}

/// A way to switch features on a vCPU that is set up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// What is SET: register id and value, in this order.
    pub sets: Vec<(u64, Value)>,
    /// The features that the vCPU has then, and no other.
    pub features: Vec<Feature>,
}

impl Setting {
    /// SETs what it needs; false where the host refuses it.
    pub fn apply(&self, vcpu: &Access<'_>) -> Result<bool, MemoryError> {
        for (id, value) in &self.sets {
            if vcpu.set(*id, *value)?.is_err() {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// An architecture. What is given here is for one whose list is not specified.
pub trait Arch: fmt::Debug + Sync {
    /// Name, as `uname -m` spells it.
    fn name(&self) -> &'static str;

    /// Where the kernel's sources have it; the specifications' paths are below.
    fn kernel_directory(&self) -> String {
        format!("arch/{}", self.name())
    }

    /// The series that is expected unless another is asked for.
    fn default_series(&self) -> &'static str;

    /// The types of its registers.
    fn types(&self) -> &'static [RegisterType] {
        &[]
    }

    /// Features that configurations may switch on.
    fn features(&self) -> &'static [Feature] {
        &[]
    }

    /// The id of a register, or `None` where the index lies outside its type.
    fn encode(&self, _type: RegisterType, _index: u64) -> Option<u64> {
        None
    }

    /// Type and index of a well-formed id.
    fn decode(&self, _id: u64) -> Option<(RegisterType, u64)> {
        None
    }

    /// What the id says of itself, for a register without a name.
    fn describe(&self, id: u64) -> String {
        format!("register {id:#018x}")
    }

    /// What the bits below the size say.
    fn fields(&self, id: u64) -> Vec<IdField> {
        const BELOW_SIZE: u64 = (1 << 52) - 1;
        vec![IdField { bits: "51-0", meaning: format!("{:#x}, the register", id & BELOW_SIZE) }]
    }

    /// The well-formed id that GET and SET take `id` for, where the kernel ignores
    /// what is wrong with it.
    fn taken_for(&self, _id: u64) -> Option<u64> {
        None
    }

    /// What is wrong with the form of `id`, if anything.
    fn malformed(&self, id: u64) -> Option<String>;

    /// Every id that GET could know, listed or not; reading one has no effect
    /// beyond those of reading a listed one.
    fn readable_candidates(&self) -> Vec<u64> {
        Vec::new()
    }

    /// Makes the calls without which a vCPU that was just created answers none of
    /// the ioctls under test; most architectures need none. `features` are those
    /// that it is to have, for an architecture that fixes them here.
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
    /// a VMM would ask for the list: identified, with what every guest has, and
    /// `features` on top.
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
            let answers = [vm.initialising_call(1, UserAddress::NULL), vcpu.initialising_call(2, UserAddress::NULL)];
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
