// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Dependencies between registers, from `gate`, `conditional` and `when`.

use std::collections::BTreeMap;

use reglist_suite::arch::{Feature, NamedRegister};
use reglist_suite::spec::{Register, Spec};
use serde::Serialize;

use super::sort::Needs;
use crate::spec::show::List;

/// Registers that must be SET after another one.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct Dependency {
    pub(super) registers: Vec<NamedRegister>,
    pub(super) after: NamedRegister,
    #[serde(flatten)]
    pub(super) otherwise: Otherwise,
    /// Whether a restore in the list's order keeps it.
    pub(super) kept_by_list: bool,
}

/// The failure in another order.
#[derive(Debug, PartialEq, Serialize)]
#[serde(tag = "otherwise", rename_all = "snake_case")]
pub(super) enum Otherwise {
    /// SET fails until the other register has one of the bits.
    Refused { errno: String, bits: String, features: Vec<Feature> },
    /// SET drops bits unless the other register has all of its bits.
    Dropped { dropped: String, bits: String, source: String },
}

/// A group that is in the list only after a SET.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct Listing {
    pub(super) group: String,
    /// Number of its registers.
    pub(super) registers: usize,
    pub(super) after: NamedRegister,
    /// One of them brings the group into the list.
    pub(super) bits: String,
    pub(super) features: Vec<Feature>,
}

/// All dependencies, in the order of the list.
pub(super) fn all(list: &List, spec: &Spec) -> Vec<Dependency> {
    let mut dependencies: Vec<Dependency> = Vec::new();
    for entry in &list.registers {
        for (after, otherwise) in gate(list, &entry.register).into_iter().chain(conditional(&entry.register)) {
            let same = |other: &&mut Dependency| other.after.id == after && other.otherwise == otherwise;
            let is_kept = position(list, after).is_some_and(|before| before < entry.entry);
            match dependencies.iter_mut().find(same) {
                Some(dependency) => {
                    dependency.registers.push(entry.register.named());
                    dependency.kept_by_list &= is_kept;
                }
                None => dependencies.push(Dependency {
                    registers: vec![entry.register.named()],
                    after: named(list, spec, after),
                    otherwise,
                    kept_by_list: is_kept,
                }),
            }
        }
    }
    dependencies
}

/// The groups that the list lacks until features are on.
pub(super) fn listings(list: &List, spec: &Spec) -> Vec<Listing> {
    let groups = spec.list.iter().filter(|group| list.registers.iter().any(|entry| entry.group == group.name));
    let listings = groups.flat_map(|group| {
        switches(list, &group.when).into_iter().map(|(after, (bits, features))| Listing {
            group: group.name.clone(),
            registers: group.registers.len(),
            after: named(list, spec, after),
            bits: format!("{bits:#x}"),
            features,
        })
    });
    listings.collect()
}

/// The dependencies as positions in the list. A register that the list lacks has none.
pub(super) fn needs(list: &List, dependencies: &[Dependency]) -> Needs {
    let mut needs = Needs::new();
    for dependency in dependencies {
        let Some(before) = position(list, dependency.after.id) else { continue };
        for register in dependency.registers.iter().filter_map(|register| position(list, register.id)) {
            needs.entry(register).or_default().insert(before);
        }
    }
    needs
}

/// Names of the registers that must be SET before a register.
pub(super) fn before(id: u64, dependencies: &[Dependency]) -> Vec<String> {
    let of = dependencies.iter().filter(|each| each.registers.iter().any(|register| register.id == id));
    of.map(|dependency| dependency.after.name.clone()).collect()
}

fn gate(list: &List, register: &Register) -> Vec<(u64, Otherwise)> {
    let Some(gate) = &register.gate else { return Vec::new() };
    let refused = |(bits, features): (u64, Vec<Feature>)| Otherwise::Refused {
        errno: gate.errno.clone(),
        bits: format!("{bits:#x}"),
        features,
    };
    switches(list, &gate.any).into_iter().map(|(after, switch)| (after, refused(switch))).collect()
}

fn conditional(register: &Register) -> Option<(u64, Otherwise)> {
    let conditional = register.conditional.as_ref()?;
    let otherwise = Otherwise::Dropped {
        dropped: format!("{:#x}", conditional.free),
        bits: format!("{:#x}", conditional.bits),
        source: conditional.source.clone(),
    };
    Some((conditional.on, otherwise))
}

/// The registers that switch on features of the list, each with its bits.
fn switches(list: &List, features: &[Feature]) -> BTreeMap<u64, (u64, Vec<Feature>)> {
    let mut switches: BTreeMap<u64, (u64, Vec<Feature>)> = BTreeMap::new();
    for feature in features.iter().filter(|feature| list.features.contains(feature)) {
        if let Some(switch) = list.arch.switch(*feature) {
            let (bits, features) = switches.entry(switch.register).or_default();
            *bits |= switch.bits;
            features.push(*feature);
        }
    }
    switches
}

fn position(list: &List, id: u64) -> Option<usize> {
    list.registers.iter().position(|entry| entry.register.id == id)
}

fn named(list: &List, spec: &Spec, id: u64) -> NamedRegister {
    let name = || list.arch.describe(id);
    spec.registers.by_id(id).map_or_else(|| NamedRegister { name: name(), id }, Register::named)
}
