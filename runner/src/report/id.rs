// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The parts of a case's id, `configuration.theme.name`.

use std::hash::Hash;

use indexmap::{IndexMap, IndexSet};

pub(crate) fn configuration(case: &str) -> &str {
    case.split('.').next().unwrap_or(case)
}

pub(super) fn theme(case: &str) -> &str {
    case.split('.').nth(1).unwrap_or_default()
}

/// The check: the id without the configuration.
pub(crate) fn check(case: &str) -> &str {
    case.split_once('.').map_or(case, |(_, check)| check)
}

/// The distinct values of `part`, in order.
pub(crate) fn each_once<'a>(cases: impl IntoIterator<Item = &'a str>, part: fn(&str) -> &str) -> Vec<&'a str> {
    cases.into_iter().map(part).collect::<IndexSet<_>>().into_iter().collect()
}

/// Adds an item, unless the list has it.
pub(crate) fn push_new<T: PartialEq>(list: &mut Vec<T>, item: T) {
    if !list.contains(&item) {
        list.push(item);
    }
}

/// Groups values by key, in order.
pub(crate) fn by_key<K: Eq + Hash, V>(items: impl IntoIterator<Item = (K, V)>) -> Vec<(K, Vec<V>)> {
    let mut groups: IndexMap<K, Vec<V>> = IndexMap::new();
    for (key, value) in items {
        groups.entry(key).or_default().push(value);
    }
    groups.into_iter().collect()
}
