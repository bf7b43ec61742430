// SPDX-License-Identifier: Apache-2.0 OR MIT
//! What GET reads although no list has it.

use std::collections::BTreeSet;
use std::fs;

use super::{Tree, UNLISTED, embedded};
use crate::arch::{Arch as _, LoongArch64};
use crate::spec::Unlisted;

/// A CSR's id; every index that KVM keeps has one.
fn csr(index: u64) -> u64 {
    LoongArch64.encode(LoongArch64::CSR, index).unwrap()
}

#[test]
fn named_registers_belong_to_the_exception_that_says_why() {
    let spec = embedded();
    for (name, exception) in [
        ("PERFCTRL0", Some("pmu")),
        ("MERRCTL", Some("merr")),
        ("DB13ASID", Some("debug")),
        ("DESAVE", Some("debug")),
        ("ISR0", Some("msgint")),
        ("KS8", Some("unflagged")),
        ("GSTAT", Some("unflagged")),
        ("DEBUG_INST", Some("debug_inst")),
        ("VCPU_RESET", None),
        ("CRMD", None),
        ("CPUCFG0", None),
        ("COUNTER", None),
        ("LBT_FTOP", None),
    ] {
        let id = spec.registers.by_name(name).unwrap().id;
        assert_eq!(spec.unlisted.exception(id), exception, "{name}");
    }
}

#[test]
fn every_csr_is_expected_with_all_features_or_an_exception_and_only_a_pmu_is_both() {
    let spec = embedded();
    let expected: BTreeSet<u64> = spec.expected(LoongArch64.features()).iter().map(|register| register.id).collect();
    let without_features: BTreeSet<u64> = spec.expected(&[]).iter().map(|register| register.id).collect();
    for index in 0..0x800 {
        let exception = spec.unlisted.exception(csr(index));
        assert!(expected.contains(&csr(index)) || exception.is_some(), "{index:#x}");
        assert!(!without_features.contains(&csr(index)) || exception.is_none(), "{index:#x}");
        assert_eq!(expected.contains(&csr(index)) && exception.is_some(), exception == Some("pmu"), "{index:#x}");
    }
}

#[test]
fn unnamed_csrs_are_those_without_a_name() {
    let spec = embedded();
    for index in 0..0x800 {
        let is_cell = spec.unlisted.exception(csr(index)) == Some("cells");
        assert_eq!(is_cell, spec.registers.by_id(csr(index)).is_none(), "{index:#x}");
    }
}

#[test]
fn ids_between_and_beyond_those_of_a_range_are_no_exceptions() {
    let spec = embedded();
    let last = csr(0x7ff);
    for id in [0, csr(0x9) + 1, csr(0x9) - 1, last + 1, last + 8, u64::MAX, csr(0x9) & !(0xf << 52)] {
        assert_eq!(spec.unlisted.exception(id), None, "{id:#x}");
    }
    assert_eq!(spec.unlisted.exception(last), Some("cells"));
}

#[test]
fn no_register_is_an_exception_that_a_gate_keeps_shut() {
    let spec = embedded();
    for register in spec.registers.all().iter().filter(|register| register.gate.is_some()) {
        assert_eq!(spec.unlisted.exception(register.id), None, "{}", register.name);
        assert!(!spec.expected(&[LoongArch64::PMU]).contains(&register), "{}", register.name);
    }
}

#[test]
fn every_exception_says_why() {
    for exception in embedded().unlisted.exceptions {
        assert!(!exception.reason.trim().is_empty(), "{}", exception.name);
    }
}

#[test]
fn without_the_file_there_are_no_exceptions() {
    let tree = Tree::new();
    fs::remove_file(tree.path(UNLISTED)).unwrap();
    assert_eq!(tree.load("v5").unwrap().unlisted, Unlisted::default());
}

#[test]
fn an_unknown_key_of_an_exception_is_refused() {
    let tree = Tree::new();
    tree.replace(UNLISTED, "    families: [merr]\n", "    family: [merr]\n");
    insta::assert_snapshot!(tree.refusal(UNLISTED, "family: "), @"
    DIR/loongarch64/unlisted.yaml:LINE: unlisted[1]: unknown field `family`, expected one of `name`, `families`, `registers`, `unnamed`, `reason`, `source` at line LINE
    [compare with the keys in specs/README.md, or let an editor check against specs/schema]
    ");
}

#[test]
fn an_unknown_family_of_an_exception_is_refused() {
    let tree = Tree::new();
    tree.replace(UNLISTED, "families: [merr]", "families: [merrs]");
    insta::assert_snapshot!(tree.refusal(UNLISTED, "merrs"), @"
    DIR/loongarch64/unlisted.yaml:LINE: key `families`: `merrs` is not known
    [known: action, counter, cpucfg, csr, debug, lbt, merr, msgint, pmu, timer, unlisted]
    ");
}

#[test]
fn an_unknown_register_of_an_exception_is_refused() {
    let tree = Tree::new();
    tree.replace(UNLISTED, "[DEBUG_INST]", "[DEBUG_INST, DEBUG_ISNT]");
    insta::assert_snapshot!(tree.refusal(UNLISTED, "DEBUG_ISNT"), @"
    DIR/loongarch64/unlisted.yaml:LINE: key `registers`: `DEBUG_ISNT` is not known
    [known: the names in registers.yaml]
    ");
}

#[test]
fn two_exceptions_of_one_name_are_refused() {
    let tree = Tree::new();
    tree.replace(UNLISTED, "name: msgint", "name: debug");
    let text = tree.read(UNLISTED);
    let second = text.lines().zip(1..).filter(|(line, _)| line.ends_with("name: debug")).last().unwrap().1;
    insta::assert_snapshot!(tree.refusal_at(UNLISTED, second), @"
    DIR/loongarch64/unlisted.yaml:LINE: key `name`: `debug` is a duplicate
    [remove one of the two]
    ");
}

#[test]
fn a_register_of_two_exceptions_is_refused() {
    let tree = Tree::new();
    tree.replace(UNLISTED, "families: [debug]", "families: [debug, merr]");
    insta::assert_snapshot!(tree.refusal(UNLISTED, "families: [debug, merr]"), @"
    DIR/loongarch64/unlisted.yaml:LINE: key `families`: register `MERRCTL` is in both `merr` and `debug`
    [remove it from one of the two, or one of the two from the list]
    ");
}

#[test]
fn a_register_twice_in_an_exception_is_refused() {
    let tree = Tree::new();
    tree.replace(UNLISTED, "families: [merr]", "families: [merr]\n    registers: [CTAG]");
    insta::assert_snapshot!(tree.refusal(UNLISTED, "CTAG"), @"
    DIR/loongarch64/unlisted.yaml:LINE: key `registers`: `CTAG` is a duplicate
    [remove one of the two]
    ");
}

#[test]
fn a_range_beyond_its_type_is_refused() {
    let tree = Tree::new();
    tree.replace(UNLISTED, "last: 0x7ff", "last: 0x800");
    insta::assert_snapshot!(tree.refusal(UNLISTED, "unnamed: {"), @"
    DIR/loongarch64/unlisted.yaml:LINE: key `unnamed`: 0x0 to 0x800 is not a range of type csr
    [csr: 0 to 0x7ff]
    ");
}

#[test]
fn a_range_that_ends_before_it_begins_is_refused() {
    let tree = Tree::new();
    tree.replace(UNLISTED, "first: 0x0, last: 0x7ff", "first: 0xb, last: 0x9");
    insta::assert_snapshot!(tree.refusal(UNLISTED, "unnamed: {"), @"
    DIR/loongarch64/unlisted.yaml:LINE: key `unnamed`: 0xb to 0x9 is not a range of type csr
    [csr: 0 to 0x7ff]
    ");
}

#[test]
fn an_exception_without_registers_is_refused() {
    for registers in ["", "    families: []\n"] {
        let tree = Tree::new();
        tree.replace(UNLISTED, "    families: [merr]\n", registers);
        insta::allow_duplicates! {
            insta::assert_snapshot!(tree.refusal(UNLISTED, "name: merr"), @"
            DIR/loongarch64/unlisted.yaml:LINE: exception `merr` holds no registers
            [name some in `families`, `registers` or `unnamed`, or remove it]
            ");
        }
    }
}
