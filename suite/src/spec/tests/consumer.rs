// SPDX-License-Identifier: Apache-2.0 OR MIT
//! What programs save without asking for a list.

use std::collections::BTreeSet;
use std::fs;

use super::{QEMU, Tree, embedded, specs};
use crate::arch::{Feature, LoongArch64};
use crate::spec::{Register, Source, Spec};

const LBT: [Feature; 3] = [LoongArch64::LBT_X86, LoongArch64::LBT_ARM, LoongArch64::LBT_MIPS];

/// The names of what `of` has and `without` has not.
fn beyond<'a>(of: &[&'a Register], without: &[&Register]) -> BTreeSet<&'a str> {
    let missing = of.iter().filter(|register| !without.contains(register));
    missing.map(|register| register.name.as_str()).collect()
}

#[test]
fn every_configuration_lists_what_qemu_saves() {
    let spec = embedded();
    let [qemu] = &spec.consumers[..] else { panic!("{:?}", spec.consumers) };
    assert_eq!(qemu.name, "QEMU");
    for configuration in &spec.configurations {
        let listed: Vec<&Register> = configuration.registers.iter().collect();
        assert_eq!(beyond(&qemu.saves(&configuration.features), &listed), BTreeSet::new(), "{}", configuration.name);
    }
}

#[test]
fn qemu_leaves_out_the_pmu_and_lbt_that_is_not_whole() {
    let spec = embedded();
    let unsaved = |features: &[Feature]| beyond(&spec.expected(features), &spec.consumers[0].saves(features));
    assert_eq!(unsaved(&[]), BTreeSet::new());
    assert_eq!(unsaved(&LBT), BTreeSet::new());
    assert_eq!(unsaved(&[LoongArch64::PMU]).len(), 8);
    for single in LBT {
        assert_eq!(unsaved(&[single]).len(), 6, "{single}");
    }
    assert_eq!(unsaved(&LBT[1..]).len(), 6);
}

#[test]
fn what_is_saved_keeps_the_order_of_the_program() {
    let spec = embedded();
    let saved = spec.consumers[0].saves(&LBT);
    let names: Vec<&str> = saved.iter().map(|register| register.name.as_str()).collect();
    assert_eq!(names.len(), 82);
    assert_eq!((names[0], names[21], names[75]), ("CPUCFG0", "CRMD", "LBT_SCR0"));
    assert_eq!(names.last(), Some(&"COUNTER"));
}

#[test]
fn the_folder_of_consumers_is_no_series() {
    for source in [Source::Embedded, Source::Directory(specs())] {
        let error = Spec::load(&source, &LoongArch64, "consumers").unwrap_err();
        assert!(error.to_string().ends_with("has no configurations\n[known series: v5]"), "{error}");
    }
}

#[test]
fn without_the_folder_there_are_no_consumers() {
    let tree = Tree::new();
    fs::remove_dir_all(tree.path(QEMU).parent().unwrap()).unwrap();
    assert_eq!(tree.load("v5").unwrap().consumers, []);
}

#[test]
fn an_unknown_key_of_a_consumer_is_refused() {
    let tree = Tree::new();
    tree.replace(QEMU, "    all: [", "    any: [");
    insta::assert_snapshot!(tree.refusal(QEMU, "any: ["), @"
    DIR/loongarch64/consumers/qemu.yaml:LINE: saves[1]: unknown field `any`, expected `registers` or `all` at line LINE
    [compare with the keys in specs/README.md, or let an editor check against specs/schema]
    ");
}

#[test]
fn an_unknown_register_of_a_consumer_is_refused() {
    let tree = Tree::new();
    tree.replace(QEMU, "registers: [COUNTER]", "registers: [COUNTERS]");
    insta::assert_snapshot!(tree.refusal(QEMU, "[COUNTERS]"), @"
    DIR/loongarch64/consumers/qemu.yaml:LINE: key `registers`: `COUNTERS` is not known
    [known: the names in registers.yaml]
    ");
}

#[test]
fn a_register_twice_in_a_consumer_is_refused() {
    let tree = Tree::new();
    tree.replace(QEMU, "registers: [COUNTER]", "registers: [TCFG]");
    insta::assert_snapshot!(tree.refusal(QEMU, "registers: [TCFG]"), @"
    DIR/loongarch64/consumers/qemu.yaml:LINE: key `registers`: `TCFG` is a duplicate
    [remove one of the two]
    ");
}

#[test]
fn an_unknown_feature_of_a_consumer_is_refused() {
    let tree = Tree::new();
    tree.replace(QEMU, "all: [lbt_x86, lbt_arm, lbt_mips]", "all: [lbt]");
    insta::assert_snapshot!(tree.refusal(QEMU, "all: [lbt]"), @"
    DIR/loongarch64/consumers/qemu.yaml:LINE: key `all`: `lbt` is not known
    [known: pmu, lbt_x86, lbt_arm, lbt_mips]
    ");
}

#[test]
fn a_feature_twice_in_a_consumer_is_refused() {
    let tree = Tree::new();
    tree.replace(QEMU, "all: [lbt_x86, lbt_arm, lbt_mips]", "all: [lbt_x86, lbt_x86]");
    insta::assert_snapshot!(tree.refusal(QEMU, "all: [lbt"), @"
    DIR/loongarch64/consumers/qemu.yaml:LINE: key `all`: `lbt_x86` is a duplicate
    [remove one of the two]
    ");
}

#[test]
fn a_condition_of_a_consumer_on_no_feature_is_refused() {
    let tree = Tree::new();
    tree.replace(QEMU, "all: [lbt_x86, lbt_arm, lbt_mips]", "all: []");
    insta::assert_snapshot!(tree.refusal(QEMU, "all: []"), @"
    DIR/loongarch64/consumers/qemu.yaml:LINE: key `all`: names no feature
    [name at least one, or remove the condition]
    ");
}
