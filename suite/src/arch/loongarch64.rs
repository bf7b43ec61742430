// SPDX-License-Identifier: Apache-2.0 OR MIT
//! LoongArch: ids as in arch/loongarch/include/uapi/asm/kvm.h, features through
//! CPUCFG2 and CPUCFG6 as in arch/loongarch/kvm/vcpu.c.

use std::ops::Range;

use kvm_bindings::loongarch64 as uapi;
use nix::errno::Errno;

use super::architecture::{Arch, Feature, RegisterType, SetUpError, Setting, Switch};
use super::id::IdField;
use super::neighbour::Exchange;
use crate::access::Access;
use crate::memory::MemoryError;
use crate::value::SIZE_MASK;

mod macros;
mod neighbours;

/// The architecture byte of every LoongArch id.
const ARCH_MASK: u64 = 0xff00_0000_0000_0000;
/// Bits 51..19 of every id, which uapi asm/kvm.h wants zero.
const RESERVED: u64 = 0x000f_ffff_fff8_0000;
/// Bits 18..16 of every id, its type.
const TYPE_MASK: u64 = 0x7_0000;
/// CPUCFG2 with FP, FPSP, FPDP and LLFTP: the least that a VMM gives a guest.
/// kvm_check_cpucfg insists on LLFTP.
const CPUCFG2_BASE: u64 = 0x4007;
/// CPUCFG2.LBT_X86; ARM and MIPS follow.
const CPUCFG2_LBT_SHIFT: u64 = 18;
/// CPUCFG2: FPVERS, LSX, LASX with it, LLFTPREV, LSPW, LAM, PTW, and FRECIPE to
/// SCQ; no list depends on them.
const CPUCFG2_OTHERS: [u64; 8] = [0x7 << 3, 1 << 6, 0b11 << 6, 0x7 << 15, 1 << 21, 1 << 22, 1 << 24, 0x3f << 25];
const CPUCFG6_PMP: u64 = 1;
/// Lowest bit of CPUCFG6.PMNUM, the number of counters less one.
const CPUCFG6_PMNUM_SHIFT: u64 = 4;
const CPUCFG6_UPM: u64 = 1 << 14;
/// Lowest bit of CPUCFG6.PMBITS, six bits wide.
const CPUCFG6_PMBITS_SHIFT: u64 = 8;
/// PMBITS of 64-bit counters, as boards have them; tried first.
const PMBITS_64: u64 = 63;

struct Layout {
    type_: RegisterType,
    base: u64,
    shift: u32,
    indexes: Range<u64>,
    /// Where the indexes end that GET could know: a kernel may come to have more.
    end: u64,
}

/// CSR_MAX_NUMS in asm/kvm_host.h.
const CSRS: Layout =
    Layout { type_: LoongArch64::CSR, base: uapi::KVM_REG_LOONGARCH_CSR, shift: 3, indexes: 0..0x800, end: 0x1000 };
/// KVM_MAX_CPUCFG_REGS in asm/kvm_host.h.
const CPUCFGS: Layout =
    Layout { type_: LoongArch64::CPUCFG, base: uapi::KVM_REG_LOONGARCH_CPUCFG, shift: 3, indexes: 0..21, end: 42 };
const LAYOUTS: [Layout; 4] = [
    CSRS,
    CPUCFGS,
    Layout { type_: LoongArch64::KVM, base: uapi::KVM_REG_LOONGARCH_KVM, shift: 0, indexes: 1..4, end: 16 },
    Layout { type_: LoongArch64::LBT, base: uapi::KVM_REG_LOONGARCH_LBT, shift: 0, indexes: 1..7, end: 16 },
];

impl Layout {
    const fn id(&self, index: u64) -> u64 {
        self.base | uapi::KVM_REG_SIZE_U64 | index << self.shift
    }

    fn index(&self, id: u64) -> u64 {
        if self.shift == 0 { id & 0xffff } else { (id & 0x7fff) >> self.shift }
    }

    /// The largest index that an id can hold.
    fn last(&self) -> u64 {
        self.index(0xffff)
    }

    /// The layout of an id, by its type alone.
    fn of(id: u64) -> Option<Self> {
        LAYOUTS.into_iter().find(|layout| (layout.base ^ id) & TYPE_MASK == 0)
    }
}

/// A register that setting up a vCPU is about: its name and id.
type Named = (&'static str, u64);

const CPUID: Named = ("CPUID", CSRS.id(0x20));
const CPUCFG2: Named = ("CPUCFG2", CPUCFGS.id(2));
const CPUCFG6: Named = ("CPUCFG6", CPUCFGS.id(6));

/// LoongArch.
#[derive(Debug, Clone, Copy)]
pub struct LoongArch64;

impl LoongArch64 {
    /// Control and status registers.
    pub const CSR: RegisterType =
        RegisterType { name: "csr", about: "A control and status register.", indexes: "0 to 0x7ff" };
    /// CPUCFG words.
    pub const CPUCFG: RegisterType = RegisterType { name: "cpucfg", about: "A CPUCFG word.", indexes: "0 to 20" };
    /// Registers of KVM's own making.
    pub const KVM: RegisterType =
        RegisterType { name: "kvm", about: "A register of KVM's own making.", indexes: "1 to 3" };
    /// Registers of binary translation.
    pub const LBT: RegisterType =
        RegisterType { name: "lbt", about: "A register of the binary translation extension.", indexes: "1 to 6" };

    /// Performance counters.
    pub const PMU: Feature = Feature { name: "pmu", about: "Performance counters." };
    /// Binary translation of x86.
    pub const LBT_X86: Feature = Feature { name: "lbt_x86", about: "Binary translation of x86." };
    /// Binary translation of arm.
    pub const LBT_ARM: Feature = Feature { name: "lbt_arm", about: "Binary translation of arm." };
    /// Binary translation of MIPS.
    pub const LBT_MIPS: Feature = Feature { name: "lbt_mips", about: "Binary translation of MIPS." };

    fn parts(id: u64) -> Option<(RegisterType, u64)> {
        let layout = Layout::of(id)?;
        let index = layout.index(id);
        (layout.id(index) == id).then_some((layout.type_, index))
    }

    fn set(vcpu: &Access<'_>, (name, id): Named, value: u64) -> Result<Result<(), Step>, MemoryError> {
        let result = vcpu.set(id, value)?;
        Ok(result.map_err(|errno| Step { call: format!("KVM_SET_ONE_REG {name} = {value:#x}"), errno }))
    }

    fn switch_on_pmu(vcpu: &Access<'_>) -> Result<u64, SetUpError> {
        // kvm_check_cpucfg wants PMBITS equal to the host's, which no call
        // tells; PMNUM 0 fits every host.
        let mut refused = None;
        for bits in [PMBITS_64].into_iter().chain(0..PMBITS_64) {
            let word = CPUCFG6_PMP | bits << CPUCFG6_PMBITS_SHIFT;
            match Self::set(vcpu, CPUCFG6, word)? {
                Ok(()) => return Ok(word),
                Err(step) => refused = Some(step),
            }
        }
        refused.map_or(Ok(CPUCFG6_PMP), |step| Err(step.absent(Self::PMU)))
    }
}

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

    fn types(&self) -> &'static [RegisterType] {
        &[Self::CSR, Self::CPUCFG, Self::KVM, Self::LBT]
    }

    fn features(&self) -> &'static [Feature] {
        &[Self::PMU, Self::LBT_X86, Self::LBT_ARM, Self::LBT_MIPS]
    }

    fn switch(&self, feature: Feature) -> Option<Switch> {
        if feature == Self::PMU {
            return Some(Switch { register: CPUCFG6.1, bits: CPUCFG6_PMP });
        }
        let bits = lbt_bit(feature);
        (bits != 0).then_some(Switch { register: CPUCFG2.1, bits })
    }

    fn encode(&self, type_: RegisterType, index: u64) -> Option<u64> {
        let layout = LAYOUTS.into_iter().find(|layout| layout.type_ == type_)?;
        layout.indexes.contains(&index).then(|| layout.id(index))
    }

    fn decode(&self, id: u64) -> Option<(RegisterType, u64)> {
        Self::parts(id).filter(|(type_, index)| self.encode(*type_, *index).is_some())
    }

    fn describe(&self, id: u64) -> String {
        match Self::parts(id) {
            Some((Self::CPUCFG, index)) => format!("CPUCFG {index}"),
            Some((type_, index)) => format!("{} {index:#x}", type_.name.to_uppercase()),
            None => "no LoongArch register".into(),
        }
    }

    fn uapi_expression(&self, id: u64) -> Option<String> {
        let (type_, index) = self.decode(id)?;
        macros::expression(type_.name, index)
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
        let layout = Layout::of(id).filter(|layout| layout.shift != 0)?;
        self.encode(layout.type_, layout.index(id)).filter(|other| *other != id)
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
        LAYOUTS.iter().flat_map(|layout| (0..layout.end).map(|index| layout.id(index))).collect()
    }

    fn unknown_ids(&self) -> Vec<u64> {
        // Types 0, 3, 6 and 7 have no registers that GET and SET reach.
        let types = [0, 3, 6, 7].map(|type_| uapi::KVM_REG_LOONGARCH | uapi::KVM_REG_SIZE_U64 | type_ << 16);
        LAYOUTS.iter().map(|layout| layout.id(layout.last())).chain(types).collect()
    }

    fn neighbours(&self) -> &'static [Exchange] {
        neighbours::EXCHANGES
    }

    fn set_up(&self, vcpu: &Access<'_>, vcpu_id: u64, features: &[Feature]) -> Result<(), SetUpError> {
        Self::set(vcpu, CPUID, vcpu_id)?.map_err(Step::refused)?;
        Self::set(vcpu, CPUCFG2, CPUCFG2_BASE)?.map_err(Step::refused)?;
        let mut cpucfg2 = CPUCFG2_BASE;
        for feature in features {
            if *feature == Self::PMU {
                Self::switch_on_pmu(vcpu)?;
                continue;
            }
            cpucfg2 |= lbt_bit(*feature);
            Self::set(vcpu, CPUCFG2, cpucfg2)?.map_err(|step| step.absent(*feature))?;
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
        Self::set(vcpu, CPUCFG6, 0)?.map_err(Step::refused)?;
        Self::set(vcpu, CPUCFG2, CPUCFG2_BASE)?.map_err(Step::refused)?;

        let lbt: Vec<Vec<Feature>> = (0..8_u64)
            .map(|bits| LBT.into_iter().filter(|feature| lbt_bit(*feature) & bits << CPUCFG2_LBT_SHIFT != 0).collect())
            .collect();
        let setting = |cpucfg2_more: u64, cpucfg6: u64, lbt: &[Feature]| {
            let cpucfg2 = lbt.iter().fold(CPUCFG2_BASE | cpucfg2_more, |word, feature| word | lbt_bit(*feature));
            let pmu = (cpucfg6 & CPUCFG6_PMP != 0).then_some(Self::PMU);
            Setting {
                sets: vec![(CPUCFG2.1, cpucfg2.into()), (CPUCFG6.1, cpucfg6.into())],
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

/// The features of binary translation, in the order of their bits in CPUCFG2.
const LBT: [Feature; 3] = [LoongArch64::LBT_X86, LoongArch64::LBT_ARM, LoongArch64::LBT_MIPS];

/// The feature's bit in CPUCFG2; none for a feature that is elsewhere.
fn lbt_bit(feature: Feature) -> u64 {
    (CPUCFG2_LBT_SHIFT..).zip(LBT).find(|(_, known)| *known == feature).map_or(0, |(bit, _)| 1 << bit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn types() -> impl Strategy<Value = RegisterType> {
        proptest::sample::select(LoongArch64.types())
    }

    #[test]
    fn ids_are_those_of_the_uapi_header() {
        for (type_, index, id) in [
            (LoongArch64::CSR, 0x0, 0x9030_0000_0001_0000),
            (LoongArch64::CSR, 0x42, 0x9030_0000_0001_0210),
            (LoongArch64::CPUCFG, 20, 0x9030_0000_0004_00a0),
            (LoongArch64::KVM, 1, 0x9030_0000_0002_0001),
            (LoongArch64::LBT, 6, 0x9030_0000_0005_0006),
        ] {
            assert_eq!(LoongArch64.encode(type_, index), Some(id), "{type_} {index:#x}");
        }
    }

    #[test]
    fn a_macro_has_the_value_of_the_uapi_header() {
        for (name, id) in [
            ("KVM_IOC_CSRID(0x42)", 0x9030_0000_0001_0210),
            ("KVM_IOC_CPUCFG(20)", 0x9030_0000_0004_00a0),
            ("KVM_REG_LOONGARCH_COUNTER", uapi::KVM_REG_LOONGARCH_COUNTER),
            ("KVM_REG_LOONGARCH_VCPU_RESET", uapi::KVM_REG_LOONGARCH_VCPU_RESET),
            ("KVM_REG_LOONGARCH_DEBUG_INST", uapi::KVM_REG_LOONGARCH_DEBUG_INST),
            ("KVM_REG_LOONGARCH_LBT_SCR0", uapi::KVM_REG_LOONGARCH_LBT_SCR0),
            ("KVM_REG_LOONGARCH_LBT_SCR1", uapi::KVM_REG_LOONGARCH_LBT_SCR1),
            ("KVM_REG_LOONGARCH_LBT_SCR2", uapi::KVM_REG_LOONGARCH_LBT_SCR2),
            ("KVM_REG_LOONGARCH_LBT_SCR3", uapi::KVM_REG_LOONGARCH_LBT_SCR3),
            ("KVM_REG_LOONGARCH_LBT_EFLAGS", uapi::KVM_REG_LOONGARCH_LBT_EFLAGS),
            ("KVM_REG_LOONGARCH_LBT_FTOP", uapi::KVM_REG_LOONGARCH_LBT_FTOP),
        ] {
            assert_eq!(LoongArch64.uapi_expression(id).as_deref(), Some(name), "{id:#x}");
        }
        // An alias of CRMD, CRMD with 32 bits, an LBT register that does not exist.
        for id in [0x9030_0000_0001_0001, 0x9020_0000_0001_0000, 0x9030_0000_0005_0007] {
            assert_eq!(LoongArch64.uapi_expression(id), None, "{id:#x}");
        }
    }

    #[test]
    fn every_feature_has_a_switch_of_its_own() {
        let switches = LoongArch64.features().iter().map(|feature| LoongArch64.switch(*feature).unwrap());
        let switches: Vec<(u64, u64)> = switches.map(|switch| (switch.register, switch.bits)).collect();
        // CPUCFG6.PMP, and CPUCFG2.LBT_X86, LBT_ARM, LBT_MIPS.
        let (cpucfg2, cpucfg6) = (0x9030_0000_0004_0010, 0x9030_0000_0004_0030);
        assert_eq!(switches, [(cpucfg6, 1), (cpucfg2, 1 << 18), (cpucfg2, 1 << 19), (cpucfg2, 1 << 20)]);
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
                prop_assert_eq!(crate::value::size_of_register(id), 8);
            }
        }

        #[test]
        fn any_id_can_be_described(id: u64) {
            prop_assert!(!LoongArch64.describe(id).is_empty());
            let _ = LoongArch64.malformed(id);
        }
    }
}
