// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Specifications that say nothing of the list.

use std::fs;

use super::{BASE, CONTRACT, Tree, embedded, neutral};
use crate::arch::X86_64;
use crate::spec::{Configuration, Register, Source, Spec, Unlisted};

#[test]
fn x86_has_one_configuration_of_which_nothing_is_said() {
    let tree = Tree::new();
    for source in [Source::Embedded, Source::Directory(tree.0.path().to_owned())] {
        let spec = Spec::load(&source, &X86_64, "contract").unwrap();
        let base =
            Configuration { name: "base".into(), features: Vec::new(), registers: Vec::new(), contract_only: true };
        assert_eq!(spec.configurations, [base]);
        assert_eq!(spec.expected(&[]), Vec::<&Register>::new());
        assert_eq!((spec.registers.all(), spec.list.as_slice()), (&[][..], &[][..]));
        assert_eq!((spec.unlisted, spec.consumers), (Unlisted::default(), Vec::new()));
        assert_eq!(spec.clauses, embedded().clauses);
    }
}

#[test]
fn loongarch_states_every_list() {
    for configuration in embedded().configurations {
        assert!(!configuration.contract_only && !configuration.registers.is_empty(), "{}", configuration.name);
    }
}

#[test]
fn a_configuration_may_say_nothing_beside_others_that_do() {
    let tree = Tree::new();
    fs::copy(tree.path(CONTRACT), tree.path("loongarch64/v5/anything.yaml")).unwrap();
    let spec = tree.load("v5").unwrap();
    let silent: Vec<&str> = spec
        .configurations
        .iter()
        .filter(|configuration| configuration.contract_only)
        .map(|configuration| configuration.name.as_str())
        .collect();
    assert_eq!(silent, ["anything"]);
}

#[test]
fn a_series_of_another_architecture_is_none() {
    insta::assert_snapshot!(Spec::load(&Source::Embedded, &X86_64, "v5").unwrap_err(), @"
    specs/x86_64/v5:1: series `v5` has no configurations
    [known series: contract]
    ");
}

#[test]
fn a_list_beside_contract_only_is_refused() {
    let tree = Tree::new();
    tree.replace(BASE, "count: 76", "contract_only: true");
    insta::assert_snapshot!(tree.refusal(BASE, "groups: "), @"
    DIR/loongarch64/v5/base.yaml:LINE: key `groups`: contradicts `contract_only`, which specifies no list
    [remove `groups`, or `contract_only`]
    ");
}

#[test]
fn a_count_beside_contract_only_is_refused() {
    let tree = Tree::new();
    tree.replace(BASE, "groups: [csr, cpucfg, counter]", "contract_only: true");
    insta::assert_snapshot!(tree.refusal(BASE, "count: "), @"
    DIR/loongarch64/v5/base.yaml:LINE: key `count`: contradicts `contract_only`, which specifies no list
    [remove `count`, or `contract_only`]
    ");
}

#[test]
fn a_configuration_with_neither_a_list_nor_contract_only_is_refused() {
    for contract_only in ["", "contract_only: false\n"] {
        let tree = Tree::new();
        tree.replace(BASE, "groups: [csr, cpucfg, counter]\ncount: 76\n", contract_only);
        insta::allow_duplicates! {
            insta::assert_snapshot!(tree.refusal_at(BASE, 1), @"
            DIR/loongarch64/v5/base.yaml:LINE: key `groups` is missing
            [state `groups` and `count`, or `contract_only: true` in place of both]
            ");
        }
    }
}

#[test]
fn a_list_without_its_count_is_refused() {
    let tree = Tree::new();
    tree.replace(BASE, "count: 76\n", "");
    insta::assert_snapshot!(tree.refusal_at(BASE, 1), @"
    DIR/loongarch64/v5/base.yaml:LINE: key `count` is missing
    [state `groups` and `count`, or `contract_only: true` in place of both]
    ");
}

#[test]
fn a_list_that_is_known_not_to_be_contract_only_is_a_list() {
    let tree = Tree::new();
    tree.replace(BASE, "count: 76\n", "count: 76\ncontract_only: false\n");
    assert_eq!(tree.load("v5").unwrap().configurations, embedded().configurations);
}

#[test]
fn registers_of_an_architecture_that_nobody_knows_are_refused() {
    let tree = Tree::new();
    let file = "x86_64/registers.yaml";
    tree.replace(file, "architecture: x86_64", "architecture: i386");
    let error = tree.load_for(&X86_64, "contract").unwrap_err();
    insta::assert_snapshot!(neutral(&error, tree.0.path()), @"
    DIR/x86_64/registers.yaml:LINE: key `architecture`: `i386` is not known
    [known: x86_64]
    ");
}
