// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The order of a restore of v5, and of specifications with other facts.

use reglist_suite::arch::LoongArch64;
use reglist_suite::spec::{Conditional, Gate};

use super::*;

fn loaded(configuration: &str) -> (List, Spec) {
    List::load(None, None, Some("v5"), configuration).unwrap()
}

fn order(configuration: &str) -> Order {
    Order::of(None, None, Some("v5"), configuration).unwrap()
}

fn names(order: &Order) -> Vec<&str> {
    order.steps.iter().map(|step| step.name.as_str()).collect()
}

#[test]
fn every_dependency_is_kept_and_every_register_set_once() {
    let order = order("all");
    let place = |name: &str| order.steps.iter().position(|step| step.name == name);
    for dependency in &order.dependencies {
        for register in &dependency.registers {
            assert!(place(&dependency.after.name).unwrap() < place(&register.name).unwrap(), "{dependency:?}");
        }
    }
    let mut entries: Vec<usize> = order.steps.iter().map(|step| step.entry).collect();
    entries.sort_unstable();
    assert_eq!(entries, (0..90).collect::<Vec<_>>());
}

#[test]
fn only_cpucfg1_leaves_its_place_in_the_list() {
    let order = order("base");
    let list = loaded("base").0;
    let mut expected: Vec<&str> = list.registers.iter().map(|entry| entry.name.as_str()).collect();
    expected.retain(|name| *name != "CPUCFG1");
    expected.insert(5, "CPUCFG1");
    assert_eq!(names(&order), expected);
    assert_eq!(order.steps[6].after, ["CPUCFG1"]);
}

#[test]
fn the_reasons_are_those_of_the_specification() {
    let text = order("all").text();
    for sentence in [
        "ESTAT after CPUCFG1, else SET drops the bits 0x4000, which it keeps if CPUCFG1 has 0x4000000; the list's order breaks this",
        "LBT_SCR0, LBT_SCR1, LBT_SCR2, LBT_SCR3, LBT_EFLAGS, LBT_FTOP after CPUCFG2, else ENXIO: CPUCFG2 needs one of the bits 0x1c0000 (lbt_x86, lbt_arm, lbt_mips)",
        "after CPUCFG6, else the list omits group pmu (8 registers): one of the bits 0x1 (pmu) brings it",
        "after CPUCFG2, else the list omits group lbt (6 registers)",
        "ESTAT: not between two SETs",
        "CPUID: the value of a vCPU on which nothing was SET (EINVAL)",
        "CPUID: the value of another vCPU of the VM (EINVAL)",
        "CPUCFG2: the value of a vCPU on which nothing was SET (EINVAL)",
    ] {
        assert!(text.split_whitespace().collect::<Vec<_>>().join(" ").contains(sentence), "{sentence}\n{text}");
    }
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
}

#[test]
fn a_configuration_names_only_its_own_features() {
    let order = order("lbt_arm");
    let text = order.text();
    assert!(text.contains("0x80000 (lbt_arm)") && !text.contains("lbt_x86") && !text.contains("pmu"), "{text}");
    let json = serde_json::to_value(&order).unwrap();
    let gate = &json["dependencies"][1];
    assert_eq!((&gate["otherwise"], &gate["errno"]), (&"refused".into(), &"ENXIO".into()));
    assert_eq!((&gate["after"]["name"], &gate["kept_by_list"]), (&"CPUCFG2".into(), &true.into()));
    assert_eq!(json["steps"][5]["name"], "CPUCFG1");
    assert_eq!(json["dependencies"][0]["otherwise"], "dropped");
}

#[test]
fn a_register_that_the_list_lacks_is_named_and_breaks_no_order() {
    let (mut list, spec) = loaded("lbt");
    list.registers.retain(|entry| entry.name != "CPUCFG2");
    (0..).zip(&mut list.registers).for_each(|(position, entry)| entry.entry = position);
    let order = Order::new(&list, &spec).unwrap();
    assert_eq!(order.steps.len(), 81);
    let gate = order.dependencies.iter().find(|each| each.after.name == "CPUCFG2").unwrap();
    assert!(!gate.kept_by_list);
}

#[test]
fn registers_that_depend_on_each_other_are_an_error() {
    let (mut list, spec) = loaded("lbt");
    let id = |name: &str| spec.registers.by_name(name).unwrap().id;
    for entry in list.registers.iter_mut().filter(|entry| entry.name == "CPUCFG1") {
        let bits = entry.register.mask;
        let source = String::new();
        entry.register.conditional = Some(Conditional { on: id("ESTAT"), bits, free: bits, source });
    }
    let error = Order::new(&list, &spec).unwrap_err().to_string();
    let expected = "no order of a restore exists: SET ESTAT after CPUCFG1 after ESTAT\n[";
    assert!(error.starts_with(expected), "{error}");
    for entry in list.registers.iter_mut().filter(|entry| entry.name == "CPUCFG2") {
        entry.register.gate = Some(Gate { any: vec![LoongArch64::LBT_X86], errno: "ENXIO".to_owned() });
    }
    list.registers.retain(|entry| entry.name != "ESTAT");
    let error = Order::new(&list, &spec).unwrap_err().to_string();
    assert!(error.contains("SET CPUCFG2 after CPUCFG2\n"), "{error}");
}
