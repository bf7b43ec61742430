// SPDX-License-Identifier: Apache-2.0 OR MIT
//! A VM of the model and its vCPUs belong to the process that made them, as
//! KVM's do. A process with one thread alone can be copied, and libtest has
//! two: this test is a program of its own.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails; clippy knows only functions marked as tests")]

use nix::errno::Errno;
use nix::sys::wait::WaitStatus;
use reglist_suite::kvm::{CAP_ONE_REG, Subject as _, SubjectError};
use reglist_suite::memory::{Child, UserAddress};
use reglist_suite::model::{Host, Kernel, Model};

fn main() {
    let model = Model::new(Kernel::V7_2, Host::FULL, None);
    let vm = model.create_vm().unwrap();
    let vcpu = vm.create_vcpu(0).unwrap();
    let child = Child::start(|| {
        let nowhere = UserAddress::NULL;
        let Err(SubjectError::Step { errno, .. }) = vm.create_vcpu(1) else { return 1 };
        let answers = [
            vm.check_extension(CAP_ONE_REG),
            vm.get_reg_list(nowhere),
            vcpu.get_reg_list(nowhere),
            vcpu.get_one_reg(nowhere),
            vcpu.set_one_reg(nowhere),
            Err(errno),
        ];
        assert_eq!(answers, [Err(Errno::EIO); 6]);
        assert_eq!(model.check_extension(CAP_ONE_REG), Ok(1));
        assert_eq!(model.get_reg_list(nowhere), Err(Errno::ENOTTY));
        0
    });
    let ended = child.unwrap().wait().unwrap();
    assert!(matches!(ended, WaitStatus::Exited(_, 0)), "{ended:?}");
    assert_eq!(vm.check_extension(CAP_ONE_REG), Ok(1));
    assert_eq!(vm.get_reg_list(UserAddress::NULL), Err(Errno::ENOTTY));
    assert_eq!(vcpu.get_reg_list(UserAddress::NULL), Err(Errno::EFAULT));
}
