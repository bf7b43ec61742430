// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Forms of lists that differ from the expected ones.

use std::collections::HashSet;

use indexmap::IndexMap;
use reglist_suite::arch::{Arch, Feature, NamedRegister, feature_names};
use reglist_suite::spec::{Configuration, ListedGroup};

use super::guess::Guess;
use crate::record::Record;
use crate::report::id::by_key;
use crate::report::series::Expected;

/// Least entries of a form; fewer may be chance.
const LEAST: usize = 8;
/// Least registers that a form explains.
const EXPLAINED: usize = 2;

type List<'r> = (&'r Configuration, &'r [NamedRegister]);

/// The forms of a run's lists.
pub(super) fn guesses(record: &Record, expected: &Expected) -> Vec<Guess> {
    let lists = expected.lists(record);
    let each = lists.iter().filter_map(|(configuration, listed)| {
        let ids: Vec<u64> = listed.iter().map(|register| register.id).collect();
        let wanted: Vec<u64> = configuration.registers.iter().map(|register| register.id).collect();
        let form = positions(expected.arch, &ids, &wanted)
            .or_else(|| exchanged(&expected.spec.list, &ids, &wanted))
            .or_else(|| off_by_one(&ids, &wanted))?;
        Some((form, configuration.name.as_str()))
    });
    let forms = by_key(each).into_iter().map(|(form, names)| match names.len() == lists.len() {
        true => form,
        false => format!("{form} (in {})", names.join(", ")),
    });
    let gates = expected.spec.list.iter().filter_map(|group| gate(expected.arch, group, &lists));
    forms.chain(gates).map(Guess::List).collect()
}

/// Registers by their place in a table, instead of by the table's element.
fn positions(arch: &dyn Arch, ids: &[u64], wanted: &[u64]) -> Option<String> {
    let of_kind = |kind| wanted.iter().filter(|id| arch.decode(**id).is_some_and(|(other, _)| other == kind)).count();
    let known: HashSet<u64> = wanted.iter().copied().collect();
    (0..ids.len()).find_map(|start| {
        let (kind, 0) = arch.decode(*ids.get(start)?)? else { return None };
        let entries = ids.get(start..)?.iter().zip(0..);
        let held: Vec<&u64> =
            entries.take_while(|(id, index)| arch.decode(**id) == Some((kind, *index))).map(|(id, _)| id).collect();
        let wrong = held.iter().filter(|id| !known.contains(id)).count();
        // More than the table has is a list of all registers.
        let is_table = (LEAST..=of_kind(kind)).contains(&held.len()) && wrong >= EXPLAINED;
        let last = held.len().checked_sub(1).filter(|_| is_table)?;
        Some(format!(
            "an index in place of the table's element: entries {start} to {} hold {kind} 0x0 to {last:#x}, in sequence",
            start + last
        ))
    })
}

/// Two groups of the list that have changed places.
fn exchanged(groups: &[ListedGroup], ids: &[u64], wanted: &[u64]) -> Option<String> {
    let sequence = |ids: &[u64]| -> Option<IndexMap<usize, Vec<u64>>> {
        let mut sequence: IndexMap<usize, Vec<u64>> = IndexMap::new();
        for id in ids {
            let has = |group: &ListedGroup| group.registers.iter().any(|register| register.id == *id);
            let group = groups.iter().position(has)?;
            let (last, _) = sequence.last().unzip();
            if last != Some(&group) && sequence.contains_key(&group) {
                return None;
            }
            sequence.entry(group).or_default().push(*id);
        }
        Some(sequence)
    };
    let (listed, expected) = (sequence(ids)?, sequence(wanted)?);
    let differing: Vec<(&usize, &usize)> =
        listed.keys().zip(expected.keys()).filter(|(listed, expected)| listed != expected).collect();
    let ([(a, b), (c, d)], true) = (differing.as_slice(), listed == expected) else { return None };
    let name = |group: &usize| groups.get(*group).map(|group| group.name.as_str());
    (a == d && b == c).then(|| Some(format!("the groups {} and {} swapped", name(a)?, name(b)?)))?
}

/// A list that is moved by one entry, or one entry too long or too short at its end.
fn off_by_one(ids: &[u64], wanted: &[u64]) -> Option<String> {
    let (all_but_first, all_but_last) = (wanted.get(1..)?, wanted.get(..wanted.len().checked_sub(1)?)?);
    if wanted.len() < LEAST {
        return None;
    }
    let words = if ids == all_but_last {
        "the last entry is missing"
    } else if ids == all_but_first {
        "the first entry is missing"
    } else if ids.len() == wanted.len() + 1 && ids.starts_with(wanted) {
        "one entry too many at the end"
    } else if ids.len() == wanted.len() && ids.starts_with(all_but_first) {
        "each entry holds what the next one should"
    } else if ids.len() == wanted.len() && ids.ends_with(all_but_last) {
        "each entry holds what the one before should"
    } else {
        return None;
    };
    Some(format!("off by one: {words}"))
}

/// A group that is listed on other vCPUs than it should be.
fn gate(arch: &dyn Arch, group: &ListedGroup, lists: &[List<'_>]) -> Option<String> {
    let is_listed = |(_, listed): &List<'_>| {
        let has = |id: u64| listed.iter().any(|register| register.id == id);
        let found = group.registers.iter().filter(|register| has(register.id)).count();
        (found == 0 || found == group.registers.len()).then_some(found > 0)
    };
    let listed: Vec<bool> = lists.iter().map(is_listed).collect::<Option<_>>()?;
    let should = |(configuration, _): &List<'_>| group.is_listed(&configuration.features);
    let expected: Vec<bool> = lists.iter().map(should).collect();
    if listed == expected || lists.len() < EXPLAINED || group.registers.is_empty() {
        return None;
    }
    // A list of another design has many other registers.
    let wrong: usize = listed.iter().zip(&expected).filter(|(listed, expected)| listed != expected).count();
    let all: usize = lists.iter().map(|(configuration, listed)| differing(configuration, listed)).sum();
    if wrong * group.registers.len() * 2 < all {
        return None;
    }
    let name = &group.name;
    if listed.iter().all(|listed| *listed) {
        return Some(format!("the group {name} listed on every vCPU, whatever its features"));
    }
    if listed.iter().all(|listed| !listed) {
        return Some(format!("the group {name} listed on no vCPU, whatever its features"));
    }
    let follows =
        |feature: &Feature| lists.iter().map(|(of, _)| of.features.contains(feature)).eq(listed.iter().copied());
    let features: Vec<_> = arch.features().iter().copied().filter(|feature| follows(feature)).collect();
    let feature = features.first()?;
    let when = feature_names(&group.when).join(" or ");
    Some(format!("the group {name} listed on vCPUs with {feature}, instead of {when}"))
}

/// Number of registers that are missing or unexpected.
fn differing(configuration: &Configuration, listed: &[NamedRegister]) -> usize {
    let wanted: HashSet<u64> = configuration.registers.iter().map(|register| register.id).collect();
    let ids: HashSet<u64> = listed.iter().map(|register| register.id).collect();
    wanted.symmetric_difference(&ids).count()
}

#[cfg(test)]
mod tests {
    use reglist_suite::arch::LoongArch64;
    use reglist_suite::spec::{Source, Spec};

    use super::*;

    fn spec() -> Spec {
        Spec::load(&Source::Embedded, &LoongArch64, "v5").unwrap()
    }

    fn configuration(spec: &Spec, name: &str) -> Configuration {
        spec.configurations.iter().find(|configuration| configuration.name == name).unwrap().clone()
    }

    fn base() -> Vec<u64> {
        configuration(&spec(), "base").registers.iter().map(|register| register.id).collect()
    }

    fn has(configuration: &Configuration, feature: &str) -> bool {
        configuration.features.iter().any(|has| has.name == feature)
    }

    #[test]
    fn positions_of_a_table_are_seen() {
        let wanted = base();
        let csr = LoongArch64.types().iter().find(|kind| kind.name == "csr").copied().unwrap();
        let mut ids: Vec<u64> = (0..54).map(|index| LoongArch64.encode(csr, index).unwrap()).collect();
        ids.extend(&wanted[54..]);
        let words = "an index in place of the table's element: entries 0 to 53 hold csr 0x0 to 0x35, in sequence";
        assert_eq!(positions(&LoongArch64, &ids, &wanted).unwrap(), words);
        assert_eq!(positions(&LoongArch64, &wanted, &wanted), None);
        // A design with every CSR.
        let every: Vec<u64> = (0..0x800).map(|index| LoongArch64.encode(csr, index).unwrap()).collect();
        assert_eq!(positions(&LoongArch64, &every, &wanted), None);
    }

    #[test]
    fn exchanged_groups_are_seen() {
        let (spec, wanted) = (spec(), base());
        let mut ids = wanted.clone();
        ids.rotate_right(1);
        let csr_and_counter: Vec<u64> = [&wanted[75..], &wanted[54..75], &wanted[..54]].concat();
        assert_eq!(exchanged(&spec.list, &csr_and_counter, &wanted).unwrap(), "the groups counter and csr swapped");
        assert_eq!(exchanged(&spec.list, &ids, &wanted), None);
        assert_eq!(exchanged(&spec.list, &wanted, &wanted), None);
    }

    #[test]
    fn lists_off_by_one_are_seen() {
        let wanted = base();
        let more = [&wanted[..], &[1]].concat();
        let moved = [&wanted[1..], &[1]].concat();
        let back = [&[1], &wanted[..75]].concat();
        for (ids, words) in [
            (&wanted[..75], Some("off by one: the last entry is missing")),
            (&wanted[1..], Some("off by one: the first entry is missing")),
            (&more[..], Some("off by one: one entry too many at the end")),
            (&moved[..], Some("off by one: each entry holds what the next one should")),
            (&back[..], Some("off by one: each entry holds what the one before should")),
            (&wanted[..], None),
            (&wanted[..74], None),
        ] {
            assert_eq!(off_by_one(ids, &wanted).as_deref(), words);
        }
    }

    #[test]
    fn a_wrong_gate_is_seen() {
        let spec = spec();
        let pmu = spec.list.iter().find(|group| group.name == "pmu").unwrap();
        let of = |has: fn(&Configuration) -> bool| {
            let named = |configuration: &Configuration| {
                let others = configuration.registers.iter().filter(|register| !pmu.registers.contains(register));
                let own = pmu.registers.iter().filter(|_| has(configuration));
                others.chain(own).map(|register| register.named()).collect::<Vec<_>>()
            };
            let listed: Vec<_> = spec.configurations.iter().map(named).collect();
            let lists: Vec<List<'_>> = spec.configurations.iter().zip(listed.iter().map(Vec::as_slice)).collect();
            gate(&LoongArch64, pmu, &lists)
        };
        assert_eq!(of(|_| true).unwrap(), "the group pmu listed on every vCPU, whatever its features");
        assert_eq!(of(|_| false).unwrap(), "the group pmu listed on no vCPU, whatever its features");
        assert_eq!(
            of(|configuration| has(configuration, "lbt_arm")).unwrap(),
            "the group pmu listed on vCPUs with lbt_arm, instead of pmu"
        );
        assert_eq!(of(|configuration| has(configuration, "pmu")), None);
    }
}
