// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Register ids: one with its name, and the parts that all architectures share.

use serde::{Deserialize, Serialize};

use crate::value::SIZE_MASK;

/// A register id with its name.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct NamedRegister {
    /// The name, or a decoded id.
    pub name: String,
    /// KVM register id.
    #[serde(with = "hexadecimal")]
    pub id: u64,
}

/// A field of an id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdField {
    /// The bits, the highest first: "18-16".
    pub bits: &'static str,
    /// Their meaning.
    pub meaning: String,
}

/// Fields that all architectures share (uapi linux/kvm.h, `KVM_REG_ARCH_MASK` and
/// `KVM_REG_SIZE_MASK`).
pub fn common_fields(id: u64) -> [IdField; 2] {
    const SIZES: u64 = 8;
    let architecture = match id >> 56 {
        0x10 => " (PowerPC)",
        0x20 => " (x86)",
        0x30 => " (IA-64)",
        0x40 => " (32-bit ARM)",
        0x50 => " (s390)",
        0x60 => " (arm64)",
        0x70 => " (MIPS)",
        0x80 => " (RISC-V)",
        0x90 => " (LoongArch)",
        _ => ", unknown",
    };
    let code = (id & SIZE_MASK) >> 52;
    let size = match code {
        0 => "1 byte".to_owned(),
        1..=SIZES => format!("{} bytes", 1 << code),
        _ => "invalid size".to_owned(),
    };
    [
        IdField { bits: "63-56", meaning: format!("architecture {:#04x}{architecture}", id >> 56) },
        IdField { bits: "55-52", meaning: format!("size code {code}, {size}") },
    ]
}

/// Ids as `"0x9030000000010000"`: exact in every JSON reader, and greppable.
mod hexadecimal {
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
    pub(super) fn serialize<S: Serializer>(id: &u64, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{id:#018x}"))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
        let text = String::deserialize(deserializer)?;
        let digits = text.strip_prefix("0x").unwrap_or(&text);
        u64::from_str_radix(digits, 16).map_err(D::Error::custom)
    }
}
