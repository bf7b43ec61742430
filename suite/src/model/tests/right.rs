// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The right model passes.

use super::*;

fn configurations() -> Vec<(String, Vec<Feature>)> {
    spec().configurations.into_iter().map(|configuration| (configuration.name, configuration.features)).collect()
}

#[test]
fn the_right_model_passes_every_case_but_for_two_notes() {
    let mut notes = Vec::new();
    for (configuration, _) in configurations() {
        for tried in Attempt::at(&configuration).make() {
            for finding in tried.result.unwrap() {
                assert_eq!(finding.level, Level::Note, "{configuration}.{}: {finding}", tried.check);
                let register = finding.register.map(|register| register.name).unwrap_or_default();
                notes.push(format!(
                    "{configuration}.{}: {} {register} {}",
                    tried.check,
                    finding.clause,
                    finding.errno.unwrap_or_default()
                ));
            }
        }
    }
    assert_eq!(
        notes,
        [
            "base.roundtrip.set_same_fresh: reg.set_same CPUID EINVAL",
            "base.roundtrip.set_same_fresh: reg.set_same CPUCFG2 EINVAL"
        ]
    );
}

#[test]
fn on_a_host_without_features_only_the_base_configuration_can_be_set_up() {
    for (configuration, features) in configurations() {
        let attempt = Attempt { host_is_plain: true, ..Attempt::at(&configuration) };
        for tried in attempt.make() {
            match (tried.result, features.first()) {
                (Ok(_), None) => {}
                (Err(absent), Some(feature)) => assert_eq!(absent, *feature, "{configuration}.{}", tried.check),
                (result, _) => panic!("{configuration}.{}: {result:?}", tried.check),
            }
        }
    }
}

#[test]
fn registers_beyond_the_list_are_notes_where_new_ones_are_allowed() {
    for (fault, registers) in [(Fault::RegisterExtra, 1), (Fault::PmuAlways, 8)] {
        let attempt = Attempt { allow_new: true, ..Attempt::at("base").with(fault) };
        let mut noted = 0;
        for tried in attempt.make() {
            for finding in tried.result.unwrap() {
                assert_eq!(finding.level, Level::Note, "{fault:?}: {}: {finding}", tried.check);
                noted += usize::from(finding.clause == "list.contents");
            }
        }
        assert_eq!(noted, registers, "{fault:?}");
    }
}
