// SPDX-License-Identifier: Apache-2.0 OR MIT
//! A machine that stops for a moment makes no counter wrong: the kernel is not
//! accused, whichever call the pause follows.

use std::cell::RefCell;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use kvm_bindings::loongarch64::KVM_REG_LOONGARCH_COUNTER as COUNTER;

use super::*;
use crate::arch::{Arch as _, LoongArch64};
use crate::checks;
use crate::checks::case::{Case, Knowledge};
use crate::checks::message::Message;
use crate::kvm::{Answer, Vcpu};
use crate::memory::UserAddress;
use crate::model::memory;
use crate::spec::clause::Level;
use crate::spec::{Source, Spec};

/// More time than the checks concede beyond what they measure.
const PAUSE: Duration = Duration::from_millis(30);

/// A vCPU of which one call on COUNTER returns late.
#[derive(Debug)]
struct Late {
    vcpu: Box<dyn Vcpu>,
    late: usize,
    calls: AtomicUsize,
}

impl Late {
    fn pause(&self, one_reg: UserAddress) {
        if memory::get(one_reg.value()) == Ok(COUNTER) && self.calls.fetch_add(1, Ordering::Relaxed) == self.late {
            thread::sleep(PAUSE);
        }
    }
}

impl Vcpu for Late {
    fn get_reg_list(&self, list: UserAddress) -> Answer {
        self.vcpu.get_reg_list(list)
    }

    fn get_one_reg(&self, one_reg: UserAddress) -> Answer {
        let answer = self.vcpu.get_one_reg(one_reg);
        self.pause(one_reg);
        answer
    }

    fn set_one_reg(&self, one_reg: UserAddress) -> Answer {
        let answer = self.vcpu.set_one_reg(one_reg);
        self.pause(one_reg);
        answer
    }
}

#[test]
fn a_pause_after_a_call_on_a_counter_accuses_nobody() {
    if !alone(module_path!(), "a_pause_after_a_call_on_a_counter_accuses_nobody") {
        return;
    }
    let spec = Spec::load(&Source::Embedded, &LoongArch64, "v5").unwrap();
    let model = Model::new(Kernel::V7_2, Host::FULL, None);
    let configuration = spec.configurations.iter().find(|configuration| configuration.name == "base").unwrap();
    let themes = ["stable.", "roundtrip.", "independent.", "counter.", "restore."];
    for check in checks::all().filter(|check| themes.iter().any(|theme| check.name.starts_with(theme))) {
        for late in 0.. {
            let vm = model.create_vm().unwrap();
            let late = Late { vcpu: vm.create_vcpu(0).unwrap(), late, calls: AtomicUsize::new(0) };
            let accusations = RefCell::new(Vec::new());
            let sink = |message: Message| match message {
                Message::Found(finding) => accusations.borrow_mut().push(finding),
                other => panic!("{other:?}"),
            };
            let knowledge = Knowledge::on_model(configuration, &spec, &LoongArch64);
            let case = Case::new(&model, vm.as_ref(), &late, knowledge, &sink).unwrap();
            LoongArch64.set_up(&case.access, 0, &configuration.features).unwrap();
            check.on(&case).unwrap();
            drop(case);
            let mut accusations = accusations.into_inner();
            accusations.retain(|finding| finding.level != Level::Note);
            assert!(accusations.is_empty(), "{}, call {}: {accusations:#?}", check.name, late.late);
            if late.calls.into_inner() <= late.late {
                break;
            }
        }
    }
}
