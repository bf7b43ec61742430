// SPDX-License-Identifier: Apache-2.0 OR MIT
//! In what Linux 6.12 and 7.3 differ from 7.2.

use kvm_bindings::loongarch64 as uapi;
use nix::errno::Errno;

use super::kernel::{get, set};
use super::*;
use crate::kvm::Vcpu;
use crate::model::id;

const ESTAT: u64 = id::csr(0x5);
const GINTC: u64 = id::csr(0x52);

const KERNELS: [Kernel; 3] = [Kernel::V6_12, Kernel::V7_2, Kernel::V7_3];

fn vcpu(kernel: Kernel, host: Host) -> Box<dyn Vcpu> {
    Model::new(kernel, host, None).create_vm().unwrap().create_vcpu(0).unwrap()
}

#[test]
fn set_of_estat_adds_bits_on_6_12() {
    let vcpu = vcpu(Kernel::V6_12, Host::FULL);
    let vcpu = vcpu.as_ref();
    set(vcpu, ESTAT, 0x1801).unwrap();
    set(vcpu, ESTAT, 0x0014).unwrap();
    assert_eq!(get(vcpu, ESTAT), Ok(0x1815));
    assert_eq!(get(vcpu, GINTC), Ok(0x5));
    set(vcpu, uapi::KVM_REG_LOONGARCH_VCPU_RESET, 0).unwrap();
    assert_eq!([ESTAT, GINTC].map(|id| get(vcpu, id)), [Ok(0), Ok(0)]);
}

#[test]
fn estat_goes_through_an_int_on_6_12() {
    let vcpu = vcpu(Kernel::V6_12, Host::FULL);
    set(vcpu.as_ref(), ESTAT, 0x7fff_ffff_0000_c000).unwrap();
    assert_eq!(get(vcpu.as_ref(), ESTAT), Ok(0xc000));
    set(vcpu.as_ref(), ESTAT, 1 << 31).unwrap();
    assert_eq!(get(vcpu.as_ref(), ESTAT), Ok(0xffff_ffff_8000_c000));
}

#[test]
fn cpucfg_has_fewer_bits_on_6_12_and_no_host_in_cpucfg3() {
    let (ok, einval) = (Ok(()), Err(Errno::EINVAL));
    for (index, value, newer, older) in [
        (1, 1 << 25, ok, ok),
        (1, 1 << 26, ok, einval),
        (2, 0x4007 | 1 << 24, ok, einval),
        (2, 0x4007 | 1 << 30, ok, einval),
        (2, 0x4007 | 7 << 18, ok, ok),
        (2, 0x4007 | 3 << 6, ok, ok),
        (3, 1 << 1, einval, ok),
        (3, 1 << 16, ok, ok),
        (3, 1 << 17, ok, einval),
        (3, 1 << 18, einval, einval),
        (6, 0x3f01, ok, ok),
        (16, 0x1_ffff, ok, ok),
    ] {
        for (kernel, expected) in [(Kernel::V7_3, newer), (Kernel::V7_2, newer), (Kernel::V6_12, older)] {
            let vcpu = vcpu(kernel, Host::FULL);
            assert_eq!(set(vcpu.as_ref(), id::cpucfg(index), value), expected, "{kernel:?} CPUCFG{index} {value:#x}");
        }
    }
    let plain = vcpu(Kernel::V6_12, Host::PLAIN);
    assert_eq!(set(plain.as_ref(), id::cpucfg(3), 0x1_ffff), ok);
}

#[test]
fn capabilities_are_those_of_the_kernel_on_every_descriptor() {
    for (capability, expected) in [
        (uapi::KVM_CAP_ONE_REG, [1, 1, 1]),
        (uapi::KVM_CAP_MP_STATE, [1, 1, 1]),
        (uapi::KVM_CAP_MAX_VCPUS, [256, 256, 256]),
        (uapi::KVM_CAP_NR_MEMSLOTS, [32_767, 32_767, 32_767]),
        (uapi::KVM_CAP_IRQCHIP, [0, 1, 1]),
        (uapi::KVM_CAP_IRQ_ROUTING, [0, 4096, 4096]),
        (uapi::KVM_CAP_VCPU_ATTRIBUTES, [0, 0, 1]),
        (uapi::KVM_CAP_STEAL_TIME, [0, 0, 1]),
        (uapi::KVM_CAP_XSAVE2, [0, 0, 0]),
        (u32::MAX, [0, 0, 0]),
    ] {
        for (kernel, expected) in KERNELS.into_iter().zip(expected) {
            let model = Model::new(kernel, Host::LAB, None);
            assert_eq!(model.check_extension(capability), Ok(expected), "{kernel:?} {capability}");
            assert_eq!(model.create_vm().unwrap().check_extension(capability), Ok(expected), "{kernel:?} {capability}");
        }
    }
}

#[test]
fn each_kernel_has_its_version() {
    assert_eq!(KERNELS.map(Kernel::version), ["6.12", "7.2", "7.3"]);
}

#[test]
fn the_model_of_another_version_is_that_of_the_next_later_one_or_the_newest() {
    let closest = [(5, 19), (6, 7), (6, 12), (6, 13), (7, 2), (7, 3), (7, 4), (8, 0)].map(Kernel::closest);
    assert_eq!(closest.map(Kernel::version), ["6.12", "6.12", "6.12", "7.2", "7.2", "7.3", "7.3", "7.3"]);
}
