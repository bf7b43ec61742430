// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Register by register: one that ignores SET is noticed, so that the values
//! which the specification calls safe say something.

use std::cell::RefCell;
use std::sync::atomic::{AtomicBool, Ordering};

use super::*;
use crate::arch::{Arch as _, LoongArch64};
use crate::checks;
use crate::checks::case::{Case, Knowledge};
use crate::checks::message::Message;
use crate::kvm::{Answer, Vcpu};
use crate::memory::UserAddress;
use crate::model::memory;
use crate::spec::{Source, Spec};

/// A vCPU that, once told to, ignores SET of one register.
#[derive(Debug)]
struct Deaf {
    vcpu: Box<dyn Vcpu>,
    id: u64,
    deaf: AtomicBool,
}

impl Vcpu for Deaf {
    fn get_reg_list(&self, list: UserAddress) -> Answer {
        self.vcpu.get_reg_list(list)
    }

    fn get_one_reg(&self, one_reg: UserAddress) -> Answer {
        self.vcpu.get_one_reg(one_reg)
    }

    fn set_one_reg(&self, one_reg: UserAddress) -> Answer {
        if self.deaf.load(Ordering::Relaxed) && memory::get(one_reg.value()) == Ok(self.id) {
            Ok(0)
        } else {
            self.vcpu.set_one_reg(one_reg)
        }
    }
}

#[test]
fn a_register_that_ignores_set_is_noticed_unless_it_takes_one_value_alone() {
    if !alone(module_path!(), "a_register_that_ignores_set_is_noticed_unless_it_takes_one_value_alone") {
        return;
    }
    let spec = Spec::load(&Source::Embedded, &LoongArch64, "v5").unwrap();
    let model = Model::new(Kernel::V7_2, Host::FULL, None);
    let check = checks::all().find(|check| check.name == "roundtrip.values").unwrap();
    let configuration = spec.configurations.iter().find(|configuration| configuration.name == "pmu_lbt").unwrap();
    let mut unnoticed = Vec::new();
    for register in &configuration.registers {
        let vm = model.create_vm().unwrap();
        let deaf = Deaf { vcpu: vm.create_vcpu(0).unwrap(), id: register.id, deaf: AtomicBool::new(false) };
        let accused = RefCell::new(Vec::new());
        let sink = |message: Message| match message {
            Message::Found(finding) => accused.borrow_mut().extend(finding.register),
            other => panic!("{other:?}"),
        };
        let knowledge = Knowledge::on_model(configuration, &spec, &LoongArch64);
        let case = Case::new(&model, vm.as_ref(), &deaf, knowledge, &sink).unwrap();
        LoongArch64.set_up(&case.access, 0, &configuration.features).unwrap();
        deaf.deaf.store(true, Ordering::Relaxed);
        check.on(&case).unwrap();
        drop(case);
        let accused = accused.into_inner();
        assert!(accused.iter().all(|other| other.name == register.name), "{}: {accused:?}", register.name);
        if accused.is_empty() {
            unnoticed.push(&*register.name);
        }
    }
    // CPUCFG7 to 15 take 0 alone; CPUID and CPUCFG3 have no other value that is safe on every host.
    let one_value = [
        "CPUID", "CPUCFG3", "CPUCFG7", "CPUCFG8", "CPUCFG9", "CPUCFG10", "CPUCFG11", "CPUCFG12", "CPUCFG13",
        "CPUCFG14", "CPUCFG15",
    ];
    assert_eq!(unnoticed, one_value);
}
