// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Generates values to SET, with more of those that a register checks or acts on.

use super::known::{CPUID, TCFG, TVAL};
use crate::model::{canonical_id, cpucfg_id};

/// CPUCFG2 of every guest: FP with FPSP and FPDP, and LLFTP.
const CPUCFG2_BASE: u64 = 0x4007;
/// CPUCFG2's fields that a host with LSX, LASX and LBT takes.
const CPUCFG2_FIELDS: u64 = 0x007f_c0ff;
/// CPUCFG2: PTW, FRECIPE, DIV32, LAM_BH, LAMCAS, LLACQ_SCREL and SCQ.
const CPUCFG2_NEW_FIELDS: u64 = 0x7f00_0000;
/// TCFG with a timer that does not run.
const TIMER_OFF: u64 = !1;
/// TCFG with a timer that expires at once or, as far as a machine's uptime goes,
/// never: with one that expires between two calls it would be a matter of luck
/// which call sees it. The lower bits are EN and PERIOD.
const TIMERS: [u64; 7] = [
    1 << 2 | 0b01,
    1 << 2 | 0b11,
    0b11,
    1 << 37 | 0b01,
    1 << 47 | 0b11,
    0xffff_ffff_fffc | 0b11,
    0xffff_ffff_ffff_fffc | 0b01,
];

/// From this count on, a timer never expires, as far as a machine's uptime goes.
const NEVER: u64 = 1 << 37;

/// A value for a register, of a form and from random bits; those of which both
/// are small are the simplest.
pub(super) fn value(id: u64, form: u8, bits: u64) -> u64 {
    let any = || simple(form >> 4, bits);
    let one_of = |values: &[u64]| values.get(bits as usize % values.len().max(1)).copied().unwrap_or_default();
    match (canonical_id(id), form % 4) {
        (Some(TCFG), 0) => one_of(&TIMERS),
        (Some(TCFG), _) => any() & TIMER_OFF,
        // From Linux 7.3 on, a load can count down from TVAL.
        (Some(TVAL), _) => at_once_or_never(any()),
        (Some(CPUID), 0..=2) => bits % 260,
        (Some(id), 0) if id == cpucfg_id(2) => CPUCFG2_BASE | bits & CPUCFG2_FIELDS,
        (Some(id), 1) if id == cpucfg_id(2) => CPUCFG2_BASE | one_bit(bits),
        (Some(id), 2) if id == cpucfg_id(2) => bits & (CPUCFG2_FIELDS | CPUCFG2_NEW_FIELDS),
        (Some(id), 0) if id == cpucfg_id(6) => bits & 0x4001,
        (Some(id), 1) if id == cpucfg_id(6) => 1 | one_bit(bits),
        (Some(id), 2) if id == cpucfg_id(6) => bits & 0xffff,
        (Some(id), 0) if (0..21).map(cpucfg_id).any(|word| word == id) => one_bit(bits),
        (Some(id), 1) if (0..21).map(cpucfg_id).any(|word| word == id) => bits & 0x0001_ffff,
        (Some(id), 2) if (0..21).map(cpucfg_id).any(|word| word == id) => bits & 0x07ff_ffff,
        _ => any(),
    }
}

/// A timer's count that is over before the next call, or not before the last one.
fn at_once_or_never(count: u64) -> u64 {
    if count < 16 { count } else { count | NEVER }
}

fn simple(form: u8, bits: u64) -> u64 {
    match form % 5 {
        0 => bits % 16,
        1 => one_bit(bits),
        2 => u64::from(bits as u32),
        3 => u64::MAX,
        _ => bits,
    }
}

fn one_bit(bits: u64) -> u64 {
    1 << (bits % 64)
}
