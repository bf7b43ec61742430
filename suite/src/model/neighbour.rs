// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The other ioctls of a vCPU (virt/kvm/kvm_main.c, kvm_vcpu_ioctl; kvm/vcpu.c,
//! kvm_arch_vcpu_ioctl). Those of KVM's common code that LoongArch refuses or that enter
//! a guest are left out, and so is the group of the stolen time.

use std::cell::{Cell, RefCell};
use std::ops::Range;

use kvm_bindings::{KVMIO, loongarch64 as uapi};
use nix::errno::Errno;
use nix::{request_code_read, request_code_write};

use super::memory;
use super::vcpu::ModelVcpu;
use crate::kvm::Answer;

const REGS: usize = size_of::<uapi::kvm_regs>();
const FPU: usize = size_of::<uapi::kvm_fpu>();
const MP_STATE: usize = size_of::<uapi::kvm_mp_state>();
const ATTR: usize = size_of::<uapi::kvm_device_attr>();
const CAP: usize = size_of::<uapi::kvm_enable_cap>();

const KVM_GET_REGS: u64 = request_code_read!(KVMIO, 0x81, REGS);
const KVM_SET_REGS: u64 = request_code_write!(KVMIO, 0x82, REGS);
const KVM_GET_FPU: u64 = request_code_read!(KVMIO, 0x8c, FPU);
const KVM_SET_FPU: u64 = request_code_write!(KVMIO, 0x8d, FPU);
const KVM_GET_MP_STATE: u64 = request_code_read!(KVMIO, 0x98, MP_STATE);
const KVM_SET_MP_STATE: u64 = request_code_write!(KVMIO, 0x99, MP_STATE);
const KVM_ENABLE_CAP: u64 = request_code_write!(KVMIO, 0xa3, CAP);
const KVM_SET_DEVICE_ATTR: u64 = request_code_write!(KVMIO, 0xe1, ATTR);
const KVM_GET_DEVICE_ATTR: u64 = request_code_write!(KVMIO, 0xe2, ATTR);
const KVM_HAS_DEVICE_ATTR: u64 = request_code_write!(KVMIO, 0xe3, ATTR);

/// Bytes of `gprs[0]`, which stays 0.
const ZERO: Range<usize> = 0..8;
/// Bytes of struct kvm_fpu between fcsr and fcc.
const PADDING: Range<usize> = 4..8;
/// include/uapi/asm/kvm_para.h.
const CPUCFG_KVM_FEATURE: u64 = 0x4000_0004;

/// The state of a vCPU that no register id reaches.
#[derive(Debug)]
pub(super) struct General {
    /// struct kvm_regs, with pc last.
    pub(super) regs: RefCell<[u8; REGS]>,
    fpu: RefCell<[u8; FPU]>,
    mp_state: Cell<u32>,
}

impl Default for General {
    /// kvm/vcpu.c, kvm_arch_vcpu_create.
    fn default() -> Self {
        Self {
            regs: RefCell::new([0; REGS]),
            fpu: RefCell::new([0; FPU]),
            mp_state: Cell::new(uapi::KVM_MP_STATE_RUNNABLE),
        }
    }
}

/// The cases of the switch that a fault can replace.
#[derive(Debug, Clone, Copy)]
pub(super) struct Manner {
    pub(super) get_attr: fn(&ModelVcpu, u64) -> Answer,
    pub(super) set_attr: fn(&ModelVcpu, u64) -> Answer,
    pub(super) default: fn(&ModelVcpu, u64) -> Answer,
}

impl Manner {
    pub(super) const RIGHT: Self = Self { get_attr, set_attr, default: |_, _| Err(Errno::ENOTTY) };
}

/// kvm_vcpu_ioctl and kvm_arch_vcpu_ioctl.
pub(super) fn ioctl(vcpu: &ModelVcpu, request: u64, argument: u64) -> Answer {
    let manner = vcpu.machine.manner.neighbour;
    let General { regs, fpu, mp_state } = &vcpu.general;
    if request >> 8 & 0xff != u64::from(KVMIO) {
        return Err(Errno::EINVAL);
    }
    match request {
        KVM_GET_REGS => memory::write(argument, &*regs.borrow()).map(|()| 0),
        KVM_SET_REGS => {
            *regs.borrow_mut() = without(ZERO, memory::read(argument)?);
            Ok(0)
        }
        KVM_GET_FPU => memory::write(argument, &*fpu.borrow()).map(|()| 0),
        KVM_SET_FPU => {
            *fpu.borrow_mut() = without(PADDING, memory::read(argument)?);
            Ok(0)
        }
        KVM_GET_MP_STATE => memory::write(argument, &mp_state.get().to_le_bytes()).map(|()| 0),
        KVM_SET_MP_STATE => match memory::read(argument).map(u32::from_le_bytes)? {
            uapi::KVM_MP_STATE_RUNNABLE => Ok(0),
            _ => Err(Errno::EINVAL),
        },
        KVM_ENABLE_CAP => enable_cap(argument),
        KVM_HAS_DEVICE_ATTR => has_attr(argument),
        KVM_GET_DEVICE_ATTR => (manner.get_attr)(vcpu, argument),
        KVM_SET_DEVICE_ATTR => (manner.set_attr)(vcpu, argument),
        _ => (manner.default)(vcpu, argument),
    }
}

/// A structure with zeros in the place of bytes that a SET does not take.
fn without<const N: usize>(range: Range<usize>, mut bytes: [u8; N]) -> [u8; N] {
    if let Some(dropped) = bytes.get_mut(range) {
        dropped.fill(0);
    }
    bytes
}

/// kvm_vcpu_ioctl_enable_cap.
pub(super) fn enable_cap(argument: u64) -> Answer {
    memory::read::<CAP>(argument)?;
    Err(Errno::EINVAL)
}

/// struct kvm_device_attr.
struct Attr {
    group: u32,
    attr: u64,
    addr: u64,
}

fn copy_in(argument: u64) -> Result<Attr, Errno> {
    let group = memory::get(argument)? >> 32;
    Ok(Attr { group: group as u32, attr: memory::get(argument + 8)?, addr: memory::get(argument + 16)? })
}

/// kvm_loongarch_vcpu_has_attr, kvm_loongarch_cpucfg_has_attr.
fn has_attr(argument: u64) -> Answer {
    let Attr { group, attr, .. } = copy_in(argument)?;
    match (group, attr) {
        (uapi::KVM_LOONGARCH_VCPU_CPUCFG, 2 | 6 | CPUCFG_KVM_FEATURE) => Ok(0),
        _ => Err(Errno::ENXIO),
    }
}

/// kvm_loongarch_vcpu_get_attr, kvm_loongarch_cpucfg_get_attr.
pub(super) fn get_attr(vcpu: &ModelVcpu, argument: u64) -> Answer {
    let Attr { group, attr, addr } = copy_in(argument)?;
    let machine = &vcpu.machine;
    let value = match (group, attr) {
        (uapi::KVM_LOONGARCH_VCPU_CPUCFG, 0..=20) => machine.host.mask(machine.kernel, attr),
        (uapi::KVM_LOONGARCH_VCPU_CPUCFG, CPUCFG_KVM_FEATURE) => machine.pv_features.get(),
        _ => return Err(Errno::ENXIO),
    };
    memory::put(addr, value).map(|()| 0)
}

/// kvm_loongarch_vcpu_set_attr, kvm_loongarch_cpucfg_set_attr.
pub(super) fn set_attr(vcpu: &ModelVcpu, argument: u64) -> Answer {
    let Attr { group, attr, addr } = copy_in(argument)?;
    match (group, attr) {
        (uapi::KVM_LOONGARCH_VCPU_CPUCFG, CPUCFG_KVM_FEATURE) => {
            vcpu.machine.pv_features.set(memory::get(addr)?, vcpu.machine.kernel)?;
            Ok(0)
        }
        _ => Err(Errno::ENXIO),
    }
}
