// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Groups for a kernel's registers: groups of the `like` series if they fit, else
//! new groups.

use std::collections::BTreeSet;

use reglist_suite::arch::{Arch, Feature};
use reglist_suite::spec::{ListedGroup, Spec};

use super::error::FromKernelError;
use super::features::{self, When};
use super::like::Like;
use super::lists::Lists;
use super::named::{Named, Namer, unique};
use super::order;
use crate::spec::text;

#[derive(Debug)]
pub(super) struct Draft {
    /// Every register of any list, in the common order.
    pub(super) registers: Vec<Named>,
    /// The groups of the list, in order.
    pub(super) list: Vec<DraftGroup>,
    /// Registers that the `like` series does not list.
    new: Vec<Named>,
    /// Registers that only the `like` series lists.
    missing: Vec<String>,
    /// Listed registers without values that are safe to SET.
    unsafe_to_set: Vec<String>,
}

#[derive(Debug, Default)]
pub(super) struct DraftGroup {
    pub(super) name: String,
    /// The same group of the `like` series, or a larger one.
    pub(super) like: Option<String>,
    pub(super) when: Vec<Feature>,
    /// Features without evidence in the configurations.
    pub(super) doubtful: Vec<Feature>,
    pub(super) registers: Vec<Named>,
    pub(super) include: Vec<DraftGroup>,
}

struct Placed {
    register: Named,
    present: Vec<bool>,
    when: When,
    /// Its group of the `like` series.
    like: Option<String>,
}

impl Draft {
    /// Groups the listed registers.
    pub(super) fn of(lists: &Lists, like: &Like, arch: &dyn Arch) -> Result<Self, FromKernelError> {
        let namer = Namer::new(arch, &like.spec.registers);
        let order = order::merged(lists, |id| namer.name(id))?;
        let registers: Vec<Named> = order.into_iter().filter_map(|id| namer.named(id)).collect();
        let mut placed = place(&registers, lists, &like.spec, arch)?;
        adopt(&mut placed, &like.spec, arch);
        let list = Grouping { like, kept: kept(&placed, like), names: BTreeSet::new() }.groups(placed);
        let expected = || like.spec.list.iter().flat_map(|group| &group.registers);
        let is_new = |register: &&Named| expected().all(|other| other.id != register.id);
        let new = registers.iter().filter(is_new).cloned().collect();
        let missing = expected().filter(|one| registers.iter().all(|register| register.id != one.id));
        let missing = missing.map(|register| register.name.clone()).collect();
        let is_unsafe = |register: &&Named| {
            register.known && like.spec.registers.by_id(register.id).is_some_and(text::has_no_safe_value)
        };
        let unsafe_to_set = registers.iter().filter(is_unsafe).map(|register| register.name.clone()).collect();
        Ok(Self { registers, list, new, missing, unsafe_to_set })
    }

    /// Registers without a specified name.
    pub(super) fn unknown(&self) -> impl Iterator<Item = &Named> {
        self.registers.iter().filter(|register| !register.known)
    }

    /// Decisions for the reviewer, a sentence each.
    pub(super) fn reviews(&self, like: &str) -> Vec<String> {
        let names = |registers: &mut dyn Iterator<Item = &Named>| {
            registers.map(|register| register.name.as_str()).collect::<Vec<_>>().join(", ")
        };
        let mut reviews = Vec::new();
        if !self.new.is_empty() {
            reviews.push(format!("listed, and not in {like}: {}", names(&mut self.new.iter())));
        }
        if !self.missing.is_empty() {
            reviews.push(format!("in {like}, and not listed: {}", self.missing.join(", ")));
        }
        if self.unknown().next().is_some() {
            let unknown = names(&mut self.unknown());
            reviews.push(format!("unknown registers with names decoded from ids: {unknown}"));
        }
        if !self.unsafe_to_set.is_empty() {
            let names = self.unsafe_to_set.join(", ");
            reviews.push(format!("no known values that are safe to SET; checks write back the current value: {names}"));
        }
        for group in self.list.iter().filter(|group| !group.doubtful.is_empty()) {
            let (features, name) = (text::features(&group.doubtful), &group.name);
            reviews.push(format!("no configuration shows whether {features} alone adds group {name}"));
        }
        reviews
    }
}

impl Placed {
    /// Whether both are in the same group.
    fn is_beside(&self, other: &Self) -> bool {
        let new = |each: &Self| (each.when.features.clone(), each.register.family.clone());
        self.like == other.like && (self.like.is_some() || new(self) == new(other))
    }
}

impl DraftGroup {
    /// Number of registers, with included groups.
    pub(super) fn len(&self) -> usize {
        self.registers.len() + self.include.iter().map(Self::len).sum::<usize>()
    }
}

fn place(registers: &[Named], lists: &Lists, like: &Spec, arch: &dyn Arch) -> Result<Vec<Placed>, FromKernelError> {
    let configurations = &lists.configurations;
    let present = |id: u64| -> Vec<bool> { configurations.iter().map(|listed| listed.ids.contains(&id)).collect() };
    let mut placed: Vec<Placed> = Vec::with_capacity(registers.len());
    for register in registers {
        let present = present(register.id);
        let group = like.list.iter().find(|group| group.registers.iter().any(|other| other.id == register.id));
        let group = group.filter(|group| features::explains(&group.when, &present, configurations));
        let explained = match group {
            // Keep the condition, even if the configurations allow a simpler one.
            Some(group) => Some(When { features: group.when.clone(), doubtful: Vec::new() }),
            None => features::explain(&present, configurations, arch.features()),
        };
        let Some(when) = explained else {
            return Err(unexplained(registers, &present, lists));
        };
        placed.push(Placed { register: register.clone(), present, when, like: group.map(|group| group.name.clone()) });
    }
    Ok(placed)
}

/// The error for registers whose listing no features explain.
fn unexplained(registers: &[Named], present: &[bool], lists: &Lists) -> FromKernelError {
    let is_there = |register: &&Named| {
        lists.configurations.iter().zip(present).all(|(listed, present)| listed.ids.contains(&register.id) == *present)
    };
    let names: Vec<&str> = registers.iter().filter(is_there).map(|register| register.name.as_str()).collect();
    let configurations = |wanted: bool| {
        let found = lists.configurations.iter().zip(present).filter(|(_, present)| **present == wanted);
        let words = found.map(|(each, _)| format!("{} ({})", each.name, text::features(&each.features)));
        words.collect::<Vec<_>>().join(", ")
    };
    FromKernelError::When { registers: names.join(", "), with: configurations(true), without: configurations(false) }
}

/// Adds new registers between a group's registers to that group, if they have the
/// same type.
fn adopt(placed: &mut [Placed], like: &Spec, arch: &dyn Arch) {
    let mut adopted = Vec::new();
    for (position, each) in placed.iter().enumerate().filter(|(_, each)| each.like.is_none()) {
        let Some(before) = placed.iter().take(position).rev().find_map(|each| each.like.as_ref()) else { continue };
        if placed.iter().skip(position).find_map(|each| each.like.as_ref()) != Some(before) {
            continue;
        }
        let Some(found) = like.list.iter().find(|group| group.name == *before) else { continue };
        let is_of_type = |group: &ListedGroup| {
            let mut types = group.registers.iter().filter_map(|register| arch.decode(register.id));
            types.any(|(type_, _)| type_ == each.register.type_)
        };
        let mut members = placed.iter().filter(|other| other.like.as_ref() == Some(before));
        if is_of_type(found) && members.all(|member| member.present == each.present) {
            adopted.push((position, before.clone()));
        }
    }
    for (position, name) in adopted {
        if let Some(each) = placed.get_mut(position) {
            each.like = Some(name);
        }
    }
}

/// The kept groups of the `like` series, with included groups.
fn kept(placed: &[Placed], like: &Like) -> BTreeSet<String> {
    let mut kept = BTreeSet::new();
    let mut open: Vec<&String> = placed.iter().filter_map(|each| each.like.as_ref()).collect();
    while let Some(name) = open.pop() {
        if kept.insert(name.clone()) {
            open.extend(like.included(name));
        }
    }
    kept
}

/// Builds groups with unique names.
struct Grouping<'l> {
    like: &'l Like,
    /// Names that are in use.
    kept: BTreeSet<String>,
    names: BTreeSet<String>,
}

impl Grouping<'_> {
    fn groups(mut self, placed: Vec<Placed>) -> Vec<DraftGroup> {
        let mut groups = Vec::new();
        let mut run: Vec<Placed> = Vec::new();
        for each in placed {
            if run.last().is_some_and(|last| !last.is_beside(&each)) {
                groups.extend(self.group(std::mem::take(&mut run)));
            }
            run.push(each);
        }
        groups.extend(self.group(run));
        groups
    }

    /// The group of registers with common properties.
    fn group(&mut self, run: Vec<Placed>) -> Option<DraftGroup> {
        let first = run.first()?;
        let When { features, doubtful } = first.when.clone();
        let (like, family) = (first.like.clone(), first.register.family.clone());
        let registers: Vec<Named> = run.into_iter().map(|each| each.register).collect();
        let group = match like {
            Some(like) => self.part(&like, registers),
            None => {
                let name = unique(family, |name| self.names.contains(name) || self.kept.contains(name));
                self.names.insert(name.clone());
                DraftGroup { name, registers, ..DraftGroup::default() }
            }
        };
        Some(DraftGroup { when: features, doubtful, ..group })
    }

    fn part(&mut self, like: &str, mut registers: Vec<Named>) -> DraftGroup {
        let name = unique(like.to_owned(), |name| self.names.contains(name));
        self.names.insert(name.clone());
        let all = self.like.members(like);
        let mut include = Vec::new();
        for included in self.like.included(like).iter().rev() {
            let members = self.like.members(included);
            let mut start = None;
            for (position, register) in registers.iter().enumerate().rev() {
                if members.contains(register.name.as_str()) {
                    start = Some(position);
                } else if all.contains(register.name.as_str()) {
                    break;
                }
            }
            if let Some(start) = start {
                let rest = registers.split_off(start);
                include.insert(0, self.part(included, rest));
            }
        }
        DraftGroup { name, like: Some(like.to_owned()), registers, include, ..DraftGroup::default() }
    }
}
