// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Hints about valid specifications: probable omissions.

use std::collections::{BTreeMap, BTreeSet};

use reglist_suite::arch::Arch;
use reglist_suite::spec::{Configuration, Source, Spec};

use super::error::Error;
use super::text;

/// A remark about a line of a file, from 1, with its remedy.
pub(super) fn remark(file: &str, line: usize, what: &str, remedy: &str) -> String {
    format!("{file}:{line}: {what}\n[{remedy}]")
}

pub(super) fn add(hints: &mut Vec<String>, source: &Source, arch: &dyn Arch, series: &[Spec]) -> Result<(), Error> {
    for (position, spec) in series.iter().enumerate() {
        twins(hints, source, arch, spec)?;
        untested(hints, source, arch, spec)?;
        sources(hints, source, arch, spec)?;
        let equal = series.iter().take(position).find(|other| lists(other) == lists(spec));
        if let Some(other) = equal {
            let what = format!("series {} has the same configurations and lists as {}", spec.series, other.series);
            let file = file(arch, spec, "groups");
            hints.push(remark(&source.display(&file), 1, &what, "remove one of them"));
        }
    }
    unsafe_to_set(hints, source, arch, series)
}

/// Ids of registers that a series, an exception or a consumer uses.
pub(super) fn used(arch: &dyn Arch, series: &[Spec]) -> BTreeSet<u64> {
    let listed = series.iter().flat_map(|spec| &spec.list).flat_map(|group| &group.registers);
    let saved = series.iter().flat_map(|spec| &spec.consumers).flat_map(|consumer| consumer.saves(arch.features()));
    let excepted = series
        .iter()
        .flat_map(|spec| spec.registers.all().iter().filter(|register| spec.unlisted.exception(register.id).is_some()));
    listed.chain(saved).chain(excepted).map(|register| register.id).collect()
}

fn file(arch: &dyn Arch, spec: &Spec, name: &str) -> String {
    format!("{}/{}/{name}.yaml", arch.name(), spec.series)
}

/// Features and ids of every configuration, by name.
fn lists(spec: &Spec) -> BTreeMap<&str, (BTreeSet<&'static str>, bool, Vec<u64>)> {
    let list = |configuration: &Configuration| configuration.registers.iter().map(|register| register.id).collect();
    let configurations = spec.configurations.iter();
    configurations
        .map(|each| (each.name.as_str(), (text::feature_set(&each.features), each.contract_only, list(each))))
        .collect()
}

fn twins(hints: &mut Vec<String>, source: &Source, arch: &dyn Arch, spec: &Spec) -> Result<(), Error> {
    for (position, configuration) in spec.configurations.iter().enumerate() {
        let mut before = spec.configurations.iter().take(position);
        let Some(twin) =
            before.find(|other| text::feature_set(&other.features) == text::feature_set(&configuration.features))
        else {
            continue;
        };
        let text = source.read(&file(arch, spec, &configuration.name))?;
        let what = format!("configurations {} and {} have the same features", twin.name, configuration.name);
        let remedy = "remove one of them, or correct its features";
        hints.push(remark(&text.file, text.line_of_key("features"), &what, remedy));
    }
    Ok(())
}

fn untested(hints: &mut Vec<String>, source: &Source, arch: &dyn Arch, spec: &Spec) -> Result<(), Error> {
    for group in &spec.list {
        if spec.configurations.iter().any(|configuration| group.is_listed(&configuration.features)) {
            continue;
        }
        let text = source.read(&file(arch, spec, "groups"))?;
        let what = format!("no configuration lists group {}, so no case tests it", group.name);
        let remedy = format!("add a configuration with one of {}", text::features(&group.when));
        hints.push(remark(&text.file, text.line_of_key(&group.name), &what, &remedy));
    }
    Ok(())
}

fn sources(hints: &mut Vec<String>, source: &Source, arch: &dyn Arch, spec: &Spec) -> Result<(), Error> {
    #[derive(serde::Deserialize)]
    struct Sourced {
        source: String,
    }
    for configuration in &spec.configurations {
        let text = source.read(&file(arch, spec, &configuration.name))?;
        let sourced: Sourced = text.parse()?;
        if sourced.source.trim().is_empty() {
            let (what, remedy) = ("key `source` is empty", "write the origin of the list");
            hints.push(remark(&text.file, text.line_of_key("source"), what, remedy));
        }
    }
    Ok(())
}

/// Listed registers without values that are safe to SET.
fn unsafe_to_set(hints: &mut Vec<String>, source: &Source, arch: &dyn Arch, series: &[Spec]) -> Result<(), Error> {
    let listed = series.iter().flat_map(|spec| &spec.list).flat_map(|group| &group.registers);
    let without: BTreeMap<u64, &str> = listed
        .filter(|register| text::has_no_safe_value(register))
        .map(|register| (register.id, register.name.as_str()))
        .collect();
    let Some(first) = without.values().next() else { return Ok(()) };
    let text = source.read(&format!("{}/registers.yaml", arch.name()))?;
    let names = without.values().copied().collect::<Vec<_>>().join(", ");
    let what = format!("listed registers without values that are safe to SET: {names}");
    let remedy = "add `values` that are safe on any host, or `rule: fixed` if there are none";
    hints.push(remark(&text.file, text.line_of_pair("name", first, 0), &what, remedy));
    Ok(())
}
