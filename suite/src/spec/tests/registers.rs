// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Free bits, gates, and what depends on another register.

use std::collections::BTreeMap;

use super::{REGISTERS, Tree, embedded};
use crate::arch::LoongArch64;
use crate::spec::{Register, Rule};
use crate::value::Value;

/// Fewer free bits than this are too few to tell registers apart.
const TELLING: u32 = 16;

#[test]
fn free_bits_tell_the_registers_of_a_configuration_apart() {
    for configuration in embedded().configurations {
        for salt in [0, 1] {
            let mut seen: BTreeMap<Value, &str> = BTreeMap::new();
            for register in
                configuration.registers.iter().filter(|register| register.free.number().count_ones() >= TELLING)
            {
                let value = register.distinct(0.into(), salt);
                let other = seen.insert(value, &register.name);
                assert_eq!(other, None, "{}: {}: salt {salt}: {value:#x}", configuration.name, register.name);
            }
        }
    }
}

#[test]
fn every_register_with_free_bits_gets_a_value_that_is_not_zero_and_another_with_another_salt() {
    for register in embedded().registers.all().iter().filter(|register| !register.free.is_zero()) {
        let [first, second] = [0, 1].map(|salt| register.distinct(0.into(), salt));
        assert_ne!(first, 0.into(), "{}", register.name);
        assert_ne!(second, 0.into(), "{}", register.name);
        assert_ne!(first, second, "{}", register.name);
    }
}

#[test]
fn a_distinct_value_keeps_what_is_not_free() {
    for register in embedded().registers.all() {
        for present in [0, 0x4000, u64::MAX].map(Value::from) {
            assert_eq!((register.distinct(present, 0) ^ present) & !register.free, 0.into(), "{}", register.name);
        }
    }
}

#[test]
fn free_bits_are_those_that_every_kernel_keeps() {
    let spec = embedded();
    for (name, free) in [
        ("CRMD", u64::MAX),
        ("ESTAT", 0),
        ("CPUID", 0),
        ("LLBCTL", !0x2),
        ("TVAL", !0x3),
        ("TCFG", !0x3),
        ("PERFCTRL0", !0xf_0000),
        ("PERFCNTR3", !0xf_0000),
        ("CPUCFG1", 0x3ff_ffff),
        ("CPUCFG2", 0x38),
        ("CPUCFG3", 0),
        ("CPUCFG6", 0),
        ("CPUCFG15", 0),
        ("CPUCFG16", 0x1_ffff),
        ("CPUCFG20", 0x7fff_ffff),
        ("COUNTER", 0),
        ("LBT_SCR0", u64::MAX),
        ("LBT_FTOP", 0xffff_ffff),
        ("MERRCTL", 0),
    ] {
        assert_eq!(spec.registers.by_name(name).map(|register| register.free), Some(free.into()), "{name}");
    }
}

#[test]
fn values_start_neither_the_timer_nor_the_hardware_pmu() {
    let spec = embedded();
    for family in ["timer", "pmu"] {
        for register in spec.registers.family(family).unwrap() {
            for value in &register.values {
                assert_eq!(*value & !register.free, 0.into(), "{}: {value:#x}", register.name);
            }
        }
    }
}

#[test]
fn estat_alone_reloads_and_keeps_avec_with_msgint() {
    let spec = embedded();
    let of = |has: fn(&Register) -> bool| -> Vec<&str> {
        spec.registers.all().iter().filter(|register| has(register)).map(|register| register.name.as_str()).collect()
    };
    assert_eq!(of(|register| register.reloads), ["ESTAT"]);
    assert_eq!(of(|register| register.conditional.is_some()), ["ESTAT"]);
    let conditional = spec.registers.by_name("ESTAT").unwrap().conditional.as_ref().unwrap();
    assert_eq!(spec.registers.by_id(conditional.on).unwrap().name, "CPUCFG1");
    assert_eq!((conditional.bits, conditional.free), ((1 << 26).into(), (1 << 14).into()));
}

#[test]
fn lbt_is_behind_a_gate_that_no_configuration_finds_shut() {
    let spec = embedded();
    for register in spec.registers.all() {
        assert_eq!(register.gate.is_some(), register.name.starts_with("LBT_"), "{}", register.name);
    }
    let gate = spec.registers.by_name("LBT_FTOP").unwrap().gate.as_ref().unwrap();
    assert_eq!(
        (gate.any.as_slice(), gate.errno.as_str()),
        (&[LoongArch64::LBT_X86, LoongArch64::LBT_ARM, LoongArch64::LBT_MIPS][..], "ENXIO")
    );
    for configuration in &spec.configurations {
        for gate in configuration.registers.iter().filter_map(|register| register.gate.as_ref()) {
            assert!(gate.is_open(&configuration.features), "{}", configuration.name);
        }
    }
}

#[test]
fn a_registers_own_gate_replaces_the_familys() {
    let tree = Tree::new();
    tree.replace(
        REGISTERS,
        "name: LBT_SCR3, index: 0x4",
        "name: LBT_SCR3, index: 0x4, gate: {any: [pmu], errno: EACCES}",
    );
    let spec = tree.load("v5").unwrap();
    let gate = spec.registers.by_name("LBT_SCR3").unwrap().gate.as_ref().unwrap();
    assert_eq!((gate.any.as_slice(), gate.errno.as_str()), (&[LoongArch64::PMU][..], "EACCES"));
}

#[test]
fn a_register_whose_rule_is_not_exact_inherits_no_free_bits() {
    let tree = Tree::new();
    tree.replace(REGISTERS, "name: KS7, index: 0x37", "name: KS7, index: 0x37, rule: fixed, values: []");
    let spec = tree.load("v5").unwrap();
    let register = spec.registers.by_name("KS7").unwrap();
    assert_eq!((register.rule, register.free), (Rule::Fixed, 0.into()));
}

#[test]
fn free_bits_outside_the_mask_are_refused() {
    let tree = Tree::new();
    let culprit = "name: KS7, index: 0x37, mask: 0xff, free: 0x1ff, values: []";
    tree.replace(REGISTERS, "name: KS7, index: 0x37", culprit);
    insta::assert_snapshot!(tree.refusal(REGISTERS, culprit), @"
    DIR/loongarch64/registers.yaml:LINE: register `KS7`: key `free`: 0x1ff has bits outside the mask 0xff
    [correct the mask, or remove the free bits outside it]
    ");
}

#[test]
fn free_bits_of_a_family_outside_the_mask_of_a_register_are_refused() {
    let tree = Tree::new();
    tree.replace(REGISTERS, "name: KS7, index: 0x37", "name: KS7, index: 0x37, mask: 0xff, values: []");
    insta::assert_snapshot!(tree.refusal(REGISTERS, "name: KS7"), @"
    DIR/loongarch64/registers.yaml:LINE: register `KS7`: key `free`: 0xffffffffffffffff has bits outside the mask 0xff
    [correct the mask, or remove the free bits outside it]
    ");
}

#[test]
fn free_bits_of_a_register_that_returns_something_else_are_refused() {
    let tree = Tree::new();
    tree.replace(REGISTERS, "        rule: counter\n", "        rule: counter\n        free: 0xff\n");
    insta::assert_snapshot!(tree.refusal(REGISTERS, "name: COUNTER"), @"
    DIR/loongarch64/registers.yaml:LINE: register `COUNTER`: key `free`: a register with rule counter has no free bits
    [remove `free`, or correct the rule]
    ");
}

#[test]
fn a_condition_on_an_unknown_register_is_refused() {
    let tree = Tree::new();
    tree.replace(REGISTERS, "on: CPUCFG1", "on: CPUCFG01");
    insta::assert_snapshot!(tree.refusal(REGISTERS, "on: CPUCFG01"), @"
    DIR/loongarch64/registers.yaml:LINE: key `on`: `CPUCFG01` is not known
    [known: the names in this file]
    ");
}

#[test]
fn conditional_bits_that_are_kept_anyway_are_refused() {
    let tree = Tree::new();
    tree.replace(REGISTERS, "free: 0x4000", "free: 0x4001");
    insta::assert_snapshot!(tree.refusal(REGISTERS, "name: ESTAT"), @"
    DIR/loongarch64/registers.yaml:LINE: register `ESTAT`: key `conditional`: 0x4001 has bits of the mask 0x3, which SET keeps anyway
    [remove the bits of the mask]
    ");
}

#[test]
fn a_condition_that_always_holds_is_refused() {
    let tree = Tree::new();
    tree.replace(REGISTERS, "bits: 0x4000000", "bits: 0x0");
    insta::assert_snapshot!(tree.refusal(REGISTERS, "bits: 0x0"), @"
    DIR/loongarch64/registers.yaml:LINE: groups.csr.registers[5].conditional.bits: invalid value: integer `0`, expected a nonzero u64 at line LINE
    [compare with the keys in specs/README.md, or let an editor check against specs/schema]
    ");
}

#[test]
fn an_unknown_feature_of_a_gate_is_refused() {
    let tree = Tree::new();
    tree.replace(REGISTERS, "any: [lbt_x86, ", "any: [lbt_sparc, ");
    insta::assert_snapshot!(tree.refusal(REGISTERS, "lbt_sparc"), @"
    DIR/loongarch64/registers.yaml:LINE: key `any`: `lbt_sparc` is not known
    [known: pmu, lbt_x86, lbt_arm, lbt_mips]
    ");
}

#[test]
fn a_feature_twice_in_a_gate_is_refused() {
    let tree = Tree::new();
    tree.replace(REGISTERS, "any: [lbt_x86, ", "any: [lbt_arm, ");
    insta::assert_snapshot!(tree.refusal(REGISTERS, "any: ["), @"
    DIR/loongarch64/registers.yaml:LINE: key `any`: `lbt_arm` is a duplicate
    [remove one of the two]
    ");
}

#[test]
fn a_gate_without_features_is_refused() {
    let tree = Tree::new();
    tree.replace(REGISTERS, "any: [lbt_x86, lbt_arm, lbt_mips]", "any: []");
    insta::assert_snapshot!(tree.refusal(REGISTERS, "any: ["), @"
    DIR/loongarch64/registers.yaml:LINE: key `any`: names no feature
    [name at least one, or remove the condition]
    ");
}

#[test]
fn an_unknown_errno_of_a_gate_is_refused() {
    let tree = Tree::new();
    tree.replace(REGISTERS, "errno: ENXIO", "errno: ENXIOO");
    insta::assert_snapshot!(tree.refusal(REGISTERS, "ENXIOO"), @"
    DIR/loongarch64/registers.yaml:LINE: key `errno`: `ENXIOO` is not known
    [known: the names in errno(3)]
    ");
}

#[test]
fn an_unknown_type_is_refused() {
    let tree = Tree::new();
    tree.replace(REGISTERS, "type: lbt", "type: msr");
    insta::assert_snapshot!(tree.refusal(REGISTERS, "type: msr"), @"
    DIR/loongarch64/registers.yaml:LINE: key `type`: `msr` is not known
    [known: csr, cpucfg, kvm, lbt]
    ");
}
