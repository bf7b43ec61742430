// SPDX-License-Identifier: Apache-2.0 OR MIT
//! x86-64: a common machine to test the clauses that apply to every architecture. Its
//! list is not specified.

use super::architecture::Arch;
use crate::value::SIZE_MASK;

/// The architecture byte (uapi linux/kvm.h, KVM_REG_X86).
const KVM_REG_X86: u64 = 0x2000_0000_0000_0000;
const ARCH_MASK: u64 = 0xff00_0000_0000_0000;
/// Largest size code there is (uapi linux/kvm.h, KVM_REG_SIZE_U2048).
const LARGEST_SIZE: u64 = 0x0080_0000_0000_0000;

/// x86-64.
#[derive(Debug, Clone, Copy)]
pub struct X86_64;

impl Arch for X86_64 {
    fn name(&self) -> &'static str {
        "x86_64"
    }

    fn kernel_directory(&self) -> String {
        "arch/x86".to_owned()
    }

    fn default_series(&self) -> &'static str {
        "contract"
    }

    fn malformed(&self, id: u64) -> Option<String> {
        if id & ARCH_MASK != KVM_REG_X86 {
            Some(format!("architecture byte {:#04x}", id >> 56))
        } else if id & SIZE_MASK > LARGEST_SIZE {
            Some(format!("size code {:#x}", (id & SIZE_MASK) >> 52))
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_other_architectures_are_malformed() {
        assert_eq!(X86_64.malformed(0x2030_0000_0000_0174), None);
        assert!(X86_64.malformed(0x9030_0000_0001_0000).is_some());
        assert!(X86_64.malformed(0x2090_0000_0000_0000).is_some());
    }
}
