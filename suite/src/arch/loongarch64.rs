// SPDX-License-Identifier: Apache-2.0 OR MIT
//! LoongArch: ids of arch/loongarch/include/uapi/asm/kvm.h, features through
//! CPUCFG2 and CPUCFG6 as arch/loongarch/kvm/vcpu.c takes them.

use kvm_bindings::loongarch64 as uapi;
use nix::errno::Errno;

use super::architecture::{Arch, Feature, RegisterType, SetUpError, Setting};
use super::id::{IdField, SIZE_MASK};
use crate::access::{Access, AccessError};

/// The architecture byte of every LoongArch id.
const ARCH_MASK: u64 = 0xff00_0000_0000_0000;
/// Bits 51..19 of every id, which uapi asm/kvm.h wants zero.
const RESERVED: u64 = 0x000f_ffff_fff8_0000;
/// Bits 18..16 of every id, its type.
const TYPE_MASK: u64 = 0x7_0000;
/// CSRs that KVM keeps, CSR_MAX_NUMS in asm/kvm_host.h.
const CSRS: u64 = 0x800;
/// CPUCFG words that KVM keeps, KVM_MAX_CPUCFG_REGS in asm/kvm_host.h.
const CPUCFGS: u64 = 21;
/// CPUCFG2 with FP, FPSP, FPDP and LLFTP: the least that a VMM gives a guest.
/// kvm_check_cpucfg insists on LLFTP.
const CPUCFG2_BASE: u64 = 0x4007;
/// CPUCFG2.LBT_X86; ARM and MIPS follow.
const CPUCFG2_LBT_SHIFT: u64 = 18;
/// CPUCFG2: FPVERS, LSX, LASX with it, LLFTPREV, LSPW, LAM, PTW, and FRECIPE to
/// SCQ; no list depends on them.
const CPUCFG2_OTHERS: [u64; 8] = [0x7 << 3, 1 << 6, 0b11 << 6, 0x7 << 15, 1 << 21, 1 << 22, 1 << 24, 0x3f << 25];
/// CPUCFG6.PMP.
const CPUCFG6_PMP: u64 = 1;
/// Lowest bit of CPUCFG6.PMNUM, the number of counters less one.
const CPUCFG6_PMNUM_SHIFT: u64 = 4;
/// CPUCFG6.UPM.
const CPUCFG6_UPM: u64 = 1 << 14;
/// Lowest bit of CPUCFG6.PMBITS, six bits wide.
const CPUCFG6_PMBITS_SHIFT: u64 = 8;
/// PMBITS of 64-bit counters, as boards have them; tried first.
const PMBITS_64: u64 = 63;

/// LoongArch.
#[derive(Debug, Clone, Copy)]
pub struct LoongArch64;

impl LoongArch64 {
    fn id(type_: RegisterType, index: u64) -> u64 {
        let type_bits = match type_ {
            RegisterType::Csr => uapi::KVM_REG_LOONGARCH_CSR,
            RegisterType::Cpucfg => uapi::KVM_REG_LOONGARCH_CPUCFG,
            RegisterType::Kvm => uapi::KVM_REG_LOONGARCH_KVM,
            RegisterType::Lbt => uapi::KVM_REG_LOONGARCH_LBT,
        };
        let position = match type_ {
            RegisterType::Csr | RegisterType::Cpucfg => index << 3,
            RegisterType::Kvm | RegisterType::Lbt => index,
        };
        type_bits | uapi::KVM_REG_SIZE_U64 | position
    }

    fn parts(id: u64) -> Option<(RegisterType, u64)> {
        let index = (id & 0x7fff) >> 3;
        let decoded = match u64::from(id as u32) & 0x7_0000 {
            0x1_0000 => (RegisterType::Csr, index),
            0x2_0000 => (RegisterType::Kvm, id & 0xffff),
            0x4_0000 => (RegisterType::Cpucfg, index),
            0x5_0000 => (RegisterType::Lbt, id & 0xffff),
            _ => return None,
        };
        (Self::id(decoded.0, decoded.1) == id).then_some(decoded)
    }

    fn set(vcpu: &Access<'_>, name: &str, index: u64, value: u64) -> Result<Result<(), Step>, AccessError> {
        let id =
            if name == "CPUID" { Self::id(RegisterType::Csr, index) } else { Self::id(RegisterType::Cpucfg, index) };
        let result = vcpu.set(id, value)?;
        Ok(result.map_err(|errno| Step { call: format!("KVM_SET_ONE_REG {name} = {value:#x}"), errno }))
    }

    /// Switches the PMU on; the result is the word that did it.
    fn switch_on_pmu(vcpu: &Access<'_>) -> Result<u64, SetUpError> {
        // kvm_check_cpucfg wants PMBITS equal to the host's, which no call
        // tells; PMNUM 0 fits every host.
        let words = [PMBITS_64].into_iter().chain(0..PMBITS_64).map(|bits| CPUCFG6_PMP | bits << CPUCFG6_PMBITS_SHIFT);
        let mut result = Err(None);
        for word in words {
            match Self::set(vcpu, "CPUCFG6", 6, word)? {
                Ok(()) => return Ok(word),
                Err(step) => result = Err(Some(step)),
            }
        }
        match result {
            Err(Some(step)) => Err(step.absent(Feature::Pmu)),
            Err(None) => Ok(CPUCFG6_PMP),
            Ok(word) => Ok(word),
        }
    }
}

/// A SET that was refused.
struct Step {
    call: String,
    errno: Errno,
}

impl Step {
    /// EINVAL is what a kernel answers where the host lacks the feature; any
    /// other errno is trouble.
    fn absent(self, feature: Feature) -> SetUpError {
        match self.errno {
            Errno::EINVAL => SetUpError::Absent { feature, probe: self.call, errno: self.errno },
            _ => self.refused(),
        }
    }

    fn refused(self) -> SetUpError {
        SetUpError::Refused { step: self.call, errno: self.errno }
    }
}

impl Arch for LoongArch64 {
    fn name(&self) -> &'static str {
        "loongarch64"
    }

    fn kernel_directory(&self) -> String {
        "arch/loongarch".to_owned()
    }

    fn default_series(&self) -> &'static str {
        "v5"
    }

    fn features(&self) -> &'static [Feature] {
        &[Feature::Pmu, Feature::LbtX86, Feature::LbtArm, Feature::LbtMips]
    }

    fn encode(&self, type_: RegisterType, index: u64) -> Option<u64> {
        let valid = match type_ {
            RegisterType::Csr => index < CSRS,
            RegisterType::Cpucfg => index < CPUCFGS,
            RegisterType::Kvm => (1..=3).contains(&index),
            RegisterType::Lbt => (1..=6).contains(&index),
        };
        valid.then(|| Self::id(type_, index))
    }

    fn decode(&self, id: u64) -> Option<(RegisterType, u64)> {
        Self::parts(id).filter(|(type_, index)| self.encode(*type_, *index).is_some())
    }

    fn describe(&self, id: u64) -> String {
        match Self::parts(id) {
            Some((RegisterType::Csr, index)) => format!("CSR {index:#x}"),
            Some((RegisterType::Cpucfg, index)) => format!("CPUCFG {index}"),
            Some((RegisterType::Kvm, index)) => format!("KVM {index:#x}"),
            Some((RegisterType::Lbt, index)) => format!("LBT {index:#x}"),
            None => "no LoongArch register".into(),
        }
    }

    fn fields(&self, id: u64) -> Vec<IdField> {
        if id & ARCH_MASK != uapi::KVM_REG_LOONGARCH && self.taken_for(id).is_none() {
            return vec![IdField { bits: "51-0", meaning: "nothing that LoongArch knows".to_owned() }];
        }
        let (type_, index) = match (id & TYPE_MASK) >> 16 {
            0 => ("general registers, which GET and SET do not reach", None),
            1 => ("CSR", Some((id & 0x7fff) >> 3)),
            2 => ("KVM's own", None),
            3 => ("floating point and vectors, which GET and SET do not reach", None),
            4 => ("CPUCFG", Some((id & 0x7fff) >> 3)),
            5 => ("binary translation (LBT)", None),
            _ => ("unknown", None),
        };
        let low = id & 0xffff;
        let meaning = match index {
            Some(index) if index << 3 == low => format!("index {index:#x}, shifted left by 3"),
            Some(index) => format!("index {index:#x}, and bits {:#x} that must be 0", low ^ index << 3),
            None => format!("index {low:#x}"),
        };
        let mut fields = vec![
            IdField { bits: "18-16", meaning: format!("type {}: {type_}", (id & TYPE_MASK) >> 16) },
            IdField { bits: "15-0", meaning },
        ];
        if id & RESERVED != 0 {
            let meaning = format!("{:#x} is set, and must not be", id & RESERVED);
            fields.insert(0, IdField { bits: "51-19", meaning });
        }
        fields
    }

    fn taken_for(&self, id: u64) -> Option<u64> {
        // arch/loongarch/kvm/vcpu.c compares these bits of an id, the size, and the index; LBT's and KVM's own
        // ids it compares whole.
        const COMPARED: u64 = 0x9000_0000_0000_0000;
        if id & COMPARED != COMPARED || id & SIZE_MASK != uapi::KVM_REG_SIZE_U64 {
            return None;
        }
        let type_ = match (id & TYPE_MASK) >> 16 {
            1 => RegisterType::Csr,
            4 => RegisterType::Cpucfg,
            _ => return None,
        };
        self.encode(type_, (id & 0x7fff) >> 3).filter(|other| *other != id)
    }

    fn malformed(&self, id: u64) -> Option<String> {
        if id & ARCH_MASK != uapi::KVM_REG_LOONGARCH {
            return Some(format!("architecture byte {:#04x}", id >> 56));
        }
        if id & SIZE_MASK != uapi::KVM_REG_SIZE_U64 {
            return Some(format!("size code {:#x}", (id & SIZE_MASK) >> 52));
        }
        if id & RESERVED != 0 {
            return Some(format!("reserved bits {:#x}", id & RESERVED));
        }
        match self.decode(id) {
            Some(_) => None,
            None => Some(format!("type and index bits {:#x}", id & 0x7_ffff)),
        }
    }

    fn readable_candidates(&self) -> Vec<u64> {
        // Beyond the last of each type, too: a kernel may come to have more.
        let types = [
            (RegisterType::Csr, 0..2 * CSRS),
            (RegisterType::Cpucfg, 0..2 * CPUCFGS),
            (RegisterType::Kvm, 0..16),
            (RegisterType::Lbt, 0..16),
        ];
        let registers = types.into_iter().flat_map(|(type_, indexes)| indexes.map(move |index| (type_, index)));
        registers.map(|(type_, index)| Self::id(type_, index)).collect()
    }

    fn set_up(&self, vcpu: &Access<'_>, vcpu_id: u64, features: &[Feature]) -> Result<(), SetUpError> {
        Self::set(vcpu, "CPUID", 0x20, vcpu_id)?.map_err(Step::refused)?;
        Self::set(vcpu, "CPUCFG2", 2, CPUCFG2_BASE)?.map_err(Step::refused)?;
        let mut cpucfg2 = CPUCFG2_BASE;
        for feature in features {
            if *feature == Feature::Pmu {
                Self::switch_on_pmu(vcpu)?;
                continue;
            }
            cpucfg2 |= lbt_bit(*feature);
            Self::set(vcpu, "CPUCFG2", 2, cpucfg2)?.map_err(|step| step.absent(*feature))?;
        }
        Ok(())
    }

    fn settings(&self, vcpu: &Access<'_>) -> Result<Vec<Setting>, SetUpError> {
        let pmu = match Self::switch_on_pmu(vcpu) {
            Ok(word) => word,
            // Refused again, when the settings are tried.
            Err(SetUpError::Absent { .. }) => CPUCFG6_PMP | PMBITS_64 << CPUCFG6_PMBITS_SHIFT,
            Err(error) => return Err(error),
        };
        Self::set(vcpu, "CPUCFG6", 6, 0)?.map_err(Step::refused)?;
        Self::set(vcpu, "CPUCFG2", 2, CPUCFG2_BASE)?.map_err(Step::refused)?;

        let lbt: Vec<Vec<Feature>> = (0..8_u64)
            .map(|bits| LBT.into_iter().filter(|feature| lbt_bit(*feature) & bits << CPUCFG2_LBT_SHIFT != 0).collect())
            .collect();
        let setting = |cpucfg2_more: u64, cpucfg6: u64, lbt: &[Feature]| {
            let cpucfg2 = lbt.iter().fold(CPUCFG2_BASE | cpucfg2_more, |word, feature| word | lbt_bit(*feature));
            let pmu = (cpucfg6 & CPUCFG6_PMP != 0).then_some(Feature::Pmu);
            Setting {
                sets: vec![(Self::id(RegisterType::Cpucfg, 2), cpucfg2), (Self::id(RegisterType::Cpucfg, 6), cpucfg6)],
                features: pmu.into_iter().chain(lbt.iter().copied()).collect(),
            }
        };
        let mut settings = Vec::new();
        // Every set of LBT's bits, each after none and with the PMU in between.
        for lbt in &lbt {
            settings.extend([setting(0, 0, &[]), setting(0, 0, lbt), setting(0, pmu, lbt), setting(0, pmu, &[])]);
        }
        // PMP alone counts, whatever PMNUM and UPM say.
        for number in 0..4 {
            settings.push(setting(0, pmu | number << CPUCFG6_PMNUM_SHIFT, &[]));
            settings.push(setting(0, pmu & !CPUCFG6_PMP | number << CPUCFG6_PMNUM_SHIFT, &[]));
        }
        settings.push(setting(0, pmu | CPUCFG6_UPM, &[]));
        settings.push(setting(0, CPUCFG6_UPM, &[]));
        // Other features have no register in the list.
        for bits in CPUCFG2_OTHERS {
            settings.push(setting(bits, 0, &[]));
        }
        Ok(settings)
    }
}

/// The features of binary translation.
const LBT: [Feature; 3] = [Feature::LbtX86, Feature::LbtArm, Feature::LbtMips];

/// The feature's bit in CPUCFG2; none for a feature that is elsewhere.
fn lbt_bit(feature: Feature) -> u64 {
    match feature {
        Feature::Pmu => 0,
        Feature::LbtX86 => 1 << CPUCFG2_LBT_SHIFT,
        Feature::LbtArm => 2 << CPUCFG2_LBT_SHIFT,
        Feature::LbtMips => 4 << CPUCFG2_LBT_SHIFT,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn types() -> impl Strategy<Value = RegisterType> {
        prop_oneof![
            Just(RegisterType::Csr),
            Just(RegisterType::Cpucfg),
            Just(RegisterType::Kvm),
            Just(RegisterType::Lbt)
        ]
    }

    #[test]
    fn ids_are_those_of_the_uapi_header() {
        for (type_, index, id) in [
            (RegisterType::Csr, 0x0, 0x9030_0000_0001_0000),
            (RegisterType::Csr, 0x42, 0x9030_0000_0001_0210),
            (RegisterType::Cpucfg, 20, 0x9030_0000_0004_00a0),
            (RegisterType::Kvm, 1, 0x9030_0000_0002_0001),
            (RegisterType::Lbt, 6, 0x9030_0000_0005_0006),
        ] {
            assert_eq!(LoongArch64.encode(type_, index), Some(id), "{type_} {index:#x}");
        }
    }

    #[test]
    fn aliases_that_the_kernel_accepts_are_malformed() {
        // Each reaches CRMD through GET and SET (semantics: bits 0-2, 15, 19-51, 61, 62 are ignored).
        for id in [0x9030_0000_0001_0001, 0x9030_0000_0001_8000, 0x9030_0001_0001_0000, 0xf030_0000_0001_0000] {
            assert!(LoongArch64.malformed(id).is_some(), "{id:#x}");
            assert_eq!(LoongArch64.taken_for(id), Some(0x9030_0000_0001_0000), "{id:#x}");
        }
        // CRMD itself, LBT's first with a reserved bit, CRMD with 32 bits, a CSR beyond the last.
        for id in [0x9030_0000_0001_0000, 0x9030_0001_0005_0001, 0x9020_0000_0001_0000, 0x9030_0000_0001_4000] {
            assert_eq!(LoongArch64.taken_for(id), None, "{id:#x}");
        }
    }

    proptest! {
        #[test]
        fn what_is_encoded_decodes_to_itself(type_ in types(), index in 0_u64..0x1000) {
            if let Some(id) = LoongArch64.encode(type_, index) {
                prop_assert_eq!(LoongArch64.decode(id), Some((type_, index)));
                prop_assert_eq!(LoongArch64.malformed(id), None);
                prop_assert_eq!(super::super::id::size_of_register(id), 8);
            }
        }

        #[test]
        fn any_id_can_be_described(id: u64) {
            prop_assert!(!LoongArch64.describe(id).is_empty());
            let _ = LoongArch64.malformed(id);
        }
    }
}
