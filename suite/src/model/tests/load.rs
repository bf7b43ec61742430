// SPDX-License-Identifier: Apache-2.0 OR MIT
//! What GET of ESTAT changes: it loads the vCPU into hardware and puts it back.

use super::kernel::{get, set};
use super::*;
use crate::kvm::{Vcpu, Vm};
use crate::model::id;

const ESTAT: u64 = id::csr(0x5);
const KS0: u64 = id::csr(0x30);
const TCFG: u64 = id::csr(0x41);
const TVAL: u64 = id::csr(0x42);
const GSTAT: u64 = id::csr(0x50);
const GINTC: u64 = id::csr(0x52);
const LLBCTL: u64 = id::csr(0x60);

/// ESTAT.TI
const TI: u64 = 1 << 11;
/// TCFG: the timer runs.
const EN: u64 = 1;
/// TCFG: it runs again and again.
const PERIOD: u64 = 2;
/// More time than any test takes.
const LONG: u64 = 1 << 40;

fn lab(kernel: Kernel) -> Box<dyn Vm> {
    Model::new(kernel, Host::LAB, None).create_vm().unwrap()
}

fn vcpu() -> Box<dyn Vcpu> {
    vcpu_of(Kernel::V7_2)
}

fn vcpu_of(kernel: Kernel) -> Box<dyn Vcpu> {
    lab(kernel).create_vcpu(0).unwrap()
}

#[test]
fn what_the_root_does_not_keep_is_gone() {
    for (kernel, gstat) in [(Kernel::V7_2, 0), (Kernel::V6_12, 3)] {
        let vcpu = lab(kernel).create_vcpu(0).unwrap();
        let vcpu = vcpu.as_ref();
        set(vcpu, GSTAT, 3).unwrap();
        set(vcpu, ESTAT, 0x3fc).unwrap();
        assert_eq!(get(vcpu, GINTC), Ok(0xff));
        assert_eq!(get(vcpu, ESTAT), Ok(0), "{kernel:?}");
        assert_eq!([GINTC, GSTAT].map(|id| get(vcpu, id)), [Ok(0), Ok(gstat)], "{kernel:?}");
    }
}

#[test]
fn a_board_keeps_what_belongs_to_the_root() {
    let vcpu = Model::new(Kernel::V7_2, Host::FULL, None).create_vm().unwrap().create_vcpu(0).unwrap();
    let vcpu = vcpu.as_ref();
    set(vcpu, GSTAT, 3).unwrap();
    set(vcpu, ESTAT, 0x3fc).unwrap();
    assert_eq!(get(vcpu, ESTAT), Ok(0x3fc));
    assert_eq!([GINTC, GSTAT].map(|id| get(vcpu, id)), [Ok(0xff), Ok(3)]);
}

#[test]
fn a_full_load_among_several_vcpus_breaks_a_linked_load() {
    let vm = lab(Kernel::V7_2);
    let first = vm.create_vcpu(0).unwrap();
    let first = first.as_ref();
    let linked_load_broken = |vcpu| {
        get(vcpu, ESTAT).unwrap();
        get(vcpu, LLBCTL) == Ok(2)
    };
    assert!(!linked_load_broken(first), "the only vCPU");
    let second = vm.create_vcpu(1).unwrap();
    assert!(!linked_load_broken(first), "still in hardware");
    assert!(linked_load_broken(second.as_ref()), "never loaded before");
    assert!(linked_load_broken(first), "after another one");
    set(first, LLBCTL, 0).unwrap();
    assert!(linked_load_broken(first), "after a SET");
}

#[test]
fn a_failed_set_makes_the_next_load_a_full_one() {
    let vm = lab(Kernel::V7_2);
    let first = vm.create_vcpu(0).unwrap();
    get(first.as_ref(), ESTAT).unwrap();
    let _second = vm.create_vcpu(1).unwrap();
    assert!(set(first.as_ref(), id::csr(0x800), 0).is_err());
    get(first.as_ref(), ESTAT).unwrap();
    assert_eq!(get(first.as_ref(), LLBCTL), Ok(2));
}

#[test]
fn a_timer_that_does_not_run_stays_as_it_is() {
    let vcpu = vcpu();
    let vcpu = vcpu.as_ref();
    set(vcpu, TCFG, LONG | PERIOD).unwrap();
    set(vcpu, TVAL, 7).unwrap();
    assert_eq!(get(vcpu, ESTAT), Ok(0));
    assert_eq!([TCFG, TVAL].map(|id| get(vcpu, id)), [Ok(LONG | PERIOD), Ok(7)]);
}

#[test]
fn a_periodic_timer_of_a_fresh_vcpu_fires_at_once_and_then_counts_down() {
    let vcpu = vcpu();
    let vcpu = vcpu.as_ref();
    set(vcpu, TCFG, LONG | PERIOD | EN).unwrap();
    assert_eq!(get(vcpu, ESTAT), Ok(TI));
    let first = get(vcpu, TVAL).unwrap();
    assert!((1..=LONG).contains(&first), "{first:#x}");
    set(vcpu, ESTAT, 0).unwrap();
    assert_eq!(get(vcpu, ESTAT), Ok(0), "the period is not over");
    let second = get(vcpu, TVAL).unwrap();
    assert!(second <= first && first - second < LONG / 2, "{first:#x} {second:#x}");
}

#[test]
fn a_one_shot_timer_of_a_fresh_vcpu_is_over_and_does_not_fire() {
    let vcpu = vcpu();
    let vcpu = vcpu.as_ref();
    set(vcpu, TCFG, LONG | EN).unwrap();
    set(vcpu, TVAL, 5000).unwrap();
    assert_eq!(get(vcpu, ESTAT), Ok(0));
    assert_eq!(get(vcpu, TVAL), Ok(0));
}

#[test]
fn on_7_3_a_timer_of_a_fresh_vcpu_counts_down_from_its_tval() {
    for mode in [EN, PERIOD | EN] {
        let vcpu = vcpu_of(Kernel::V7_3);
        let vcpu = vcpu.as_ref();
        set(vcpu, TVAL, LONG).unwrap();
        set(vcpu, TCFG, (2 * LONG) | mode).unwrap();
        assert_eq!(get(vcpu, ESTAT), Ok(0), "{mode}");
        // Only the time in nanoseconds is rounded, down, and then the ticks.
        let first = get(vcpu, TVAL).unwrap();
        assert!((LONG - 1..=LONG).contains(&first), "{mode} {first:#x}");
        // The first put computed the expiry time.
        set(vcpu, TVAL, 1).unwrap();
        assert_eq!(get(vcpu, ESTAT), Ok(0), "{mode}");
        let second = get(vcpu, TVAL).unwrap();
        assert!(second <= first && first - second < LONG / 2, "{mode} {first:#x} {second:#x}");
    }
}

#[test]
fn on_7_3_a_timer_with_nothing_left_fires_at_once() {
    for (mode, tval, estat, left) in
        [(EN, 0, 0, 0), (PERIOD | EN, 0, TI, LONG), (PERIOD | EN, LONG | PERIOD | EN, TI, LONG)]
    {
        let vcpu = vcpu_of(Kernel::V7_3);
        let vcpu = vcpu.as_ref();
        set(vcpu, TVAL, tval).unwrap();
        set(vcpu, TCFG, LONG | mode).unwrap();
        assert_eq!([ESTAT, TVAL].map(|id| get(vcpu, id)), [Ok(estat), Ok(left)], "{mode} {tval:#x}");
    }
}

#[test]
fn a_one_shot_timer_with_more_left_than_it_had_has_fired_before() {
    for kernel in [Kernel::V7_2, Kernel::V7_3] {
        for (estat, left) in [(0, 0xffff_ffff_fffc), (TI, 0)] {
            let vcpu = vcpu_of(kernel);
            let vcpu = vcpu.as_ref();
            set(vcpu, TCFG, 4 | EN).unwrap();
            set(vcpu, TVAL, 6).unwrap();
            set(vcpu, ESTAT, estat).unwrap();
            assert_eq!([ESTAT, TVAL].map(|id| get(vcpu, id)), [Ok(estat), Ok(left)], "{kernel:?}");
        }
    }
}

#[test]
fn a_period_of_nothing_fires_at_once_and_is_one_tick_on_7_3() {
    for (kernel, left) in [(Kernel::V7_2, 0), (Kernel::V7_3, 1)] {
        let vcpu = vcpu_of(kernel);
        let vcpu = vcpu.as_ref();
        set(vcpu, TCFG, PERIOD | EN).unwrap();
        assert_eq!([ESTAT, TVAL].map(|id| get(vcpu, id)), [Ok(TI), Ok(left)], "{kernel:?}");
    }
}

#[test]
fn other_cells_come_back_as_they_were() {
    let vcpu = vcpu();
    let vcpu = vcpu.as_ref();
    let special = [ESTAT, GSTAT, GINTC, LLBCTL, TCFG, TVAL].into_iter().chain((0x20..=0x23).map(id::csr));
    let special: Vec<u64> = special.collect();
    let cells: Vec<u64> = (0..0x800).map(id::csr).filter(|id| !special.contains(id)).collect();
    for id in &cells {
        set(vcpu, *id, !*id).unwrap();
    }
    get(vcpu, ESTAT).unwrap();
    for id in &cells {
        assert_eq!(get(vcpu, *id), Ok(!*id), "{id:#x}");
    }
    assert_eq!(get(vcpu, KS0), Ok(!KS0));
}
