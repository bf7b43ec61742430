// SPDX-License-Identifier: Apache-2.0 OR MIT

//! The bindings against what a C compiler for LoongArch makes of the same headers.
//!
//! bindgen's own assertions in the generated file rest on the layout that bindgen saw. The numbers here were printed by a
//! C program, built with GCC and run on a loongarch64 kernel, so that neither bindgen nor its options vouch for
//! themselves. They are the kernel's ABI: if one changes, the bindings are wrong.

use std::mem::{align_of, offset_of, size_of};

use super::*;

macro_rules! assert_layout {
    ($type:ident, $size:literal, $align:literal, { $($field:ident: $offset:literal),* $(,)? }) => {
        assert_eq!(size_of::<$type>(), $size, concat!("size of ", stringify!($type)));
        assert_eq!(align_of::<$type>(), $align, concat!("alignment of ", stringify!($type)));
        $(assert_eq!(
            offset_of!($type, $field),
            $offset,
            concat!("offset of ", stringify!($type), ".", stringify!($field)),
        );)*
    };
}

#[test]
fn registers_have_the_kernels_layout() {
    assert_layout!(kvm_one_reg, 16, 8, { id: 0, addr: 8 });
    assert_layout!(kvm_reg_list, 8, 8, { n: 0, reg: 8 });
    assert_layout!(kvm_regs, 264, 8, { gpr: 0, pc: 256 });
    assert_layout!(kvm_fpu, 1040, 8, { fcsr: 0, fcc: 8, fpr: 16 });
    assert_layout!(kvm_iocsr_entry, 16, 8, { addr: 0, pad: 4, data: 8 });
    assert_layout!(kvm_mp_state, 4, 4, { mp_state: 0 });
    assert_layout!(kvm_interrupt, 4, 4, { irq: 0 });
}

#[test]
fn structs_without_members_have_no_size() {
    assert_layout!(kvm_sregs, 0, 1, {});
    assert_layout!(kvm_sync_regs, 0, 1, {});
    assert_layout!(kvm_debug_exit_arch, 0, 1, {});
    assert_layout!(kvm_guest_debug_arch, 0, 1, {});
    assert_layout!(kvm_guest_debug, 8, 4, { control: 0, pad: 4, arch: 8 });
}

#[test]
fn run_area_has_the_kernels_layout() {
    assert_layout!(kvm_run, 2352, 8, {
        request_interrupt_window: 0,
        immediate_exit: 1,
        exit_reason: 8,
        ready_for_interrupt_injection: 12,
        if_flag: 13,
        flags: 14,
        cr8: 16,
        apic_base: 24,
        __bindgen_anon_1: 32,
        kvm_valid_regs: 288,
        kvm_dirty_regs: 296,
        s: 304,
    });
}

#[test]
fn devices_and_memory_have_the_kernels_layout() {
    assert_layout!(kvm_device_attr, 24, 8, { flags: 0, group: 4, attr: 8, addr: 16 });
    assert_layout!(kvm_create_device, 12, 4, { type_: 0, fd: 4, flags: 8 });
    assert_layout!(kvm_enable_cap, 104, 8, {});
    assert_layout!(kvm_userspace_memory_region, 32, 8, {
        slot: 0,
        flags: 4,
        guest_phys_addr: 8,
        memory_size: 16,
        userspace_addr: 24,
    });
    assert_layout!(kvm_userspace_memory_region2, 160, 8, {});
}

/// Naming the arrays is half of the test: see `__DECLARE_FLEX_ARRAY` in `regenerate.sh`.
#[test]
fn flexible_arrays_are_plain_fields_at_the_end() {
    assert_layout!(kvm_coalesced_mmio_ring, 8, 8, { coalesced_mmio: 8 });
    assert_layout!(kvm_irq_routing, 8, 8, { entries: 8 });
    assert_layout!(kvm_signal_mask, 4, 4, { sigset: 4 });
    assert_layout!(kvm_coalesced_mmio, 24, 8, {});
    assert_layout!(kvm_irq_routing_entry, 48, 8, {});
}

/// Directions of asm-generic/ioctl.h, which LoongArch uses.
const NONE: usize = 0;
const WRITE: usize = 1;
const READ: usize = 2;

/// Each line: a request's name, direction, number and argument, and the code they make.
macro_rules! assert_requests {
    ($($name:ident: $direction:expr, $number:literal, $argument:ty => $code:literal;)*) => {
        $(assert_eq!(
            ($direction) << 30 | size_of::<$argument>() << 16 | (KVMIO as usize) << 8 | $number,
            $code,
            stringify!($name),
        );)*
    };
}

#[test]
fn sizes_give_the_kernels_request_codes() {
    assert_requests! {
        KVM_CREATE_VM: NONE, 0x01, () => 0xae01;
        KVM_CREATE_VCPU: NONE, 0x41, () => 0xae41;
        KVM_SET_USER_MEMORY_REGION: WRITE, 0x46, kvm_userspace_memory_region => 0x4020_ae46;
        KVM_GET_REGS: READ, 0x81, kvm_regs => 0x8108_ae81;
        KVM_SET_REGS: WRITE, 0x82, kvm_regs => 0x4108_ae82;
        KVM_GET_FPU: READ, 0x8c, kvm_fpu => 0x8410_ae8c;
        KVM_SET_FPU: WRITE, 0x8d, kvm_fpu => 0x4410_ae8d;
        KVM_GET_MP_STATE: READ, 0x98, kvm_mp_state => 0x8004_ae98;
        KVM_SET_MP_STATE: WRITE, 0x99, kvm_mp_state => 0x4004_ae99;
        KVM_ENABLE_CAP: WRITE, 0xa3, kvm_enable_cap => 0x4068_aea3;
        KVM_GET_ONE_REG: WRITE, 0xab, kvm_one_reg => 0x4010_aeab;
        KVM_SET_ONE_REG: WRITE, 0xac, kvm_one_reg => 0x4010_aeac;
        KVM_GET_REG_LIST: READ | WRITE, 0xb0, kvm_reg_list => 0xc008_aeb0;
        KVM_CREATE_DEVICE: READ | WRITE, 0xe0, kvm_create_device => 0xc00c_aee0;
        KVM_SET_DEVICE_ATTR: WRITE, 0xe1, kvm_device_attr => 0x4018_aee1;
        KVM_GET_DEVICE_ATTR: WRITE, 0xe2, kvm_device_attr => 0x4018_aee2;
        KVM_HAS_DEVICE_ATTR: WRITE, 0xe3, kvm_device_attr => 0x4018_aee3;
    }
}

macro_rules! assert_constants {
    ($type:ty { $($name:ident = $value:literal;)* }) => {
        $(
            let value: $type = $name;
            assert_eq!(value, $value, "{}: {value:#x}", stringify!($name));
        )*
    };
}

/// The type counts too: bindgen left alone makes KVM_REG_LOONGARCH a negative i64.
#[test]
fn register_ids_have_the_kernels_values() {
    assert_constants!(u64 {
        KVM_REG_ARCH_MASK = 0xff00_0000_0000_0000;
        KVM_REG_LOONGARCH = 0x9000_0000_0000_0000;
        KVM_REG_SIZE_MASK = 0x00f0_0000_0000_0000;
        KVM_REG_SIZE_U8 = 0;
        KVM_REG_SIZE_U16 = 0x0010_0000_0000_0000;
        KVM_REG_SIZE_U32 = 0x0020_0000_0000_0000;
        KVM_REG_SIZE_U64 = 0x0030_0000_0000_0000;
        KVM_REG_SIZE_U128 = 0x0040_0000_0000_0000;
        KVM_REG_SIZE_U256 = 0x0050_0000_0000_0000;
        KVM_REG_LOONGARCH_GPR = 0x9000_0000_0000_0000;
        KVM_REG_LOONGARCH_CSR = 0x9000_0000_0001_0000;
        KVM_REG_LOONGARCH_KVM = 0x9000_0000_0002_0000;
        KVM_REG_LOONGARCH_FPSIMD = 0x9000_0000_0003_0000;
        KVM_REG_LOONGARCH_CPUCFG = 0x9000_0000_0004_0000;
        KVM_REG_LOONGARCH_LBT = 0x9000_0000_0005_0000;
        KVM_REG_LOONGARCH_MASK = 0x9000_0000_0007_0000;
        KVM_REG_LOONGARCH_COUNTER = 0x9030_0000_0002_0001;
        KVM_REG_LOONGARCH_VCPU_RESET = 0x9030_0000_0002_0002;
        KVM_REG_LOONGARCH_DEBUG_INST = 0x9030_0000_0002_0003;
        KVM_REG_LOONGARCH_LBT_SCR0 = 0x9030_0000_0005_0001;
        KVM_REG_LOONGARCH_LBT_SCR1 = 0x9030_0000_0005_0002;
        KVM_REG_LOONGARCH_LBT_SCR2 = 0x9030_0000_0005_0003;
        KVM_REG_LOONGARCH_LBT_SCR3 = 0x9030_0000_0005_0004;
        KVM_REG_LOONGARCH_LBT_EFLAGS = 0x9030_0000_0005_0005;
        KVM_REG_LOONGARCH_LBT_FTOP = 0x9030_0000_0005_0006;
    });
}

#[test]
fn other_constants_have_the_kernels_values() {
    assert_constants!(u32 {
        KVM_REG_SIZE_SHIFT = 52;
        LOONGARCH_REG_SHIFT = 3;
        KVM_CSR_IDX_MASK = 0x7fff;
        KVM_CPUCFG_IDX_MASK = 0x7fff;
        KVM_LOONGARCH_VM_FEAT_CTRL = 0;
        KVM_LOONGARCH_VM_FEAT_LSX = 0;
        KVM_LOONGARCH_VM_FEAT_LASX = 1;
        KVM_LOONGARCH_VM_FEAT_X86BT = 2;
        KVM_LOONGARCH_VM_FEAT_ARMBT = 3;
        KVM_LOONGARCH_VM_FEAT_MIPSBT = 4;
        KVM_LOONGARCH_VM_FEAT_PMU = 5;
        KVM_LOONGARCH_VM_FEAT_PV_IPI = 6;
        KVM_LOONGARCH_VM_FEAT_PV_STEALTIME = 7;
        KVM_LOONGARCH_VM_FEAT_PTW = 8;
        KVM_LOONGARCH_VM_FEAT_MSGINT = 9;
        KVM_LOONGARCH_VM_FEAT_PV_PREEMPT = 10;
        KVM_LOONGARCH_VCPU_CPUCFG = 0;
        KVM_LOONGARCH_VCPU_PVTIME_CTRL = 1;
        KVM_LOONGARCH_VCPU_PVTIME_GPA = 0;
        KVM_CAP_ONE_REG = 70;
    });
}
