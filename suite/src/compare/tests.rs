// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Models compared with models: equal ones agree, and whatever makes one of them
//! different is found and made small.

use super::known::TCFG;
use super::report::{Found, finding};
use super::*;
use crate::arch::LoongArch64;
use crate::model::csr_id;
use crate::spec::{Source, Spec};

const ONE: Kind = Kind { vcpus: &[0], more_vcpus: false };
const SEVERAL: Kind = Kind { vcpus: &[1], more_vcpus: true };

fn lab(kernel: Kernel) -> Model {
    Model::new(kernel, Host::LAB, None)
}

fn faulty(fault: Fault) -> Model {
    Model::new(Kernel::V7_2, Host::LAB, Some(fault))
}

fn compare(subject: Model, model: Model, kind: Kind, calls: u64) -> Option<Found> {
    sequences::compare(&subject, model, kind, 1, calls).unwrap()
}

fn spec() -> Spec {
    Spec::load(&Source::Embedded, &LoongArch64, "v5").unwrap()
}

#[test]
fn equal_models_agree() {
    for kernel in [Kernel::V6_12, Kernel::V7_2, Kernel::V7_3] {
        for kind in [ONE, SEVERAL] {
            let found = compare(lab(kernel), lab(kernel), kind, 5000);
            assert!(found.is_none(), "{kernel:?} {kind:?}: {found:?}");
        }
    }
}

#[test]
fn a_clock_that_is_ahead_is_no_difference() {
    let found = compare(lab(Kernel::V7_2).with_clock_ahead(1 << 40), lab(Kernel::V7_2), ONE, 5000);
    assert!(found.is_none(), "{found:?}");
}

/// One of each kind that calls on one vCPU can show.
const FAULTS: [Fault; 12] = [
    Fault::RegisterMissing,
    Fault::PmuAlways,
    Fault::CountOneLess,
    Fault::EfaultLost,
    Fault::E2bigWritesEntries,
    Fault::HeaderStraddlingAccepted,
    Fault::GetWritesHalf,
    Fault::SetDropsBit,
    Fault::SetHitsNeighbour,
    Fault::EstatDropsBit,
    Fault::CounterIgnoresSet,
    Fault::SetBadAddressIsSuccess,
];

#[test]
fn faults_are_found() {
    let found = |fault: &Fault| compare(faulty(*fault), lab(Kernel::V7_2), ONE, 20_000).is_some();
    let unfound: Vec<&Fault> = FAULTS.iter().filter(|fault| !found(fault)).collect();
    assert!(unfound.is_empty(), "{unfound:?}");
}

#[test]
fn descriptors_of_equal_models_agree_and_those_of_different_ones_do_not() {
    let found = |kernel| Descriptors::new(&lab(kernel), &lab(Kernel::V7_2)).unwrap().compare_here().unwrap();
    assert_eq!(found(Kernel::V7_2), []);
    for (kernel, capability) in [(Kernel::V6_12, 0), (Kernel::V7_3, 187)] {
        let calls: Vec<String> = found(kernel).into_iter().filter_map(|finding| finding.ioctl).collect();
        assert!(calls.contains(&format!("KVM_CHECK_EXTENSION {capability} on the VM")), "{calls:?}");
        assert!(calls.iter().all(|call| call.starts_with("KVM_CHECK_EXTENSION")), "{calls:?}");
    }
}

#[test]
fn what_differs_between_kernels_and_between_hosts_is_found() {
    assert!(compare(lab(Kernel::V6_12), lab(Kernel::V7_2), ONE, 5000).is_some());
    assert!(compare(lab(Kernel::V7_3), lab(Kernel::V7_2), ONE, 50_000).is_some());
    for host in [Host::FULL, Host::PLAIN] {
        assert!(compare(Model { host, ..lab(Kernel::V7_2) }, lab(Kernel::V7_2), ONE, 5000).is_some());
    }
}

#[test]
fn a_difference_is_told_with_the_smallest_sequence_that_shows_it() {
    let found = compare(faulty(Fault::SetHitsNeighbour), lab(Kernel::V7_2), SEVERAL, 50_000).unwrap();
    let finding = finding(&found, 1, &spec().registers);
    assert_eq!((finding.clause.as_str(), finding.level), ("model.agrees", crate::spec::clause::Level::Must));
    let lines: Vec<&str> = finding.observed.lines().collect();
    assert!(lines[1].contains("vCPU 1 (seed 1)"), "{finding}");
    assert_eq!(lines.len(), 4, "{finding}");
    assert!(lines[2].contains("vCPU 1: KVM_SET_ONE_REG KS1 (0x9030000000010188) = "), "{finding}");
    assert!(lines[3].contains("vCPU 1: KVM_GET_ONE_REG KS"), "{finding}");
}

#[test]
fn an_id_with_ignored_bits_has_the_name_of_what_it_reaches() {
    let registers = spec().registers;
    for (id, expected) in [
        (TCFG, "TCFG"),
        (TCFG | 1 << 40, "TCFG by another id"),
        (csr_id(0x7f0), "CSR 0x7f0"),
        (csr_id(0x7f0) | 1, "CSR 0x7f0 by another id"),
        (TCFG ^ 1 << 52, "no LoongArch register"),
    ] {
        assert_eq!(call::name(id, &registers), expected, "{id:#x}");
    }
}

#[test]
fn every_case_has_an_id_of_its_own_form() {
    let plan = plan();
    assert_eq!(plan, ["compare.descriptors", "compare.sequences.one_vcpu", "compare.sequences.several_vcpus"]);
}
