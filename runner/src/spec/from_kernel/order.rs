// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Merges the orders of several lists.

use std::collections::{BTreeMap, BTreeSet};

use super::error::FromKernelError;
use super::lists::{Listed, Lists};

/// All listed ids in an order that fits every list, longer lists first. Fails if
/// lists contradict each other.
pub(super) fn merged(lists: &Lists, name: impl Fn(u64) -> String) -> Result<Vec<u64>, FromKernelError> {
    let mut longest: Vec<&Listed> = lists.configurations.iter().collect();
    longest.sort_by_key(|listed| std::cmp::Reverse(listed.ids.len()));
    let mut rank: BTreeMap<u64, usize> = BTreeMap::new();
    for id in longest.iter().flat_map(|listed| &listed.ids) {
        let next = rank.len();
        rank.entry(*id).or_insert(next);
    }
    // Neighbours imply the order of all others.
    let mut after: BTreeMap<u64, BTreeSet<u64>> = BTreeMap::new();
    let mut before: BTreeMap<u64, usize> = rank.keys().map(|id| (*id, 0)).collect();
    for listed in &lists.configurations {
        for (one, other) in listed.ids.iter().zip(listed.ids.iter().skip(1)) {
            if after.entry(*one).or_default().insert(*other)
                && let Some(number) = before.get_mut(other)
            {
                *number += 1;
            }
        }
    }
    let ranked = |id: u64| (rank.get(&id).copied().unwrap_or_default(), id);
    let mut free: BTreeSet<(usize, u64)> =
        before.iter().filter(|(_, number)| **number == 0).map(|(id, _)| ranked(*id)).collect();
    let mut order = Vec::with_capacity(rank.len());
    while let Some((_, id)) = free.pop_first() {
        order.push(id);
        for next in after.get(&id).into_iter().flatten() {
            if let Some(number) = before.get_mut(next) {
                *number -= 1;
                if *number == 0 {
                    free.insert(ranked(*next));
                }
            }
        }
    }
    if order.len() == rank.len() { Ok(order) } else { Err(contradiction(lists, &order, name)) }
}

/// The error with two contradicting lists, or with the registers of a cycle.
fn contradiction(lists: &Lists, done: &[u64], name: impl Fn(u64) -> String) -> FromKernelError {
    let place = |listed: &Listed| -> BTreeMap<u64, usize> {
        listed.ids.iter().enumerate().map(|(place, id)| (*id, place)).collect()
    };
    for (position, one) in lists.configurations.iter().enumerate() {
        let places = place(one);
        for other in lists.configurations.iter().take(position) {
            let common: Vec<(u64, usize)> = other.ids.iter().filter_map(|id| Some((*id, *places.get(id)?))).collect();
            let swapped = common.iter().zip(common.iter().skip(1)).find(|((_, first), (_, second))| first > second);
            if let Some(((first, _), (second, _))) = swapped {
                let (first, second) = (name(*first), name(*second));
                let what =
                    format!("{first} before {second} in {}, and {second} before {first} in {}", other.name, one.name);
                return FromKernelError::Order { what };
            }
        }
    }
    let done: BTreeSet<u64> = done.iter().copied().collect();
    let all: BTreeSet<u64> = lists.configurations.iter().flat_map(|listed| listed.ids.iter().copied()).collect();
    let names: Vec<String> = all.difference(&done).take(8).map(|id| name(*id)).collect();
    FromKernelError::Order { what: format!("no order of {} fits all of them", names.join(", ")) }
}
