// SPDX-License-Identifier: Apache-2.0 OR MIT
//! What is said, of a few things whole and of all in form.

use clap::ValueEnum as _;

use super::{Catalogue, Content, Description, WIDTH, clause_table, tables, theme_table};
use crate::arch::LoongArch64;
use crate::checks;
use crate::checks::plan::plan;
use crate::fault::Fault;
use crate::spec::{Source, Spec};

fn spec() -> Spec {
    Spec::load(&Source::Embedded, &LoongArch64, "v5").unwrap()
}

fn all(spec: &Spec) -> Vec<Description> {
    let catalogue = Catalogue::new(spec, &LoongArch64);
    let mut all: Vec<Description> = spec.registers.all().iter().map(|register| catalogue.register(register)).collect();
    all.extend(spec.clauses.clauses.iter().map(|clause| catalogue.clause(clause)));
    all.extend(plan(spec, &[]).iter().map(|case| catalogue.case(case)));
    all.extend(checks::all().map(|check| catalogue.check(check)));
    all.extend(catalogue.themes().into_iter().filter_map(|theme| catalogue.theme(theme)));
    all.extend(spec.configurations.iter().map(|configuration| catalogue.configuration(configuration)));
    all.extend(spec.list.iter().map(|group| catalogue.group(group)));
    all.extend(spec.registers.families().filter_map(|family| catalogue.family(family)));
    all.extend(Fault::value_variants().iter().map(|fault| catalogue.fault(*fault)));
    all
}

fn content(description: &Description, label: &str) -> String {
    let part = description.parts.iter().find(|part| part.label == label);
    match &part.unwrap_or_else(|| panic!("{} has {label}", description.name)).content {
        Content::Text(text) => text.clone(),
        Content::Items(items) => items.join(", "),
        Content::Entries(entries) => {
            entries.iter().map(|entry| format!("{}: {}", entry.name, entry.text)).collect::<Vec<_>>().join("\n")
        }
    }
}

#[test]
fn everything_is_described_and_nothing_is_empty() {
    let spec = spec();
    for description in all(&spec) {
        let name = &description.name;
        assert!(!name.is_empty() && !description.summary.is_empty(), "{description:?}");
        assert!(!description.parts.is_empty(), "{name}");
        for part in &description.parts {
            let words = content(&description, part.label);
            assert!(!words.trim().is_empty(), "{name}: {}", part.label);
            assert!(
                !words.contains(".. ") && !words.ends_with("..") && !words.contains("  "),
                "{name}: {}: {words}",
                part.label
            );
        }
    }
}

#[test]
fn the_same_is_said_every_time() {
    let spec = spec();
    assert_eq!(all(&spec), all(&spec));
}

#[test]
fn an_id_says_what_it_is_made_of() {
    let spec = spec();
    let catalogue = Catalogue::new(&spec, &LoongArch64);
    assert_eq!(catalogue.id(0x9030_0000_0001_0000).name, "CRMD");
    insta::assert_snapshot!(content(&catalogue.id(0x9030_0000_0001_0028), "bits"), @"
    63-56: architecture 0x90 (LoongArch)
    55-52: size code 3, 8 bytes
    18-16: type 1: CSR
    15-0: index 0x5, shifted left by 3
    ");
}

#[test]
fn an_id_without_a_name_is_told_as_far_as_it_says_it() {
    let spec = spec();
    let catalogue = Catalogue::new(&spec, &LoongArch64);
    let unnamed = catalogue.id(0x9030_0000_0001_0048);
    assert_eq!(unnamed.summary, "CSR 0x9, unnamed in the specifications");
    assert!(content(&unnamed, "listed").starts_with("in no list, but GET reads it (cells)"), "{unnamed:?}");
}

#[test]
fn a_malformed_id_says_what_is_wrong_and_what_it_is_taken_for() {
    let spec = spec();
    let catalogue = Catalogue::new(&spec, &LoongArch64);
    let reserved = catalogue.id(0x9030_0001_0001_0000);
    assert_eq!(content(&reserved, "malformed"), "reserved bits 0x100000000");
    assert!(content(&reserved, "taken for").starts_with("CRMD (0x9030000000010000)"), "{reserved:?}");
    let foreign = catalogue.id(0x8030_0000_0001_0000);
    assert_eq!(content(&foreign, "malformed"), "architecture byte 0x80");
    assert!(foreign.parts.iter().all(|part| part.label != "taken for"), "{foreign:?}");
    insta::assert_snapshot!(content(&foreign, "bits"), @"
    63-56: architecture 0x80 (RISC-V)
    55-52: size code 3, 8 bytes
    51-0: nothing that LoongArch knows
    ");
    assert!(content(&catalogue.id(0), "bits").contains("size code 0, 1 byte\n"));
    for id in [0, u64::MAX] {
        assert!(!catalogue.id(id).parts.is_empty());
    }
}

#[test]
fn what_holds_under_conditions_is_said() {
    let spec = spec();
    let catalogue = Catalogue::new(&spec, &LoongArch64);
    let of = |name: &str| catalogue.register(spec.registers.by_name(name).unwrap());
    assert_eq!(
        content(&of("LBT_FTOP"), "needs"),
        "lbt_x86, lbt_arm or lbt_mips. Otherwise GET and SET fail with ENXIO."
    );
    assert_eq!(content(&of("LBT_FTOP"), "saved by"), "QEMU if the vCPU has lbt_x86, lbt_arm and lbt_mips");
    assert_eq!(content(&of("CRMD"), "saved by"), "QEMU");
    assert_eq!(content(&of("PERFCTRL0"), "saved by"), "no VMM in consumers/");
    assert_eq!(content(&of("CRMD"), "listed"), "In the list of every vCPU, series v5, group csr.");
    assert!(content(&of("LBT_SCR0"), "listed").contains("configurations lbt, lbt_arm, lbt_mips, lbt_x86 and pmu_lbt"));
    assert!(content(&of("DEBUG"), "listed").starts_with("In no list of series v5, but GET reads it: "));
    assert!(content(&of("CPUCFG2"), "exception").contains("fails with EINVAL"));
    assert!(content(&of("ESTAT"), "conditional bits").starts_with("0x4000 while CPUCFG1 has 0x4000000"));
}

#[test]
fn every_check_of_a_clause_is_named_with_its_cases() {
    let spec = spec();
    let catalogue = Catalogue::new(&spec, &LoongArch64);
    let clause = catalogue.clause(spec.clauses.get("reg.set_same").unwrap());
    let tests = content(&clause, "tested by");
    assert!(tests.contains("roundtrip.set_same: 7 cases: "), "{tests}");
    assert!(tests.contains("roundtrip.set_same_fresh: 1 case: "), "{tests}");
    assert!(content(&clause, "broken by").contains("set-refused"));
}

#[test]
fn the_tables_name_every_check_and_clause_in_as_many_columns_as_there_are() {
    for width in [60, WIDTH] {
        for line in tables(width).lines() {
            assert!(line.len() <= width, "{line}");
        }
    }
    let (themes, clauses) = (theme_table(WIDTH), clause_table(WIDTH).unwrap());
    for check in checks::all() {
        assert!(themes.contains(check.name.split_once('.').unwrap().1), "{}", check.name);
    }
    for clause in &spec().clauses.clauses {
        assert!(clauses.contains(&clause.id), "{}", clause.id);
    }
}

#[test]
fn an_architecture_without_a_list_is_described_too() {
    let arch = &crate::arch::X86_64;
    let spec = Spec::load(&Source::Embedded, arch, "contract").unwrap();
    let catalogue = Catalogue::new(&spec, arch);
    for case in plan(&spec, &[]) {
        assert!(catalogue.case(&case).parts.iter().any(|part| part.label == "configuration"));
    }
    assert!(!catalogue.id(0x2030_0000_0000_0174).parts.is_empty());
}
