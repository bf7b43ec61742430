// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Compares two series.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use reglist_suite::arch::Feature;
use reglist_suite::report::events::NamedRegister;
use reglist_suite::spec::{Configuration, ListedGroup, Register, Spec};
use serde::Serialize;

use super::text;
use crate::report::diff::registers::{Moved, Places, add, number, together};
use crate::report::words::count;

#[derive(Debug, Serialize)]
pub(super) struct Comparison {
    pub(super) configurations: Vec<ConfigurationChange>,
    /// Registers that only lists of NEW have.
    pub(super) appeared: Vec<Moved>,
    /// Registers that only lists of OLD have.
    pub(super) gone: Vec<Moved>,
    /// The smallest set of moved registers.
    pub(super) moved: Vec<Reordered>,
    pub(super) groups: Vec<GroupChange>,
    /// Registers of both with changed facts in registers.yaml.
    pub(super) facts: Vec<FactChange>,
    pub(super) counts: Vec<Count>,
}

#[derive(Debug, Serialize)]
#[serde(tag = "change", rename_all = "snake_case")]
pub(super) enum ConfigurationChange {
    /// Only in NEW.
    Appeared { name: String, features: Vec<Feature> },
    /// Only in OLD.
    Gone { name: String, features: Vec<Feature> },
    /// With other features.
    Features { name: String, old: Vec<Feature>, new: Vec<Feature> },
    /// The list was added or removed.
    List { name: String, has_list: bool },
}

#[derive(Debug, Serialize)]
#[serde(tag = "change", rename_all = "snake_case")]
pub(super) enum GroupChange {
    /// Only in NEW.
    Appeared { name: String, when: Vec<Feature>, registers: usize },
    /// Only in OLD.
    Gone { name: String, when: Vec<Feature>, registers: usize },
    /// With another condition.
    When { name: String, old: Vec<Feature>, new: Vec<Feature> },
    /// Registers moved to another group.
    Registers { registers: Vec<String>, old: String, new: String },
}

#[derive(Debug, Serialize)]
pub(super) struct Reordered {
    pub(super) register: NamedRegister,
    /// The register before it in NEW; none if it is the first.
    pub(super) after: Option<String>,
    pub(super) configurations: Vec<String>,
}

#[derive(Debug, Serialize)]
pub(super) struct FactChange {
    pub(super) register: NamedRegister,
    /// Changed keys of registers.yaml.
    pub(super) keys: Vec<&'static str>,
}

/// Number of registers of a configuration; none without a list.
#[derive(Debug, Serialize)]
pub(super) struct Count {
    pub(super) configuration: String,
    pub(super) old: Option<usize>,
    pub(super) new: Option<usize>,
}

impl Comparison {
    pub(super) fn of(old: &Spec, new: &Spec) -> Self {
        let (mut appeared, mut gone) = (Places::new(), Places::new());
        let mut moved: Vec<Reordered> = Vec::new();
        for (was, is) in pairs(old, new) {
            for (places, from, to) in [(&mut appeared, was, is), (&mut gone, is, was)] {
                let came = |register: &&Register| from.registers.iter().all(|other| other.id != register.id);
                to.registers.iter().filter(came).for_each(|register| add(places, register.named(), &is.name));
            }
            for (register, after) in reordered(was, is) {
                let same = |known: &&mut Reordered| known.register.id == register.id && known.after == after;
                match moved.iter_mut().find(same) {
                    Some(known) => known.configurations.push(is.name.clone()),
                    None => moved.push(Reordered { register, after, configurations: vec![is.name.clone()] }),
                }
            }
        }
        Self {
            configurations: configurations(old, new),
            appeared: together(appeared),
            gone: together(gone),
            moved,
            groups: groups(old, new),
            facts: facts(old, new),
            counts: counts(old, new),
        }
    }

    pub(super) fn is_equal(&self) -> bool {
        self.words().is_empty()
    }

    pub(super) fn common(&self) -> impl Iterator<Item = &Count> {
        self.counts.iter().filter(|count| count.old.is_some() && count.new.is_some())
    }

    /// The differences, a few words each.
    pub(super) fn words(&self) -> Vec<String> {
        let moved: BTreeSet<u64> = self.moved.iter().map(|each| each.register.id).collect();
        [
            (number(&self.appeared), "register", " appeared"),
            (number(&self.gone), "register", " gone"),
            (moved.len(), "register", " moved"),
            (self.facts.len(), "register", " with other facts"),
            (self.groups.len(), "change", " of groups"),
            (self.configurations.len(), "change", " of configurations"),
        ]
        .into_iter()
        .filter(|(number, _, _)| *number > 0)
        .map(|(number, thing, what)| count(number, thing) + what)
        .collect()
    }
}

impl fmt::Display for ConfigurationChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = |features: &[Feature]| format!("features: {}", text::features(features));
        match self {
            Self::Appeared { name, features } => write!(f, "{name} appeared ({})", words(features)),
            Self::Gone { name, features } => write!(f, "{name} is gone ({})", words(features)),
            Self::Features { name, old, new } => {
                write!(f, "{name}: features were {}, are {}", text::features(old), text::features(new))
            }
            Self::List { name, has_list: true } => write!(f, "{name} now has a list"),
            Self::List { name, has_list: false } => write!(f, "{name} no longer has a list"),
        }
    }
}

impl fmt::Display for GroupChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let size = |registers: &usize| count(*registers, "register");
        match self {
            Self::Appeared { name, when, registers: all } => {
                write!(f, "{name} appeared ({}, {})", size(all), condition(when))
            }
            Self::Gone { name, when, registers: all } => {
                write!(f, "{name} is gone ({}, {})", size(all), condition(when))
            }
            Self::When { name, old, new } => write!(f, "{name}: was {}, is {}", condition(old), condition(new)),
            Self::Registers { registers, old, new } => write!(f, "from {old} to {new}: {}", registers.join(", ")),
        }
    }
}

fn condition(when: &[Feature]) -> String {
    if when.is_empty() { "always listed".to_owned() } else { format!("listed with any of {}", text::features(when)) }
}

/// Configurations with lists in both series.
fn pairs<'s>(old: &'s Spec, new: &'s Spec) -> impl Iterator<Item = (&'s Configuration, &'s Configuration)> {
    let pair = |is: &'s Configuration| Some((named(old, &is.name).filter(|was| !was.contract_only)?, is));
    new.configurations.iter().filter(|is| !is.contract_only).filter_map(pair)
}

fn named<'s>(spec: &'s Spec, name: &str) -> Option<&'s Configuration> {
    spec.configurations.iter().find(|configuration| configuration.name == name)
}

/// The smallest set of registers to move from the old order to the new one, each
/// with its predecessor in the new one.
fn reordered(old: &Configuration, new: &Configuration) -> Vec<(NamedRegister, Option<String>)> {
    let place: BTreeMap<u64, usize> =
        old.registers.iter().enumerate().map(|(place, register)| (register.id, place)).collect();
    let common: Vec<(usize, usize)> =
        new.registers.iter().enumerate().filter_map(|(is, register)| Some((is, *place.get(&register.id)?))).collect();
    let stay = longest_ascending(&common.iter().map(|(_, was)| *was).collect::<Vec<_>>());
    let moves = common.iter().filter(|(_, was)| !stay.contains(was));
    let named = |(is, _): &(usize, usize)| {
        let before = is.checked_sub(1).and_then(|before| new.registers.get(before));
        Some((new.registers.get(*is)?.named(), before.map(|register| register.name.clone())))
    };
    moves.filter_map(named).collect()
}

/// The longest ascending subsequence of `numbers`, which are distinct.
fn longest_ascending(numbers: &[usize]) -> BTreeSet<usize> {
    // For each number, the longest subsequence that ends with it.
    let mut parts: Vec<Vec<usize>> = Vec::with_capacity(numbers.len());
    for number in numbers {
        let before = parts.iter().filter(|part| part.last() < Some(number)).max_by_key(|part| part.len());
        let mut part = before.cloned().unwrap_or_default();
        part.push(*number);
        parts.push(part);
    }
    parts.into_iter().max_by_key(Vec::len).unwrap_or_default().into_iter().collect()
}

fn configurations(old: &Spec, new: &Spec) -> Vec<ConfigurationChange> {
    let mut changes = Vec::new();
    for is in &new.configurations {
        let name = is.name.clone();
        let Some(was) = named(old, &name) else {
            changes.push(ConfigurationChange::Appeared { name, features: is.features.clone() });
            continue;
        };
        if text::feature_set(&was.features) != text::feature_set(&is.features) {
            let (old, new) = (was.features.clone(), is.features.clone());
            changes.push(ConfigurationChange::Features { name: name.clone(), old, new });
        }
        if was.contract_only != is.contract_only {
            changes.push(ConfigurationChange::List { name, has_list: !is.contract_only });
        }
    }
    for was in old.configurations.iter().filter(|was| named(new, &was.name).is_none()) {
        changes.push(ConfigurationChange::Gone { name: was.name.clone(), features: was.features.clone() });
    }
    changes
}

fn groups(old: &Spec, new: &Spec) -> Vec<GroupChange> {
    fn find<'s>(spec: &'s Spec, name: &str) -> Option<&'s ListedGroup> {
        spec.list.iter().find(|group| group.name == name)
    }
    let mut changes = Vec::new();
    for is in &new.list {
        let name = is.name.clone();
        match find(old, &name) {
            None => {
                let (when, registers) = (is.when.clone(), is.registers.len());
                changes.push(GroupChange::Appeared { name, when, registers });
            }
            Some(was) if text::feature_set(&was.when) != text::feature_set(&is.when) => {
                changes.push(GroupChange::When { name, old: was.when.clone(), new: is.when.clone() });
            }
            Some(_) => {}
        }
    }
    for was in old.list.iter().filter(|was| find(new, &was.name).is_none()) {
        let (name, when, registers) = (was.name.clone(), was.when.clone(), was.registers.len());
        changes.push(GroupChange::Gone { name, when, registers });
    }
    let mut between: BTreeMap<(&str, &str), Vec<String>> = BTreeMap::new();
    for (register, was, is) in common(old, new) {
        if was.0.name != is.0.name {
            between.entry((&was.0.name, &is.0.name)).or_default().push(register.name.clone());
        }
    }
    let between = between.into_iter();
    changes.extend(between.map(|((old, new), registers)| GroupChange::Registers {
        registers,
        old: old.to_owned(),
        new: new.to_owned(),
    }));
    changes
}

type InGroup<'s> = (&'s ListedGroup, &'s Register);

/// Registers of both lists, with their groups.
fn common<'s>(old: &'s Spec, new: &'s Spec) -> impl Iterator<Item = (&'s Register, InGroup<'s>, InGroup<'s>)> {
    let all = |spec: &'s Spec| {
        spec.list.iter().flat_map(|group| group.registers.iter().map(move |register| (group, register)))
    };
    let before: BTreeMap<u64, InGroup<'s>> = all(old).map(|entry| (entry.1.id, entry)).collect();
    all(new).filter_map(move |entry| Some((entry.1, *before.get(&entry.1.id)?, entry)))
}

fn facts(old: &Spec, new: &Spec) -> Vec<FactChange> {
    let change = |(register, (_, was), (_, is)): (&Register, InGroup<'_>, InGroup<'_>)| {
        let keys: Vec<&'static str> = [
            ("name", was.name != is.name),
            ("mask", was.mask != is.mask),
            ("free", was.free != is.free),
            ("rule", was.rule != is.rule),
            ("values", was.values != is.values),
            ("gate", was.gate != is.gate),
            ("reloads", was.reloads != is.reloads),
            ("conditional", was.conditional != is.conditional),
            ("exceptions", was.exceptions != is.exceptions),
            ("refuses", was.refuses != is.refuses),
            ("unique", was.unique != is.unique),
        ]
        .into_iter()
        .filter_map(|(key, differs)| differs.then_some(key))
        .collect();
        (!keys.is_empty()).then(|| FactChange { register: register.named(), keys })
    };
    common(old, new).filter_map(change).collect()
}

fn counts(old: &Spec, new: &Spec) -> Vec<Count> {
    let number = |spec: &Spec, name: &str| {
        named(spec, name).filter(|configuration| !configuration.contract_only).map(|each| each.registers.len())
    };
    let all: BTreeSet<&str> =
        [old, new].into_iter().flat_map(|spec| &spec.configurations).map(|each| each.name.as_str()).collect();
    let count = |name: &str| Count { configuration: name.to_owned(), old: number(old, name), new: number(new, name) };
    all.into_iter().map(count).collect()
}

#[cfg(test)]
mod tests {
    use super::longest_ascending;

    #[test]
    fn as_few_as_possible_move() {
        let stays = |numbers: &[usize]| longest_ascending(numbers).into_iter().collect::<Vec<_>>();
        assert_eq!(stays(&[0, 1, 2, 3]), [0, 1, 2, 3]);
        assert_eq!(stays(&[3, 0, 1, 2]), [0, 1, 2]);
        assert_eq!(stays(&[1, 2, 0, 3, 4]), [1, 2, 3, 4]);
        assert_eq!(stays(&[2, 1, 0]).len(), 1);
        assert!(stays(&[]).is_empty());
    }
}
