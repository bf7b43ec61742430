// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The parts of a case's id, `configuration.theme.name`.

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
    let mut parts = Vec::new();
    for case in cases {
        push_new(&mut parts, part(case));
    }
    parts
}

/// Adds an item, unless the list has it.
pub(crate) fn push_new<T: PartialEq>(list: &mut Vec<T>, item: T) {
    if !list.contains(&item) {
        list.push(item);
    }
}

/// Groups values by key, in order.
pub(crate) fn by_key<K: PartialEq, V>(items: impl IntoIterator<Item = (K, V)>) -> Vec<(K, Vec<V>)> {
    let mut groups: Vec<(K, Vec<V>)> = Vec::new();
    for (key, value) in items {
        match groups.iter_mut().find(|(known, _)| *known == key) {
            Some((_, values)) => values.push(value),
            None => groups.push((key, vec![value])),
        }
    }
    groups
}
