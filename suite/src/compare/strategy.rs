// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Generates random calls of every kind of id, address and n, with more of those that
//! a kernel treats specially.

use proptest::prelude::*;
use proptest::sample::select;

use super::call::Call;
use super::known::{COUNTER, INTERPLAY, LBT, SPECIAL_CSRS};
use super::place::Place;
use super::value::value;
use crate::model::{cpucfg_id, csr_id, listed_ids};
use crate::value::SIZE_MASK;

/// Calls in a sequence, at most.
const LONGEST: usize = 120;
/// Bits that GET and SET ignore in the id of a CSR or CPUCFG word.
const IGNORED_BITS: u64 = 0x6f0f_ffff_fff8_8007;
/// Bits of the kind and the architecture of an id.
const KIND_BITS: u64 = 0x9000_0000_0007_0000;
/// Bytes of the largest list, with its header.
pub(super) const LIST: usize = 8 + 90 * 8;

/// Sequences on the vCPUs that there are, or with more of them being created.
pub(super) fn sequences(more_vcpus: bool) -> impl Strategy<Value = Vec<Call>> {
    let create = |weight| if more_vcpus { weight } else { 0 };
    prop_oneof![
        3 => prop::collection::vec(calls(40, 40, 15, create(4)), 1..=LONGEST),
        // Most SETs reset KVM's state, so some sequences do without them.
        1 => prop::collection::vec(calls(80, 5, 5, create(10)), 1..=LONGEST),
    ]
}

fn calls(get: u32, set: u32, list: u32, create: u32) -> impl Strategy<Value = Call> {
    let vcpus = 0_usize..4;
    let gets = (vcpus.clone(), ids(), places(24), places(16)).prop_map(|(vcpu, id, one_reg, at)| Call::Get {
        vcpu,
        id,
        one_reg,
        at,
    });
    let sets = (vcpus.clone(), ids(), any::<u8>(), any::<u64>(), places(24), places(16)).prop_map(
        |(vcpu, id, form, bits, one_reg, at)| Call::Set { vcpu, id, value: value(id, form, bits), one_reg, at },
    );
    let lists = (vcpus, counts(), list_places()).prop_map(|(vcpu, n, at)| Call::List { vcpu, n, at });
    prop_oneof![get => gets, set => sets, list => lists, create => vcpu_ids().prop_map(Call::Create)]
}

fn ids() -> impl Strategy<Value = u64> {
    let special = SPECIAL_CSRS.map(csr_id);
    let listed = listed_ids();
    let known: Vec<u64> = listed.iter().copied().chain(special).collect();
    prop_oneof![
        5 => select(listed),
        3 => select(special.to_vec()),
        5 => select(INTERPLAY.to_vec()),
        2 => (0_u64..0x1000).prop_map(csr_id),
        3 => select(vec![1, 2, 3, 6]).prop_map(cpucfg_id),
        2 => (0_u64..24).prop_map(cpucfg_id),
        1 => (0_u64..6).prop_map(|position| COUNTER - 1 + position),
        2 => (0_u64..9).prop_map(|position| LBT.start() - 1 + position),
        2 => (select(known.clone()), any::<u64>()).prop_map(|(id, bits)| id ^ bits & IGNORED_BITS),
        1 => (select(known.clone()), any::<u64>()).prop_map(|(id, bits)| id ^ bits & SIZE_MASK),
        1 => (select(known), any::<u64>()).prop_map(|(id, bits)| id ^ bits & KIND_BITS),
        1 => any::<u64>(),
    ]
}

/// Places for a word or a few.
fn places(length: usize) -> impl Strategy<Value = Place> {
    prop_oneof![
        20 => Just(Place::Good(0)),
        1 => (1_usize..16).prop_map(Place::Good),
        1 => (1..=length).prop_map(Place::BeforeNothing),
        1 => (1..=length).prop_map(Place::BeforeReadOnly),
        1 => (1..=length).prop_map(Place::BeforeWritable),
        1 => (0_usize..16).prop_map(Place::ReadOnlyZeros),
        1 => (0_usize..9).prop_map(Place::Hostile),
    ]
}

/// Places for a list, of which many end between two entries.
fn list_places() -> impl Strategy<Value = Place> {
    let entries = 1..=LIST / 8;
    prop_oneof![
        10 => places(24),
        3 => entries.clone().prop_map(|words| Place::BeforeNothing(8 * words)),
        3 => entries.prop_map(|words| Place::BeforeReadOnly(8 * words)),
        1 => (1..=LIST).prop_map(Place::BeforeNothing),
        1 => (1..=LIST).prop_map(Place::BeforeReadOnly),
    ]
}

fn counts() -> impl Strategy<Value = u64> {
    let borders = [0, 1, 75, 76, 81, 82, 83, 84, 89, 90];
    let wide = [31, 32, 63].map(|bit| 1 << bit).map(|power: u64| [power - 1, power, power + 76, power + 90]);
    prop_oneof![
        4 => select(borders.to_vec()),
        2 => 0_u64..100,
        2 => select(wide.concat()),
        1 => any::<u64>(),
    ]
}

fn vcpu_ids() -> impl Strategy<Value = u64> {
    prop_oneof![4 => 0_u64..6, 1 => select(vec![255, 256, 257, 1 << 31, 1 << 32, u64::MAX])]
}
