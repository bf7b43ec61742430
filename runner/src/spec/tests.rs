// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Comparisons of series that differ in everything.

use reglist_suite::arch::LoongArch64;
use reglist_suite::spec::{Rule, Source, Spec};

use super::compare::Comparison;

fn v5() -> Spec {
    Spec::load(&Source::Embedded, &LoongArch64, "v5").unwrap()
}

#[test]
fn a_series_is_equal_to_itself() {
    let comparison = Comparison::of(&v5(), &v5());
    assert!(comparison.is_equal());
    assert_eq!(comparison.common().count(), 7);
}

#[test]
fn every_difference_is_told() {
    let (old, mut new) = (v5(), v5());
    let timer: Vec<_> = ["TCFG", "TVAL"].iter().filter_map(|name| new.registers.by_name(name).cloned()).collect();
    for configuration in &mut new.configurations {
        configuration.registers.retain(|register| register.name != "CNTC");
        // The timer comes first, and TCFG before TVAL.
        configuration.registers.retain(|register| !timer.contains(register));
        configuration.registers.splice(0..0, timer.clone());
    }
    new.configurations.retain(|configuration| configuration.name != "lbt_mips");
    for configuration in new.configurations.iter_mut().filter(|each| each.name == "lbt_arm") {
        configuration.features = vec![LoongArch64::LBT_MIPS];
    }
    for group in &mut new.list {
        group.when.retain(|feature| *feature != LoongArch64::LBT_ARM);
        for register in group.registers.iter_mut().filter(|register| register.name == "KS0") {
            register.rule = Rule::Fixed;
            register.values.clear();
        }
        if group.name == "counter" {
            group.name = "clock".into();
        }
    }
    let comparison = Comparison::of(&old, &new);
    insta::assert_snapshot!(comparison.words().join("\n"));
    insta::assert_snapshot!(serde_json::to_string_pretty(&comparison).unwrap());
}
