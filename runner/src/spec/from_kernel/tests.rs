// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Series out of made-up lists of kernels.

use std::collections::BTreeMap;

use proptest::prelude::*;
use reglist_suite::arch::{Feature, LoongArch64};
use reglist_suite::exit;
use reglist_suite::report::events::{CaseFinished, Event, Label, NamedRegister, Outcome, RunStarted};
use reglist_suite::spec::Source;

use super::*;

/// What a kernel lists, by configuration.
type Kernel = BTreeMap<String, Vec<u64>>;

fn v5() -> Spec {
    Spec::load(&Source::Embedded, &LoongArch64, "v5").unwrap()
}

/// A kernel that lists what series v5 says.
fn right() -> Kernel {
    let configurations = v5().configurations.into_iter();
    configurations.map(|each| (each.name, each.registers.iter().map(|register| register.id).collect())).collect()
}

fn csr(index: u64) -> u64 {
    LoongArch64.encode(LoongArch64::CSR, index).unwrap()
}

fn id(name: &str) -> u64 {
    v5().registers.by_name(name).unwrap().id
}

/// Lists a register behind another one, wherever that is listed.
fn insert(kernel: &mut Kernel, after: &str, new: u64) {
    let after = id(after);
    for list in kernel.values_mut() {
        if let Some(place) = list.iter().position(|each| *each == after) {
            list.insert(place + 1, new);
        }
    }
}

fn remove(kernel: &mut Kernel, name: &str) {
    let gone = id(name);
    kernel.values_mut().for_each(|list| list.retain(|each| *each != gone));
}

fn started(plan: Vec<String>) -> RunStarted {
    RunStarted {
        format: 1,
        suite: "0.1.0".into(),
        subject: SubjectKind::Kvm,
        architecture: "loongarch64".into(),
        kernel: "7.2.13 #1 SMP \"x\"\n- a: b".into(),
        cpu: "Loongson-3A5000".into(),
        series: "v5".into(),
        strict: false,
        allow_new: true,
        seed: 1,
        threads: 1,
        fault: None,
        coverage: None,
        labels: vec![Label { name: "patch".into(), value: "x.patch\u{85}list: []".into() }],
        plan,
    }
}

fn case(configuration: &str, outcome: Outcome, listed: &[u64]) -> CaseFinished {
    let register = |id: &u64| NamedRegister { name: "x".into(), id: *id };
    CaseFinished {
        case: format!("{configuration}.contents.exact"),
        outcome,
        reason: (outcome == Outcome::Skip).then(|| "the host does not offer it".to_owned()),
        duration_us: 1,
        ioctls: 1,
        findings: Vec::new(),
        listed: listed.iter().map(register).collect(),
        ran: None,
    }
}

/// The record of a run on a kernel.
fn record(kernel: &Kernel) -> Record {
    let plan = kernel.keys().map(|name| format!("{name}.contents.exact")).collect();
    let cases = kernel.iter().map(|(name, list)| case(name, Outcome::Pass, list)).collect();
    recorded(started(plan), cases)
}

fn recorded(started: RunStarted, cases: Vec<CaseFinished>) -> Record {
    let mut record = Record::default();
    assert!(record.add(Event::RunStarted(started)));
    cases.into_iter().for_each(|case| assert!(record.add(Event::CaseFinished(case))));
    record
}

fn request() -> Request {
    Request { specs: None, series: "six".into(), output: "out".into(), like: None, force: false, dry_run: false }
}

fn try_made(record: &Record) -> Result<Made, Error> {
    let made = Made::of(&request(), &Tree::of(None).unwrap(), record)?;
    made.check(Path::new("out"))?;
    Ok(made)
}

/// What is made of a kernel; it loads, and has the kernel's lists.
fn made(kernel: &Kernel) -> Made {
    try_made(&record(kernel)).unwrap()
}

fn complaint(record: &Record) -> String {
    try_made(record).err().unwrap().to_string()
}

fn file<'m>(made: &'m Made, name: &str) -> &'m str {
    let file = made.files.files.iter().find(|file| file.path == format!("loongarch64/{name}"));
    &file.unwrap_or_else(|| panic!("no {name}")).content
}

/// YAML without what is said about it.
fn bare(text: &str) -> String {
    let kept = text.lines().filter(|line| !line.trim_start().starts_with('#') && !line.starts_with("source:"));
    kept.collect::<Vec<_>>().join("\n")
}

#[test]
fn a_kernel_that_lists_v5_gives_v5() {
    let made = made(&right());
    for name in ["groups", "base", "lbt", "lbt_arm", "lbt_mips", "lbt_x86", "pmu", "pmu_lbt"] {
        let written = file(&made, &format!("six/{name}.yaml"));
        assert_eq!(bare(written), bare(file(&made, &format!("v5/{name}.yaml"))), "{name}");
        assert!(
            written.starts_with("# SPDX-License-Identifier: Apache-2.0 OR MIT\n# yaml-language-server"),
            "{written}"
        );
    }
    let registers = made.files.files.iter().find(|file| file.path == "loongarch64/registers.yaml").unwrap();
    assert_eq!(registers.added, None);
    assert_eq!(made.draft.reviews("v5"), Vec::<String>::new());
}

/// Five more: named ones in the midst of a group, and unnamed ones with the PMU.
fn five_more() -> Kernel {
    let mut kernel = right();
    for (after, new) in
        [("TLBRPRMD", "MERRCTL"), ("MERRCTL", "MERRENTRY"), ("MERRENTRY", "MERRERA")].map(|(a, b)| (a, id(b)))
    {
        insert(&mut kernel, after, new);
    }
    insert(&mut kernel, "PERFCNTR3", csr(0x209));
    insert(&mut kernel, "PERFCNTR3", csr(0x208));
    kernel
}

#[test]
fn five_more_registers_find_their_groups() {
    let made = made(&five_more());
    insta::assert_snapshot!(file(&made, "six/groups.yaml"));
    let registers = made.files.files.iter().find(|file| file.path == "loongarch64/registers.yaml").unwrap();
    insta::assert_snapshot!(registers.added.as_deref().unwrap());
    assert!(file(&made, "six/pmu.yaml").contains("groups: [csr, pmu, unknown_csr, cpucfg, counter]\ncount: 89\n"));
}

#[test]
fn a_kernel_may_list_every_csr() {
    let mut kernel = right();
    let csrs: Vec<u64> = (0..0x800).map(csr).collect();
    for list in kernel.values_mut() {
        list.retain(|id| !csrs.contains(id));
        list.splice(0..0, csrs.iter().copied());
    }
    assert!(made(&kernel).draft.registers.len() > 2069);
}

#[test]
fn what_is_missing_leaves_its_group() {
    let mut kernel = right();
    remove(&mut kernel, "TVAL");
    remove(&mut kernel, "COUNTER");
    let made = made(&kernel);
    let groups = file(&made, "six/groups.yaml");
    assert!(groups.contains("list: [csr, pmu, cpucfg, lbt]\n"), "{groups}");
    assert!(groups.contains("  timer:\n    registers: [TCFG]\n"), "{groups}");
    assert_eq!(made.draft.reviews("v5"), ["in v5, and not listed: TVAL, COUNTER"]);
}

#[test]
fn a_group_that_others_interrupt_is_split() {
    let mut kernel = right();
    // A register of the PMU's before the timer, and a known one at the very end.
    let behind = id("KS0");
    for name in ["pmu", "pmu_lbt"] {
        let list = kernel.get_mut(name).unwrap();
        let place = list.iter().position(|each| *each == behind).unwrap();
        list.insert(place, csr(0x208));
    }
    let last = id("DEBUG");
    kernel.values_mut().for_each(|list| list.push(last));
    let made = made(&kernel);
    let groups = bare(file(&made, "six/groups.yaml"));
    assert!(groups.contains("list: [csr, unknown_csr, csr_2, pmu, cpucfg, counter, lbt, debug]\n"), "{groups}");
    assert!(groups.contains("  csr_2:\n    registers:\n      [KS0, KS1,"), "{groups}");
    assert_eq!(groups.matches("include: [timer]").count(), 1, "{groups}");
}

#[test]
fn registers_that_are_always_listed_lose_their_condition() {
    let mut kernel = right();
    let lbt: Vec<u64> = ["LBT_SCR0", "LBT_SCR1", "LBT_SCR2", "LBT_SCR3", "LBT_EFLAGS", "LBT_FTOP"].map(id).into();
    for name in ["base", "pmu"] {
        kernel.get_mut(name).unwrap().extend(&lbt);
    }
    let made = made(&kernel);
    let groups = file(&made, "six/groups.yaml");
    assert!(groups.contains("list: [csr, pmu, cpucfg, counter, lbt]\n"), "{groups}");
    assert!(!groups.contains("when: [lbt"), "{groups}");
}

#[test]
fn a_register_of_one_feature_gets_its_condition() {
    let mut kernel = right();
    for name in ["lbt", "lbt_arm", "pmu_lbt"] {
        kernel.get_mut(name).unwrap().push(csr(0x3ff));
    }
    let made = made(&kernel);
    let groups = file(&made, "six/groups.yaml");
    assert!(groups.contains("  unknown_csr:\n    when: [lbt_arm]\n    registers: [CSR_0x3ff]\n"), "{groups}");
}

#[test]
fn what_no_features_explain_is_named() {
    let mut kernel = right();
    // With the PMU, but not with all the rest beside it.
    kernel.get_mut("pmu").unwrap().push(csr(0x208));
    let text = complaint(&record(&kernel));
    assert!(
        text.starts_with(
            "no features explain the lists of CSR_0x208: listed in pmu (pmu), but not in base (none), lbt"
        ),
        "{text}"
    );
    assert_eq!(try_made(&record(&kernel)).err().unwrap().exit_code(), exit::FAILED);
}

#[test]
fn lists_in_different_orders_are_named() {
    let mut kernel = right();
    kernel.get_mut("pmu").unwrap().swap(0, 1);
    let text = complaint(&record(&kernel));
    assert!(
        text.contains("different orders: CRMD before PRMD in ")
            || text.contains("different orders: PRMD before CRMD in pmu"),
        "{text}"
    );
}

#[test]
fn ids_that_no_specification_can_name_are_left_out() {
    let mut kernel = right();
    let list = kernel.get_mut("base").unwrap();
    list.push(0x9030_0000_0001_0001);
    list.push(0x2030_0000_0000_0174);
    list.push(csr(0));
    let made = made(&kernel);
    let troubles = made.lists.troubles();
    assert_eq!(
        troubles,
        [
            "0x2030000000000174 is omitted, because a specification cannot name it: no LoongArch register: architecture byte 0x20 (in base)",
            "0x9030000000010001 is omitted, because a specification cannot name it: no LoongArch register: type and index bits 0x10001 (in base)",
            "0x9030000000010000 (CSR 0x0) is listed several times, but written once (in base)",
        ]
    );
    let groups = file(&made, "six/groups.yaml").replace("\n# ", " ");
    assert!(troubles.iter().all(|trouble| groups.contains(trouble)), "{groups}");
}

#[test]
fn a_run_without_all_lists_is_refused() {
    let whole = right();
    let plan = |kernel: &Kernel| kernel.keys().map(|name| format!("{name}.contents.exact")).collect::<Vec<_>>();
    let mut part = whole.clone();
    part.remove("pmu");
    assert!(
        complaint(&record(&part))
            .starts_with("the run does not record the list of pmu (pmu.contents.exact was not planned)\n[")
    );

    let cases = part.iter().map(|(name, list)| case(name, Outcome::Fail, list));
    let torn = recorded(started(plan(&whole)), cases.clone().collect());
    assert!(complaint(&torn).contains("of pmu (pmu.contents.exact did not end)\n["));
    let skipped = cases.clone().chain([case("pmu", Outcome::Skip, &[])]).collect();
    let text = complaint(&recorded(started(plan(&whole)), skipped));
    assert!(text.contains("pmu (skipped: the host does not offer it)\n[use a host with these features"), "{text}");
    let error = cases.chain([case("pmu", Outcome::Error, &[])]).collect();
    assert!(
        complaint(&recorded(started(plan(&whole)), error))
            .contains("pmu (pmu.contents.exact ended in error: no reason")
    );

    let old = whole.keys().map(|name| case(name, Outcome::Pass, &[])).collect();
    assert!(complaint(&recorded(started(plan(&whole)), old)).contains("from an older reglist"));
    let other = RunStarted { series: "v4".into(), ..started(plan(&whole)) };
    assert!(complaint(&recorded(other, Vec::new())).contains("series `v4`"));
    let other = RunStarted { architecture: "riscv64".into(), ..started(plan(&whole)) };
    assert!(complaint(&recorded(other, Vec::new())).starts_with("unknown architecture `riscv64`\n"));
    let other = RunStarted { plan: vec!["odd.contents.exact".into()], ..started(Vec::new()) };
    assert!(complaint(&recorded(other, Vec::new())).contains("lacks configuration odd"));
}

#[test]
fn a_name_has_to_be_a_folder_beside_others() {
    for name in ["", "-x", "a/b", "..", "V6", "consumers", "x.yaml"] {
        assert!(series_name(name).is_err(), "{name}");
    }
    assert!(series_name("v6-rc1").is_ok());
    let error = Made::of(&Request { series: "v5".into(), ..request() }, &Tree::of(None).unwrap(), &record(&right()));
    assert!(error.err().unwrap().to_string().contains("exists in the specifications\n["));
}

/// A register in the order of the whole list, and the features that bring it.
fn any_place() -> impl Strategy<Value = (usize, u64, Vec<Feature>)> {
    let features = proptest::sample::subsequence(LoongArch64.features().to_vec(), 0..=4);
    // Indexes with and without a name.
    (0_usize..90, 0_u64..0x400, features)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_a_kernel_lists_can_be_written_and_read(
        places in proptest::collection::vec(any_place(), 0..12),
        gone in proptest::collection::vec(0_usize..90, 0..12),
    ) {
        let spec = v5();
        let mut whole: Vec<(u64, Vec<Feature>)> = Vec::new();
        for group in &spec.list {
            whole.extend(group.registers.iter().map(|register| (register.id, group.when.clone())));
        }
        for place in gone {
            whole.remove(place % whole.len());
        }
        for (place, index, features) in places {
            let id = csr(index);
            if whole.iter().all(|(other, _)| *other != id) {
                whole.insert(place % whole.len(), (id, features));
            }
        }
        let is_listed = |when: &[Feature], features: &[Feature]| {
            when.is_empty() || when.iter().any(|feature| features.contains(feature))
        };
        let kernel: Kernel = spec.configurations.iter().map(|configuration| {
            let listed = whole.iter().filter(|(_, when)| is_listed(when, &configuration.features));
            (configuration.name.clone(), listed.map(|(id, _)| *id).collect())
        }).collect();
        // It is loaded and held against the lists.
        let made = try_made(&record(&kernel)).map_err(|error| TestCaseError::fail(error.to_string()))?;
        for file in made.files.files.iter().filter(|file| file.is_new && file.path.ends_with("groups.yaml")) {
            prop_assert!(file.content.lines().all(|line| line.chars().count() <= 80), "{}", file.content);
        }
    }
}
