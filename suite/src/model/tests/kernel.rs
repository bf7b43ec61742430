// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The model's own behaviour, as Linux 7.2's where kernels differ.

use kvm_bindings::loongarch64 as uapi;
use nix::errno::Errno;
use proptest::prelude::*;

use super::*;
use crate::access::Access;
use crate::kvm::{Answer, SubjectError, Vcpu, Vm};
use crate::memory::{Protection, Region, UserAddress, hostile_addresses, page_size};
use crate::model::{id, memory};

const CRMD: u64 = id::csr(0x0);
const ESTAT: u64 = id::csr(0x5);
const CPUID: u64 = id::csr(0x20);
const PRCFG1: u64 = id::csr(0x21);
const KS0: u64 = id::csr(0x30);
const TMID: u64 = id::csr(0x40);
const GINTC: u64 = id::csr(0x52);
const COUNTER: u64 = uapi::KVM_REG_LOONGARCH_COUNTER;
const SCR0: u64 = uapi::KVM_REG_LOONGARCH_LBT_SCR0;
const FTOP: u64 = uapi::KVM_REG_LOONGARCH_LBT_FTOP;
const BASE: u64 = 0x4007;

fn vm(host: Host) -> Box<dyn Vm> {
    Model::new(Kernel::V7_2, host, None).create_vm().unwrap()
}

fn vcpu() -> Box<dyn Vcpu> {
    vm(Host::FULL).create_vcpu(0).unwrap()
}

pub(super) fn get(vcpu: &dyn Vcpu, id: u64) -> Result<u64, Errno> {
    Access::new(vcpu).unwrap().get(id).unwrap().map(|value| value.number().try_into().unwrap())
}

pub(super) fn set(vcpu: &dyn Vcpu, id: u64, value: u64) -> Result<(), Errno> {
    Access::new(vcpu).unwrap().set(id, value).unwrap()
}

/// One call with `n`, and n afterwards.
fn list(vcpu: &dyn Vcpu, n: u64) -> (Answer, u64) {
    let mut region = Region::reserve(page_size()).unwrap();
    region.open(0..page_size(), Protection::ReadWrite).unwrap();
    region.write(0, &n.to_le_bytes()).unwrap();
    (vcpu.get_reg_list(region.address(0)), region.read_u64(0).unwrap())
}

#[test]
fn efault_is_real_wherever_the_program_itself_has_no_access() {
    if !alone(module_path!(), "efault_is_real_wherever_the_program_itself_has_no_access") {
        return;
    }
    let vcpu = vcpu();
    let access = Access::new(vcpu.as_ref()).unwrap();
    set(vcpu.as_ref(), KS0, 7).unwrap();
    for bad in hostile_addresses().unwrap() {
        assert_eq!(vcpu.get_reg_list(bad.address), Err(Errno::EFAULT), "{}", bad.what);
        assert_eq!(access.get_at(KS0, bad.address).unwrap(), Err(Errno::EFAULT), "{}", bad.what);
        assert!(bad.untouched().unwrap(), "{}", bad.what);
        if !bad.readable {
            assert_eq!(access.set_at(KS0, bad.address).unwrap(), Err(Errno::EFAULT), "{}", bad.what);
            assert_eq!(vcpu.get_one_reg(bad.address), Err(Errno::EFAULT), "{}", bad.what);
            assert_eq!(vcpu.set_one_reg(bad.address), Err(Errno::EFAULT), "{}", bad.what);
        }
    }
    assert_eq!(get(vcpu.as_ref(), KS0), Ok(7));
}

#[test]
fn a_write_across_pages_of_which_one_is_read_only_changes_no_byte() {
    let page = page_size();
    for read_only in [0, 1] {
        let mut region = Region::reserve(2 * page).unwrap();
        let writable = 1 - read_only;
        region.open(read_only * page..(read_only + 1) * page, Protection::ReadOnly).unwrap();
        region.open(writable * page..(writable + 1) * page, Protection::ReadWrite).unwrap();
        for offset in page - 7..page {
            assert_eq!(memory::put(region.address(offset).value(), 0), Err(Errno::EFAULT));
        }
        for first in [0, page] {
            assert!(region.touched(first..first + page).unwrap().is_empty());
        }
    }
    let mut region = Region::reserve(2 * page).unwrap();
    region.open(0..2 * page, Protection::ReadWrite).unwrap();
    memory::put(region.address(page - 3).value(), 0x0102_0304_0506_0708).unwrap();
    assert_eq!(region.read_u64(page - 3).unwrap(), 0x0102_0304_0506_0708);
    assert_eq!(region.touched(0..2 * page).unwrap().len(), 8);
}

#[test]
fn n_is_written_as_far_as_it_can_be() {
    let page = page_size();
    let vcpu = vcpu();
    for (writable, written) in [(0, 5), (1, 0)] {
        let mut region = Region::reserve(2 * page).unwrap();
        region.open(0..page, Protection::ReadWrite).unwrap();
        region.open(page..2 * page, Protection::ReadWrite).unwrap();
        let read_only = 1 - writable;
        region.seal(read_only * page..(read_only + 1) * page).unwrap();
        assert_eq!(vcpu.get_reg_list(region.address(page - 5)), Err(Errno::EFAULT));
        let touched = region.touched(0..page).unwrap();
        // Bytes of C, of which none is that of the poison.
        assert_eq!(touched, (page - written..page).collect::<Vec<_>>(), "page {writable} writable");
        assert!(region.touched(page..2 * page).unwrap().is_empty());
    }
}

#[test]
fn errors_come_in_the_kernels_order() {
    let vcpu = vcpu();
    let access = Access::new(vcpu.as_ref()).unwrap();
    let nowhere = UserAddress::NULL;
    let unknown = uapi::KVM_REG_LOONGARCH_FPSIMD | uapi::KVM_REG_SIZE_U64;
    let narrow = KS0 ^ uapi::KVM_REG_SIZE_U64 ^ uapi::KVM_REG_SIZE_U32;
    for (id, by_get, by_set) in [
        (unknown, Errno::EINVAL, Errno::EFAULT),
        (narrow, Errno::EINVAL, Errno::EINVAL),
        (SCR0, Errno::ENXIO, Errno::EFAULT),
        (KS0, Errno::EFAULT, Errno::EFAULT),
    ] {
        assert_eq!(access.get_at(id, nowhere).unwrap(), Err(by_get), "{id:#x}");
        assert_eq!(access.set_at(id, nowhere).unwrap(), Err(by_set), "{id:#x}");
    }
}

#[test]
fn every_csr_below_0x800_is_a_cell_under_all_of_its_aliases() {
    let vcpu = vcpu();
    for index in [0x9, 0x52, 0x90, 0x300, 0x7ff] {
        set(vcpu.as_ref(), id::csr(index), index << 40 | 5).unwrap();
        for alias in [0, 7, 1 << 15, 1 << 19, 1 << 51, 1 << 56, 1 << 59, 1 << 61, 1 << 62] {
            assert_eq!(get(vcpu.as_ref(), id::csr(index) ^ alias), Ok(index << 40 | 5), "{index:#x} {alias:#x}");
        }
    }
    for id in [id::csr(0x800), id::csr(0xfff), id::cpucfg(21), COUNTER | 1 << 40] {
        assert_eq!(get(vcpu.as_ref(), id), Err(Errno::EINVAL), "{id:#x}");
        assert_eq!(set(vcpu.as_ref(), id, 0), Err(Errno::EINVAL), "{id:#x}");
    }
}

#[test]
fn a_fresh_vcpu_is_all_zero_but_for_crmd_tmid_cpuid_and_time() {
    let vcpu = vm(Host::FULL).create_vcpu(3).unwrap();
    for id in (0..0x800).map(id::csr).chain((0..21).map(id::cpucfg)) {
        let value = match id {
            CRMD => 8,
            TMID => 3,
            CPUID => 256,
            // GET of ESTAT comes before and fills PRCFG1 to 3.
            _ if (0x21..=0x23).map(id::csr).any(|prcfg| prcfg == id) => continue,
            _ => 0,
        };
        assert_eq!(get(vcpu.as_ref(), id), Ok(value), "{id:#x}");
    }
    assert_eq!(get(vcpu.as_ref(), uapi::KVM_REG_LOONGARCH_DEBUG_INST), Ok(0x002b_8101));
    assert_eq!(set(vcpu.as_ref(), uapi::KVM_REG_LOONGARCH_DEBUG_INST, 0), Err(Errno::EINVAL));
}

#[test]
fn cpuid_is_set_once_and_belongs_to_one_vcpu() {
    let vm = vm(Host::FULL);
    let [first, second] = [0, 1].map(|id| vm.create_vcpu(id).unwrap());
    let [first, second] = [first.as_ref(), second.as_ref()];
    assert_eq!(set(first, CPUID, 256), Err(Errno::EINVAL));
    assert_eq!(set(first, CPUID, 9), Ok(()));
    assert_eq!(set(first, CPUID, 9), Ok(()));
    assert_eq!(set(first, CPUID, 8), Err(Errno::EINVAL));
    assert_eq!(set(second, CPUID, 9), Err(Errno::EINVAL));
    assert_eq!(set(second, CPUID, 8), Ok(()));
    assert_eq!((get(first, CPUID), get(second, CPUID)), (Ok(9), Ok(8)));
}

#[test]
fn estat_keeps_what_the_kernel_keeps_and_shows_gintc() {
    let vcpu = vcpu();
    let vcpu = vcpu.as_ref();
    set(vcpu, GINTC, 0xab00).unwrap();
    set(vcpu, ESTAT, u64::MAX).unwrap();
    assert_eq!(get(vcpu, ESTAT), Ok(0x7fff_3fff));
    assert_eq!(get(vcpu, GINTC), Ok(0xabff));
    set(vcpu, id::cpucfg(1), 1 << 26).unwrap();
    set(vcpu, ESTAT, u64::MAX).unwrap();
    assert_eq!(get(vcpu, ESTAT), Ok(0x7fff_7fff));
    set(vcpu, KS0, 5).unwrap();
    set(vcpu, uapi::KVM_REG_LOONGARCH_VCPU_RESET, 1).unwrap();
    assert_eq!([ESTAT, GINTC, KS0].map(|id| get(vcpu, id)), [Ok(0), Ok(0), Ok(5)]);
    assert_eq!(get(vcpu, uapi::KVM_REG_LOONGARCH_VCPU_RESET), Err(Errno::EINVAL));
}

#[test]
fn a_set_of_prcfg_lasts_until_a_get_of_estat_puts_the_vcpu() {
    let vcpu = vcpu();
    set(vcpu.as_ref(), PRCFG1, 1).unwrap();
    assert_eq!(get(vcpu.as_ref(), PRCFG1), Ok(1));
    get(vcpu.as_ref(), ESTAT).unwrap();
    assert_eq!(get(vcpu.as_ref(), PRCFG1), Ok(0x72f8));
}

#[test]
fn cpucfg_takes_what_the_host_has_and_the_architecture_allows() {
    let pmu = 1 | 63 << 8;
    let lbt = BASE | 1 << 19;
    let ok = Ok(());
    let einval = Err(Errno::EINVAL);
    for (index, value, full, plain) in [
        (0, 0xffff_ffff, ok, ok),
        (0, 1 << 32, einval, einval),
        (1, 0x03ff_ffff, ok, ok),
        (1, 1 << 26, ok, einval),
        (1, 1 << 27, einval, einval),
        (2, 0, einval, einval),
        (2, 0x4000, ok, ok),
        (2, 0x4001, einval, einval),
        (2, 0x4003, einval, einval),
        (2, BASE, ok, ok),
        (2, BASE | 1 << 6, ok, einval),
        (2, BASE | 1 << 7, einval, einval),
        (2, BASE | 3 << 6, ok, einval),
        (2, 0x4000 | 1 << 6, einval, einval),
        (2, lbt, ok, einval),
        (2, BASE | 1 << 10, einval, einval),
        (3, 0, ok, ok),
        (3, 0xb2_fffd & !0x00c0_0000, ok, einval),
        (3, 1 << 1, einval, einval),
        (3, 1 << 18, einval, einval),
        (6, 0, ok, ok),
        (6, pmu, ok, einval),
        (6, pmu | 3 << 4 | 1 << 14, ok, einval),
        (6, pmu | 4 << 4, einval, einval),
        (6, 1 | 47 << 8, einval, einval),
        (7, 0, ok, ok),
        (15, 1, einval, einval),
        (16, 0x1_ffff, ok, ok),
        (16, 0x2_0000, einval, einval),
        (20, 0x7fff_ffff, ok, ok),
        (20, 0x8000_0000, einval, einval),
    ] {
        for (host, expected) in [(Host::FULL, full), (Host::PLAIN, plain)] {
            let vcpu = vm(host).create_vcpu(0).unwrap();
            assert_eq!(set(vcpu.as_ref(), id::cpucfg(index), value), expected, "CPUCFG{index} = {value:#x}");
            let after = if expected.is_ok() { value } else { 0 };
            assert_eq!(get(vcpu.as_ref(), id::cpucfg(index)), Ok(after), "CPUCFG{index} = {value:#x}");
        }
    }
}

#[test]
fn lbt_is_there_for_any_of_its_bits() {
    let vcpu = vcpu();
    let vcpu = vcpu.as_ref();
    for bit in [18, 19, 20] {
        set(vcpu, id::cpucfg(2), BASE).unwrap();
        for id in [SCR0, FTOP, FTOP + 1] {
            assert_eq!(get(vcpu, id), Err(Errno::ENXIO));
            assert_eq!(set(vcpu, id, 0), Err(Errno::ENXIO));
        }
        set(vcpu, id::cpucfg(2), BASE | 1 << bit).unwrap();
        for (id, kept) in [(SCR0, u64::MAX), (SCR0 + 4, u64::MAX), (FTOP, 0xffff_ffff)] {
            set(vcpu, id, u64::MAX).unwrap();
            assert_eq!(get(vcpu, id), Ok(kept));
        }
        assert_eq!(get(vcpu, FTOP + 1), Err(Errno::EINVAL));
        assert_eq!(set(vcpu, SCR0 - 1, 0), Err(Errno::EINVAL));
    }
}

#[test]
fn counter_goes_forward_and_only_the_first_vcpu_sets_it_for_all() {
    let vm = vm(Host::FULL);
    let [first, second] = [0, 1].map(|id| vm.create_vcpu(id).unwrap());
    let [first, second] = [first.as_ref(), second.as_ref()];
    set(second, COUNTER, 1 << 60).unwrap();
    assert!(get(first, COUNTER).unwrap() < 1 << 50);
    set(first, COUNTER, 1 << 60).unwrap();
    let [one, two] = [second, first].map(|vcpu| get(vcpu, COUNTER).unwrap());
    assert!(1 << 60 < one && one < two && two < 1 << 61, "{one} {two}");
}

#[test]
fn the_list_follows_features_switched_on_and_off() {
    let vcpu = vcpu();
    let vcpu = vcpu.as_ref();
    let lengths =
        [(BASE, 0, 76), (BASE, 0x3f01, 84), (BASE | 7 << 18, 0x3f01, 90), (BASE | 1 << 20, 0, 82), (BASE, 0, 76)];
    for (cpucfg2, cpucfg6, length) in lengths {
        set(vcpu, id::cpucfg(2), cpucfg2).unwrap();
        set(vcpu, id::cpucfg(6), cpucfg6).unwrap();
        assert_eq!(list(vcpu, 0), (Err(Errno::E2BIG), length));
        assert_eq!(list(vcpu, length - 1), (Err(Errno::E2BIG), length));
        assert_eq!(list(vcpu, length), (Ok(0), length));
        assert_eq!(list(vcpu, u64::MAX), (Ok(0), length));
    }
}

#[test]
fn a_vm_has_each_vcpu_once() {
    let vm = vm(Host::FULL);
    let refused = |id| match vm.create_vcpu(id) {
        Err(SubjectError::Step { errno, .. }) => errno,
        other => panic!("{other:?}"),
    };
    let _vcpus = [0, 255].map(|id| vm.create_vcpu(id).unwrap());
    assert_eq!([0, 255].map(refused), [Errno::EEXIST; 2]);
    assert_eq!([256, 1 << 32, u64::MAX].map(refused), [Errno::EINVAL; 3]);
}

/// One call.
#[derive(Debug, Clone)]
enum Call {
    Get(u64, Place),
    Set(u64, u64, Place),
    List(u64, Place),
}

/// Where a call's memory lies.
#[derive(Debug, Clone, Copy)]
enum Place {
    Good,
    NearTheEnd(usize),
    Hostile(usize),
}

fn ids() -> impl Strategy<Value = u64> {
    prop_oneof![
        (0_u64..0x1000).prop_map(id::csr),
        (0_u64..24).prop_map(id::cpucfg),
        (0_u64..8).prop_map(|position| COUNTER - 1 + position),
        (0_u64..8).prop_map(|position| SCR0 - 1 + position),
        any::<u64>(),
    ]
}

fn values() -> impl Strategy<Value = u64> {
    prop_oneof![Just(0), Just(BASE), Just(BASE | 7 << 18), Just(0x3f01), 0_u64..300, any::<u64>()]
}

fn places() -> impl Strategy<Value = Place> {
    prop_oneof![Just(Place::Good), (1_usize..1000).prop_map(Place::NearTheEnd), (0_usize..16).prop_map(Place::Hostile)]
}

fn calls() -> impl Strategy<Value = Vec<Call>> {
    let call = prop_oneof![
        (ids(), places()).prop_map(|(id, place)| Call::Get(id, place)),
        (ids(), values(), places()).prop_map(|(id, value, place)| Call::Set(id, value, place)),
        (values(), places()).prop_map(|(n, place)| Call::List(n, place)),
    ];
    prop::collection::vec(call, 1..40)
}

fn answer(vcpu: &dyn Vcpu, call: &Call) -> Answer {
    let page = page_size();
    let mut region = Region::reserve(2 * page).unwrap();
    region.open(0..page, Protection::ReadWrite).unwrap();
    let hostile = hostile_addresses().unwrap();
    let at = |place| match place {
        Place::Good => (region.address(0), Some(0)),
        Place::NearTheEnd(distance) => (region.address(page - distance), Some(page - distance)),
        Place::Hostile(which) => (hostile[which % hostile.len()].address, None),
    };
    let prepare = |place, value: u64| {
        let (address, offset) = at(place);
        if let Some(offset) = offset {
            let length = (page - offset).min(8);
            region.write(offset, &value.to_le_bytes()[..length]).unwrap();
        }
        address
    };
    let access = Access::new(vcpu).unwrap();
    match *call {
        Call::Get(id, place) => access.get_at(id, at(place).0).unwrap(),
        Call::Set(id, value, place) => access.set_at(id, prepare(place, value)).unwrap(),
        Call::List(n, place) => vcpu.get_reg_list(prepare(place, n)),
    }
}

#[test]
fn no_sequence_of_calls_makes_the_model_panic_or_its_list_wrong() {
    if !alone(module_path!(), "no_sequence_of_calls_makes_the_model_panic_or_its_list_wrong") {
        return;
    }
    proptest!(|(calls in calls())| {
        let vcpu = vcpu();
        for call in &calls {
            let answer = answer(vcpu.as_ref(), call);
            let known = [Errno::EFAULT, Errno::EINVAL, Errno::ENXIO, Errno::E2BIG];
            prop_assert!(answer == Ok(0) || answer.is_err_and(|errno| known.contains(&errno)), "{call:?}: {answer:?}");
            let [cpucfg2, cpucfg6] = [2, 6].map(|index| get(vcpu.as_ref(), id::cpucfg(index)).unwrap());
            let length = 76 + 8 * (cpucfg6 & 1) + if cpucfg2 & 7 << 18 == 0 { 0 } else { 6 };
            prop_assert_eq!(list(vcpu.as_ref(), 200), (Ok(0), length));
        }
    });
}

#[test]
fn no_sequence_of_calls_makes_a_model_with_a_fault_panic() {
    if !alone(module_path!(), "no_sequence_of_calls_makes_a_model_with_a_fault_panic") {
        return;
    }
    proptest!(|(calls in calls(), fault in prop::sample::select(Fault::value_variants()))| {
        let vcpu = Model::new(Kernel::V7_2, Host::FULL, Some(fault)).create_vm().unwrap().create_vcpu(0).unwrap();
        for call in &calls {
            let _ = answer(vcpu.as_ref(), call);
        }
    });
}

/// KVM_SET_MP_STATE, and KVM_SET_DEVICE_ATTR on the paravirtual features.
const SET_MP_STATE: u64 = 0x4004_ae99;
const SET_DEVICE_ATTR: u64 = 0x4018_aee1;

#[test]
fn a_vcpu_stays_runnable_and_its_vm_keeps_the_features_of_its_first_set() {
    let mut region = Region::reserve(page_size()).unwrap();
    region.open(0..page_size(), Protection::ReadWrite).unwrap();
    let vm = vm(Host::FULL);
    let [first, second] = [0, 1].map(|id| vm.create_vcpu(id).unwrap());
    let call = |vcpu: &dyn Vcpu, request, words: [u64; 4]| {
        region.write(0, words.map(u64::to_le_bytes).as_flattened()).unwrap();
        vcpu.ioctl(request, region.address(0))
    };
    let states = [u64::from(uapi::KVM_MP_STATE_RUNNABLE), u64::from(uapi::KVM_MP_STATE_STOPPED)];
    let answers = states.map(|state| call(first.as_ref(), SET_MP_STATE, [state, 0, 0, 0]));
    assert_eq!(answers, [Ok(0), Err(Errno::EINVAL)]);
    let value = region.address(24).value();
    let set = |vcpu: &dyn Vcpu, features| call(vcpu, SET_DEVICE_ATTR, [0, 0x4000_0004, value, features]);
    assert_eq!(set(first.as_ref(), 1), Err(Errno::EINVAL));
    assert_eq!(set(first.as_ref(), 2), Ok(0));
    assert_eq!(set(second.as_ref(), 2), Ok(0));
    assert_eq!(set(second.as_ref(), 6), Err(Errno::EINVAL));
    assert_eq!(first.ioctl(0xaeff, UserAddress::NULL), Err(Errno::ENOTTY));
    assert_eq!(first.ioctl(0xaf00, UserAddress::NULL), Err(Errno::EINVAL));
}
