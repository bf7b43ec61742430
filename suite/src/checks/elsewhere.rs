// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The ioctl on wrong descriptors and in another process, and the capability.

use nix::errno::Errno;
use nix::sys::wait::WaitStatus;

use super::check::{Check, contract};
use crate::checks::case::{Case, CheckError, outcome};
use crate::kvm::{Answer, CAP_ONE_REG};
use crate::list::{Beyond, ListMemory, Placement};
use crate::memory::Child;

pub(super) const CHECKS: &[Check] = &[
    contract(
        "fd.other_descriptors",
        &["fd.wrong"],
        "Calls the ioctl on the VM's descriptor and on that of /dev/kvm. Both calls must fail; the errno is a note.",
        other_descriptors,
    ),
    contract(
        "fd.other_process",
        &["fd.wrong"],
        "Calls the ioctl in a forked process, whose address space is not the one of the VM. The call must fail with EIO.",
        other_process,
    ),
    contract(
        "cap.one_reg",
        &["cap.one_reg"],
        "Calls KVM_CHECK_EXTENSION for KVM_CAP_ONE_REG on /dev/kvm and on the VM. Both must report it.",
        one_reg,
    ),
];

const HEADER: Placement = Placement { n: 0, capacity: 0, slack: 0 };

fn other_descriptors(case: &Case<'_>) -> Result<(), CheckError> {
    let mut memory = ListMemory::new(1, Beyond::NoAccess, false)?;
    let on_vm = memory.call(HEADER, |list| case.vm.get_reg_list(list))?.result;
    let on_kvm = memory.call(HEADER, |list| case.subject.get_reg_list(list))?.result;
    for (place, result) in [("a VM", on_vm), ("/dev/kvm", on_kvm)] {
        if matches!(result, Err(Errno::EINVAL | Errno::ENOTTY)) {
            case.fact("fd.wrong", format!("{} on the descriptor of {place}", outcome(result)));
        } else {
            case.finding("fd.wrong", format!("EINVAL or ENOTTY on the descriptor of {place}"), outcome(result))
                .list(result);
        }
    }
    Ok(())
}

fn other_process(case: &Case<'_>) -> Result<(), CheckError> {
    let mut memory = ListMemory::new(1, Beyond::NoAccess, false)?;
    let child = Child::start(|| match memory.call(HEADER, |list| case.vcpu.get_reg_list(list)) {
        Ok(answer) => code(answer.result),
        Err(_) => u8::MAX,
    });
    let result = match child.and_then(|child| child.wait()) {
        Ok(WaitStatus::Exited(_, 0)) => Ok(0),
        Ok(WaitStatus::Exited(_, code)) => Err(Errno::from_raw(code)),
        _ => return Err(CheckError::Process),
    };
    if result == Err(Errno::EIO) {
        case.fact("fd.wrong", "EIO in a forked process");
    } else {
        case.finding("fd.wrong", "EIO in a forked process", outcome(result)).list(result);
    }
    Ok(())
}

/// The answer as an exit code; the errno values of interest are small.
fn code(answer: Answer) -> u8 {
    match answer {
        Ok(_) => 0,
        Err(errno) => u8::try_from(errno as i32).unwrap_or(u8::MAX),
    }
}

fn one_reg(case: &Case<'_>) -> Result<(), CheckError> {
    let answers =
        [("/dev/kvm", case.subject.check_extension(CAP_ONE_REG)), ("a VM", case.vm.check_extension(CAP_ONE_REG))];
    for (place, answer) in answers {
        if !answer.is_ok_and(|value| value > 0) {
            let observed = answer.map_or_else(|_| outcome(answer), |value| value.to_string());
            case.finding("cap.one_reg", format!("a positive value for KVM_CAP_ONE_REG on {place}"), observed)
                .ioctl("KVM_CHECK_EXTENSION")
                .answer(answer);
        }
    }
    Ok(())
}
