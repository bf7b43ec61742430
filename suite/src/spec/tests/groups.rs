// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Which groups a vCPU lists, by its features.

use super::{BASE, GROUPS, PMU, Tree, embedded};
use crate::arch::{Arch as _, Feature, LoongArch64};
use crate::spec::{Register, Spec};

fn names(registers: &[&Register]) -> Vec<String> {
    registers.iter().map(|register| register.name.clone()).collect()
}

/// Every combination of the architecture's features.
fn combinations() -> Vec<Vec<Feature>> {
    let all = LoongArch64.features();
    (0..1_usize << all.len())
        .map(|bits| (0..all.len()).filter(|bit| bits >> bit & 1 == 1).map(|bit| all[bit]).collect())
        .collect()
}

/// The list of all features without what these do not bring.
fn by_names(spec: &Spec, features: &[Feature]) -> Vec<String> {
    let whole = spec.configurations.iter().find(|known| known.name == "pmu_lbt").unwrap();
    let has_lbt = features.iter().any(|feature| *feature != LoongArch64::PMU);
    let is_listed = |name: &str| match name.split_at(3).0 {
        "PER" => features.contains(&LoongArch64::PMU),
        "LBT" => has_lbt,
        _ => true,
    };
    whole.registers.iter().map(|register| register.name.clone()).filter(|name| is_listed(name)).collect()
}

#[test]
fn every_configuration_has_the_list_of_its_features() {
    let spec = embedded();
    for configuration in &spec.configurations {
        let expected: Vec<&Register> = configuration.registers.iter().collect();
        assert_eq!(spec.expected(&configuration.features), expected, "{}", configuration.name);
    }
}

#[test]
fn a_combination_without_a_configuration_has_a_list_too() {
    let spec = embedded();
    assert_eq!(combinations().len(), 16);
    for features in combinations() {
        assert_eq!(names(&spec.expected(&features)), by_names(&spec, &features), "{features:?}");
    }
}

#[test]
fn the_order_of_features_makes_no_difference() {
    let spec = embedded();
    for mut features in combinations() {
        let list = names(&spec.expected(&features));
        features.reverse();
        assert_eq!(names(&spec.expected(&features)), list, "{features:?}");
    }
}

#[test]
fn groups_of_a_configuration_in_another_order_are_refused() {
    let tree = Tree::new();
    tree.replace(BASE, "groups: [csr, cpucfg, counter]", "groups: [csr, counter, cpucfg]");
    insta::assert_snapshot!(tree.refusal(BASE, "groups: "), @"
    DIR/loongarch64/v5/base.yaml:LINE: key `groups`: [csr, counter, cpucfg] is stated, but `list` and `when` in groups.yaml give [csr, cpucfg, counter] for the features []
    [write groups: [csr, cpucfg, counter] if groups.yaml is right, else correct groups.yaml]
    ");
}

#[test]
fn a_configuration_without_what_its_features_bring_is_refused() {
    let tree = Tree::new();
    tree.replace(PMU, "groups: [csr, pmu, cpucfg, counter]", "groups: [csr, cpucfg, counter]");
    insta::assert_snapshot!(tree.refusal(PMU, "groups: "), @"
    DIR/loongarch64/v5/pmu.yaml:LINE: key `groups`: [csr, cpucfg, counter] is stated, but `list` and `when` in groups.yaml give [csr, pmu, cpucfg, counter] for the features [pmu]
    [write groups: [csr, pmu, cpucfg, counter] if groups.yaml is right, else correct groups.yaml]
    ");
}

#[test]
fn a_configuration_with_what_its_features_do_not_bring_is_refused() {
    let tree = Tree::new();
    tree.replace(PMU, "features: [pmu]", "features: []");
    insta::assert_snapshot!(tree.refusal(PMU, "groups: "), @"
    DIR/loongarch64/v5/pmu.yaml:LINE: key `groups`: [csr, pmu, cpucfg, counter] is stated, but `list` and `when` in groups.yaml give [csr, cpucfg, counter] for the features []
    [write groups: [csr, cpucfg, counter] if groups.yaml is right, else correct groups.yaml]
    ");
}

#[test]
fn a_group_that_only_another_includes_is_no_group_of_a_configuration() {
    let tree = Tree::new();
    tree.replace(BASE, "groups: [csr, cpucfg, counter]", "groups: [csr, cpucfg, counter, timer]");
    insta::assert_snapshot!(tree.refusal(BASE, "groups: "), @"
    DIR/loongarch64/v5/base.yaml:LINE: key `groups`: [csr, cpucfg, counter, timer] is stated, but `list` and `when` in groups.yaml give [csr, cpucfg, counter] for the features []
    [write groups: [csr, cpucfg, counter] if groups.yaml is right, else correct groups.yaml]
    ");
}

#[test]
fn an_unknown_group_in_the_list_is_refused() {
    let tree = Tree::new();
    tree.replace(GROUPS, "list: [csr, ", "list: [csrs, csr, ");
    insta::assert_snapshot!(tree.refusal(GROUPS, "list: ["), @"
    DIR/loongarch64/v5/groups.yaml:LINE: key `list`: `csrs` is not known
    [known: counter, cpucfg, csr, lbt, pmu, timer]
    ");
}

#[test]
fn a_group_twice_in_the_list_is_refused() {
    let tree = Tree::new();
    tree.replace(GROUPS, "list: [csr, ", "list: [csr, csr, ");
    insta::assert_snapshot!(tree.refusal(GROUPS, "list: ["), @"
    DIR/loongarch64/v5/groups.yaml:LINE: key `list`: `csr` is a duplicate
    [remove one of the two]
    ");
}

#[test]
fn a_register_in_two_groups_of_the_list_is_refused() {
    let tree = Tree::new();
    tree.replace(GROUPS, "list: [csr, ", "list: [csr, timer, ");
    insta::assert_snapshot!(tree.refusal(GROUPS, "list: ["), @"
    DIR/loongarch64/v5/groups.yaml:LINE: key `list`: register `TVAL` is in both `csr` and `timer`
    [remove it from one of the two, or one of the two from the list]
    ");
}

#[test]
fn a_group_that_nothing_asks_for_is_refused() {
    let tree = Tree::new();
    tree.replace(GROUPS, "    include: [timer]\n", "");
    insta::assert_snapshot!(tree.refusal(GROUPS, "  timer:"), @"
    DIR/loongarch64/v5/groups.yaml:LINE: group `timer` is neither in `list` nor included by another
    [add it to `list`, include it, or remove it]
    ");
}

#[test]
fn a_condition_on_an_included_group_is_refused() {
    let tree = Tree::new();
    tree.replace(GROUPS, "registers: [TVAL, TCFG]", "registers: [TVAL, TCFG]\n    when: [lbt_x86]");
    insta::assert_snapshot!(tree.refusal(GROUPS, "when: [lbt_x86]"), @"
    DIR/loongarch64/v5/groups.yaml:LINE: key `when`: group `timer` is not in `list`, so `when` has no effect
    [add it to `list`, or remove `when`]
    ");
}

#[test]
fn an_unknown_feature_in_a_condition_is_refused() {
    let tree = Tree::new();
    // `lbt` stands elsewhere too, as a group.
    tree.replace(GROUPS, "when: [lbt_x86, lbt_arm, ", "when: [lbt_x86, lbt, ");
    insta::assert_snapshot!(tree.refusal(GROUPS, "when: [lbt_x86"), @"
    DIR/loongarch64/v5/groups.yaml:LINE: key `when`: `lbt` is not known
    [known: pmu, lbt_x86, lbt_arm, lbt_mips]
    ");
}

#[test]
fn a_feature_twice_in_a_condition_is_refused() {
    let tree = Tree::new();
    tree.replace(GROUPS, "when: [lbt_x86, lbt_arm, ", "when: [lbt_x86, lbt_mips, ");
    insta::assert_snapshot!(tree.refusal(GROUPS, "when: [lbt_x86"), @"
    DIR/loongarch64/v5/groups.yaml:LINE: key `when`: `lbt_mips` is a duplicate
    [remove one of the two]
    ");
}

#[test]
fn a_condition_without_features_is_refused() {
    let tree = Tree::new();
    tree.replace(GROUPS, "when: [pmu]", "when: []");
    insta::assert_snapshot!(tree.refusal(GROUPS, "when: []"), @"
    DIR/loongarch64/v5/groups.yaml:LINE: key `when`: names no feature
    [name at least one, or remove the condition]
    ");
}
