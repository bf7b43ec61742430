// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The right model passes, and what is reported of it are known facts.

use std::fmt::Write as _;

use reglist_suite::arch::{Feature, LoongArch64};
use reglist_suite::fault::Fault;
use reglist_suite::report::events::{Finding, Outcome};
use reglist_suite::spec::clause::Level;
use reglist_suite::spec::{Source, Spec};

use crate::program::Run;

fn configurations() -> Vec<(String, Vec<Feature>)> {
    let spec = Spec::load(&Source::Embedded, &LoongArch64, "v5").unwrap();
    spec.configurations.into_iter().map(|configuration| (configuration.name, configuration.features)).collect()
}

/// Everything that is said of the right model of a kernel: one line each.
fn said_of(kernel: &str) -> String {
    let mut text = String::new();
    for (configuration, _) in configurations() {
        for case in Run::of(&configuration, &["--model-kernel", kernel]).0 {
            assert_eq!(case.outcome, Outcome::Pass, "{case:#?}");
            for finding in case.findings {
                assert_eq!(finding.level, Level::Note, "{}: {finding}", case.case);
                let Finding { clause, register, observed, .. } = finding;
                let register = register.map(|register| format!(" {}", register.name)).unwrap_or_default();
                writeln!(text, "{}: {clause}{register}: {observed}", case.case).unwrap();
            }
        }
    }
    text
}

#[test]
fn of_a_right_linux_7_2_there_is_nothing_to_say_but_what_is_known() {
    insta::assert_snapshot!(said_of("7.2"));
}

#[test]
fn of_a_right_linux_6_12_there_is_nothing_to_say_but_what_is_known() {
    insta::assert_snapshot!(said_of("6.12"));
}

#[test]
fn of_a_right_linux_7_3_there_is_nothing_else_to_say() {
    assert_eq!(said_of("7.3"), said_of("7.2"));
}

#[test]
fn on_a_host_without_features_only_the_base_configuration_can_be_set_up() {
    for (configuration, features) in configurations() {
        for case in Run::of(&configuration, &["--model-host", "plain"]).0 {
            let reason = case.reason.unwrap_or_default();
            match features.first() {
                None => assert_eq!(case.outcome, Outcome::Pass, "{}: {reason}", case.case),
                Some(feature) => {
                    assert_eq!(case.outcome, Outcome::Skip, "{}: {:#?}", case.case, case.findings);
                    let absent = format!("the host does not support {feature}: ");
                    assert!(reason.starts_with(&absent), "{}: {reason}", case.case);
                }
            }
        }
    }
}

#[test]
fn registers_beyond_the_list_are_notes_where_new_ones_are_allowed() {
    for (fault, registers) in [(Fault::RegisterExtra, 1), (Fault::PmuAlways, 8)] {
        let mut noted = 0;
        for said in Run::of("base", &["--allow-new", "--fault", &fault.name()]).said() {
            assert_eq!(said.finding.level, Level::Note, "{fault:?}: {}: {}", said.check, said.finding);
            noted += usize::from(said.finding.clause == "list.contents");
        }
        assert_eq!(noted, registers, "{fault:?}");
    }
}

#[test]
fn whatever_the_seed_a_right_kernel_is_not_accused() {
    let kernels = ["7.3", "7.2", "6.12"];
    let tries = configurations().into_iter().cycle().zip(kernels.into_iter().cycle());
    for (((configuration, _), kernel), seed) in tries.zip(2..30) {
        for case in Run::of(&configuration, &["--model-kernel", kernel, "--seed", &seed.to_string()]).0 {
            assert_eq!(case.outcome, Outcome::Pass, "seed {seed}, {kernel}: {case:#?}");
            for finding in case.findings {
                assert_eq!(finding.level, Level::Note, "seed {seed}, {kernel}, {}: {finding}", case.case);
            }
        }
    }
}
