// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Encodes and decodes register ids like the kernel.

use kvm_bindings::loongarch64 as uapi;

/// Bits 14..3 of a CSR's or CPUCFG's id (include/uapi/asm/kvm.h,
/// KVM_CSR_IDX_MASK and LOONGARCH_REG_SHIFT).
const INDEX_MASK: u64 = 0x7fff;

/// The kinds of registers that KVM_GET_ONE_REG and KVM_SET_ONE_REG tell apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Csr(u64),
    Cpucfg(u64),
    /// A register of KVM's own making, by its whole id.
    Kvm,
    /// A register of binary translation, by its whole id.
    Lbt,
}

/// The id of a CSR (include/uapi/asm/kvm.h, KVM_IOC_CSRID).
pub(crate) const fn csr(index: u64) -> u64 {
    uapi::KVM_REG_LOONGARCH_CSR | uapi::KVM_REG_SIZE_U64 | index << uapi::LOONGARCH_REG_SHIFT
}

/// The id of a CPUCFG word (include/uapi/asm/kvm.h, KVM_IOC_CPUCFG).
pub(crate) const fn cpucfg(index: u64) -> u64 {
    uapi::KVM_REG_LOONGARCH_CPUCFG | uapi::KVM_REG_SIZE_U64 | index << uapi::LOONGARCH_REG_SHIFT
}

/// The register of `id` (kvm/vcpu.c, the switches of kvm_get_one_reg and
/// kvm_set_one_reg). Only KVM_REG_LOONGARCH_MASK and the index count: of a CSR
/// and a CPUCFG word, bits 0-2, 15, 19-51, 56-59, 61 and 62 are ignored.
pub(super) fn kind(id: u64) -> Option<Kind> {
    let index = (id & INDEX_MASK) >> uapi::LOONGARCH_REG_SHIFT;
    match id & uapi::KVM_REG_LOONGARCH_MASK {
        uapi::KVM_REG_LOONGARCH_CSR => Some(Kind::Csr(index)),
        uapi::KVM_REG_LOONGARCH_CPUCFG => Some(Kind::Cpucfg(index)),
        uapi::KVM_REG_LOONGARCH_KVM => Some(Kind::Kvm),
        uapi::KVM_REG_LOONGARCH_LBT => Some(Kind::Lbt),
        _ => None,
    }
}

/// The id under which a register is listed, of any id by which GET and SET reach
/// it; `None` where `id` reaches nothing.
#[cfg(any(test, feature = "compare"))]
pub(crate) fn canonical_id(id: u64) -> Option<u64> {
    if id & uapi::KVM_REG_SIZE_MASK != uapi::KVM_REG_SIZE_U64 {
        return None;
    }
    Some(match kind(id)? {
        Kind::Csr(index) => csr(index),
        Kind::Cpucfg(index) => cpucfg(index),
        Kind::Kvm | Kind::Lbt => id,
    })
}
