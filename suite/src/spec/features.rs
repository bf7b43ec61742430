// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Resolves names of features and register types.

use std::collections::BTreeSet;

use super::error::{Problem, SpecError};
use super::text::Text;
use crate::arch::{Arch, Feature, RegisterType};

/// The features that stand under `key`. Its line is looked for only where
/// something is wrong, from the line on that `start` gives.
pub(super) fn resolve(
    text: &Text,
    start: impl Fn() -> usize,
    key: &'static str,
    names: &[String],
    arch: &dyn Arch,
) -> Result<Vec<Feature>, SpecError> {
    let line = || text.line_of_key_from(start(), key);
    if let Some(name) = second(names) {
        return Err(text.error(line(), Problem::Duplicate { key, name: name.to_owned() }));
    }
    let resolved = names.iter().map(|name| {
        arch.feature(name).map_err(|known| {
            let problem = Problem::Unknown { key, name: name.clone(), known };
            text.error(text.line_of_word_from(line(), name), problem)
        })
    });
    resolved.collect()
}

/// As [`resolve`], where a condition on no feature would mean nothing; none without the key.
pub(super) fn resolve_some(
    text: &Text,
    start: impl Fn() -> usize,
    key: &'static str,
    names: Option<&Vec<String>>,
    arch: &dyn Arch,
) -> Result<Vec<Feature>, SpecError> {
    let Some(names) = names else { return Ok(Vec::new()) };
    if names.is_empty() {
        return Err(text.error(text.line_of_key_from(start(), key), Problem::NoFeature { key }));
    }
    resolve(text, start, key, names, arch)
}

/// The register type that stands under `type`, on the first line with that key
/// from the one on that `start` gives.
pub(super) fn register_type(
    text: &Text,
    start: impl Fn() -> usize,
    name: &str,
    arch: &dyn Arch,
) -> Result<RegisterType, SpecError> {
    arch.types().iter().copied().find(|known| known.name == name).ok_or_else(|| {
        let known = arch.types().iter().map(|known| known.name).collect::<Vec<_>>().join(", ");
        let problem = Problem::Unknown { key: "type", name: name.to_owned(), known };
        text.error(text.line_of_key_from(start(), "type"), problem)
    })
}

pub(super) fn second(names: &[String]) -> Option<&str> {
    let mut seen = BTreeSet::new();
    names.iter().map(String::as_str).find(|name| !seen.insert(*name))
}
