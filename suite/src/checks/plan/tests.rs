// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Tests of `plan.rs`.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::*;
use crate::arch::ALL;
use crate::spec::Source;

fn spec() -> Spec {
    Spec::load(&Source::Embedded, ALL[0], ALL[0].default_series()).unwrap()
}

#[test]
fn ids_stay_unique_where_parsers_replace_dots() {
    let spec = spec();
    let plan = plan(&spec, &[]);
    let ids: BTreeSet<String> = plan.iter().map(|case| case.id.replace('.', "_")).collect();
    assert_eq!(ids.len(), plan.len());
    for case in &plan {
        assert!(
            case.id.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "._".contains(c)),
            "{}",
            case.id
        );
    }
}

#[test]
fn ids_never_change() {
    let spec = spec();
    let ids: Vec<String> = plan(&spec, &[]).into_iter().map(|case| case.id).collect();
    insta::assert_snapshot!(ids.join("\n"));
}

#[test]
fn every_clause_has_a_check_and_every_check_its_clauses() {
    let spec = spec();
    let tested = checks::all().flat_map(|check| check.clauses.iter().copied());
    let tested: BTreeSet<&str> = tested.chain([checks::IN_EVERY_CASE]).collect();
    let known: BTreeSet<&str> = spec.clauses.clauses.iter().map(|clause| clause.id.as_str()).collect();
    assert_eq!(tested, known);
}

/// The sources of the checks.
fn sources(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let of = |path: PathBuf| if path.is_dir() { sources(&path) } else { vec![fs::read_to_string(path).unwrap()] };
    entries.flat_map(of).collect()
}

#[test]
fn checks_report_only_on_known_clauses() {
    let clauses = spec().clauses;
    let names: BTreeSet<&str> = checks::all().map(|check| check.name).collect();
    let is_id = |text: &&str| {
        let is_word = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        text.split_once('.').is_some_and(|(theme, name)| is_word(theme) && is_word(name))
    };
    let mut seen = 0;
    for source in sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/checks")) {
        for id in source.split('"').filter(is_id).filter(|id| !names.contains(id)) {
            assert!(clauses.get(id).is_some(), "clauses.yaml has no {id}");
            seen += 1;
        }
    }
    assert!(seen > clauses.clauses.len(), "{seen}");
}

#[test]
fn a_configuration_can_be_chosen() {
    let spec = spec();
    let plan = plan(&spec, &["pmu".into()]);
    assert!(!plan.is_empty());
    assert!(plan.iter().all(|case| case.id.starts_with("pmu.")));
}
