// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Specifications checked, listed, shown and compared, and a series made of
//! what the model lists.

use std::fs;
use std::io::Write as _;
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::call::{complaint, reglist, shown};

fn edit(directory: &TempDir, file: &str, from: &str, to: &str) {
    let path = directory.path().join(file);
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "{from} in {file}");
    fs::write(path, text.replace(from, to)).unwrap();
}

/// Whether every line fits, where nothing in it is from elsewhere.
fn fits(text: &str) {
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
}

/// A series `six` in `DIR/specs` of what the model lists.
fn six() -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    shown(&directory, &["spec", "from-kernel", "--subject", "model", "--series", "six", "--output", "specs"], 0);
    directory
}

#[test]
fn the_built_in_specifications_are_right() {
    let directory = tempfile::tempdir().unwrap();
    let text = shown(&directory, &["spec", "check"], 0);
    assert!(text.contains("  series v5: 90 registers in 5 groups, 7 configurations of 76 to 90 registers\n"), "{text}");
    assert!(text.ends_with("reglist: specifications are correct\n") && !text.contains("hint"), "{text}");
    fits(&text);
}

#[test]
fn every_list_can_be_seen() {
    let directory = tempfile::tempdir().unwrap();
    let text = shown(&directory, &["spec", "list"], 0);
    assert!(text.starts_with("loongarch64, series v5, the default\n"), "{text}");
    assert!(text.contains("  pmu_lbt               90  pmu, lbt_x86, lbt_arm, lbt_mips\n"), "{text}");
    fits(&text);
    assert!(!shown(&directory, &["spec", "list", "v5"], 0).contains("contract"));
    let json = shown(&directory, &["spec", "list", "--format", "json"], 0);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["architectures"][0]["series"][0]["configurations"][0]["registers"], 76);

    let text = shown(&directory, &["spec", "show", "pmu"], 0);
    assert!(text.contains("\n   52  0x9030000000010210  TVAL        csr      exact\n"), "{text}");
    assert_eq!(text.lines().count(), 84 + 3);
    fits(&text);
    let json = shown(&directory, &["spec", "show", "pmu", "--format", "json"], 0);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["registers"][52]["id"], "0x9030000000010210");
    let array = shown(&directory, &["spec", "show", "base", "--series", "v5", "--format", "c"], 0);
    assert!(array.contains("\nstatic const __u64 loongarch64_v5_base[] = {\n\t/* csr */\n"), "{array}");
    assert!(array.contains("\n\tKVM_IOC_CSRID(0x0),\t/* CRMD */\n"), "{array}");
    assert_eq!(array.matches(",\t/* ").count(), 76);
    let union = shown(&directory, &["spec", "show", "all"], 0);
    assert!(union.starts_with("loongarch64, series v5, union of 7 configurations: 90 registers; features:"), "{union}");
    assert!(union.contains("  LBT_FTOP    lbt      exact    all but base, pmu\n"), "{union}");
    assert_eq!(union.lines().count(), 90 + 4);
    fits(&union);
    let module = shown(&directory, &["spec", "show", "all", "--format", "rust"], 0);
    assert!(module.contains("\npub const CRMD: u64 = 0x9030_0000_0001_0000;\n"), "{module}");
    let table = shown(&directory, &["spec", "show", "lbt", "--format", "csv"], 0);
    assert!(table.starts_with("name,id,group,type,size,rule,mask,purpose\nCRMD,"), "{table}");
    assert_eq!(table.lines().count(), 82 + 1);
    let patch = shown(&directory, &["spec", "show", "base", "--format", "selftest"], 0);
    assert!(patch.contains("\n+TEST_GEN_PROGS_loongarch += get-reg-list\n"), "{patch}");
    assert!(patch.contains("\n+static struct vcpu_reg_list config_base = {\n"), "{patch}");
}

#[test]
fn the_order_of_a_restore_is_a_table_and_json() {
    let directory = tempfile::tempdir().unwrap();
    let text = shown(&directory, &["spec", "order", "lbt"], 0);
    assert!(text.contains("\n   7      5  0x9030000000010028  ESTAT       csr      CPUCFG1\n"), "{text}");
    assert!(text.contains("else ENXIO"), "{text}");
    fits(&text);
    let json = shown(&directory, &["spec", "order", "--format", "json"], 0);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&json["configuration"], &json["steps"][89]["name"]), (&"all".into(), &"LBT_FTOP".into()));
    assert!(complaint(&directory, &["spec", "order", "lbt_all"]).contains("unknown configuration `lbt_all`"));
}

#[test]
fn names_that_mean_nothing_are_told_with_those_that_do() {
    let directory = tempfile::tempdir().unwrap();
    for (arguments, expected) in [
        (&["show", "lbt_all"][..], "unknown configuration `lbt_all`\n[known: base, lbt,"),
        (&["show", "base", "--series", "v6"], "unknown series `v6`\n[known: v5 of loongarch64; contract of x86_64]"),
        (
            &["show", "base", "--architecture", "riscv64"],
            "unknown architecture `riscv64`\n[known: loongarch64, x86_64]",
        ),
        (&["show", "base", "--series", "contract"], "does not specify the list"),
        (&["show", "all", "--series", "contract"], "does not specify the list"),
        (&["diff", "v5", "v6"], "unknown series `v6`"),
        (&["diff", "v5", "./v6"], "`./v6` is not the folder of a series\n[write SPECS/ARCHITECTURE/SERIES"),
        (&["diff", "v5", "contract"], "loongarch64 and x86_64 have no register in common"),
        (&["check", "--specs", "nowhere"], "no specifications in `nowhere`\n["),
    ] {
        let error = complaint(&directory, &[&["spec"], arguments].concat());
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn a_series_of_what_the_model_lists_is_v5() {
    let directory = six();
    let text = shown(&directory, &["spec", "diff", "v5", "specs/loongarch64/six"], 0);
    assert!(text.ends_with("\nreglist: no difference\n"), "{text}");
    let text = shown(&directory, &["spec", "diff", "v5", "specs/loongarch64/v5/../six"], 0);
    assert!(text.ends_with("\nreglist: no difference\n"), "{text}");
    let text = shown(&directory, &["spec", "check", "--specs", "specs"], 0);
    assert!(
        text.contains("groups.yaml:1: series v5 has the same configurations and lists as six\n[remove one of them"),
        "{text}"
    );
    assert!(text.ends_with("reglist: specifications are correct, 1 hint\n"), "{text}");
    let text = shown(&directory, &["run", "--subject", "model", "--specs", "specs", "--series", "six"], 0);
    assert!(text.contains("series six"), "{text}");
    let text = fs::read_to_string(directory.path().join("specs/loongarch64/six/groups.yaml")).unwrap();
    assert!(text.contains("\n# These are the lists of the model, not of a kernel.\n"), "{text}");
}

#[test]
fn one_more_register_is_all_that_differs() {
    let directory = tempfile::tempdir().unwrap();
    let events = ["run", "--subject", "model", "--fault", "register-extra", "--events", "run.jsonl", "contents"];
    shown(&directory, &events, 1);
    let made = ["spec", "from-kernel", "run.jsonl", "--series", "six", "--output", "specs"];
    let dry = shown(&directory, &[&made[..], &["--dry-run"]].concat(), 0);
    assert!(dry.contains("== specs/loongarch64/six/groups.yaml\n") && dry.contains("  debug:\n"), "{dry}");
    assert!(!directory.path().join("specs").exists());
    let text = shown(&directory, &made, 0);
    assert!(text.contains("To review: listed, and not in v5: DEBUG\n"), "{text}");

    let text = shown(&directory, &["spec", "diff", "v5", "six", "--specs", "specs"], 1);
    assert!(text.contains("\nregisters appeared\n  in all 7 configurations: DEBUG (0x9030000000012800)\n"), "{text}");
    assert!(text.contains("\n  debug appeared (1 register, always listed)\n"), "{text}");
    assert!(text.ends_with("\nreglist: different: 1 register appeared, 1 change of groups\n"), "{text}");
    fits(&text);
    let back = shown(&directory, &["spec", "diff", "six", "v5", "--specs", "specs", "--format", "json"], 1);
    let back: serde_json::Value = serde_json::from_str(&back).unwrap();
    assert_eq!((&back["equal"], &back["gone"][0]["registers"][0]["name"]), (&false.into(), &"DEBUG".into()));

    // The kernel is right by its own series.
    let run = ["run", "--subject", "model", "--specs", "specs", "--series", "six", "--fault", "register-extra"];
    shown(&directory, &[&run[..], &["contents"]].concat(), 0);
}

#[test]
fn nobody_else_s_files_are_touched() {
    let directory = six();
    let again = ["spec", "from-kernel", "--subject", "model", "--series", "six", "--output", "specs"];
    let mine = ["spec", "from-kernel", "--subject", "model", "--series", "six", "--output", "specs/clauses.yaml"];
    assert!(complaint(&directory, &mine).contains("`specs/clauses.yaml` is not a directory\n["));
    assert!(complaint(&directory, &again).contains("`specs` is not empty\n[name another directory, or add --force]"));
    fs::write(directory.path().join("specs/mine"), "keep").unwrap();
    edit(&directory, "specs/loongarch64/six/base.yaml", "count: 76", "count: 75");
    shown(&directory, &[&again[..], &["--force"]].concat(), 0);
    assert_eq!(fs::read(directory.path().join("specs/mine")).unwrap(), b"keep");
    shown(&directory, &["spec", "check", "--specs", "specs"], 0);

    fs::copy(
        directory.path().join("specs/loongarch64/six/base.yaml"),
        directory.path().join("specs/loongarch64/six/old.yaml"),
    )
    .unwrap();
    let error = complaint(&directory, &[&again[..], &["--force"]].concat());
    assert!(error.contains("specs/loongarch64/six/old.yaml` is in the folder of the new series"), "{error}");

    // Into the specifications that it comes from, as a maintainer would.
    let seven = ["spec", "from-kernel", "--subject", "model", "--series", "seven", "--specs", "specs", "--like", "v5"];
    shown(&directory, &[&seven[..], &["--output", "specs", "--force"]].concat(), 0);
    shown(&directory, &["spec", "diff", "v5", "seven", "--specs", "specs"], 0);
}

#[test]
fn every_file_that_is_wrong_is_told_at_once() {
    let directory = six();
    edit(&directory, "specs/loongarch64/six/base.yaml", "count: 76", "count: 75");
    edit(&directory, "specs/loongarch64/v5/pmu.yaml", "count: 84", "count: 85");
    edit(&directory, "specs/loongarch64/consumers/qemu.yaml", "COUNTER", "CLOCK");
    let text = shown(&directory, &["spec", "check", "--specs", "specs"], 64);
    for expected in [
        "problem: specs/loongarch64/six/base.yaml:7: key `count`: 75 is stated, but the groups hold 76 registers",
        "problem: specs/loongarch64/v5/pmu.yaml:7: key `count`: 85 is stated",
        "specs/loongarch64/consumers/qemu.yaml:",
        "reglist: specifications are wrong, 3 problems\n",
    ] {
        assert!(text.contains(expected), "{text}");
    }
}

#[test]
fn what_is_worth_a_look_is_told_and_no_more() {
    let directory = six();
    fs::remove_dir_all(directory.path().join("specs/loongarch64/v5")).unwrap();
    let six = "specs/loongarch64/six";
    fs::copy(directory.path().join(six).join("pmu.yaml"), directory.path().join(six).join("counters.yaml")).unwrap();
    for name in ["lbt", "lbt_arm", "lbt_mips", "lbt_x86", "pmu_lbt"] {
        fs::remove_file(directory.path().join(six).join(format!("{name}.yaml"))).unwrap();
    }
    edit(&directory, "specs/loongarch64/six/base.yaml", "source: \"", "source: \"\" # \"");
    edit(
        &directory,
        "specs/loongarch64/registers.yaml",
        "rule: counter\n        values: [0x100000000, 0x7000000000000000]",
        "rule: counter",
    );
    let text = shown(&directory, &["spec", "check", "--specs", "specs"], 0);
    for expected in [
        "six/pmu.yaml:5: configurations counters and pmu have the same features\n[",
        "six/groups.yaml:43: no configuration lists group lbt, so no case tests it\n[",
        "six/base.yaml:8: key `source` is empty\n[",
        "listed registers without values that are safe to SET: COUNTER\n[",
        "reglist: specifications are correct, 4 hints\n",
    ] {
        assert!(text.contains(expected), "{expected}\n{text}");
    }
}

#[test]
fn runs_that_say_nothing_of_lists_are_refused() {
    let directory = tempfile::tempdir().unwrap();
    let made = |events: &'static str| ["spec", "from-kernel", events, "--series", "six", "--output", "specs"];
    shown(&directory, &["run", "--subject", "model", "--config", "base", "--events", "part.jsonl", "count"], 0);
    let error = complaint(&directory, &made("part.jsonl"));
    assert!(error.contains("the list of base (base.contents.exact was not planned); of lbt"), "{error}");
    let output = Command::new(env!("CARGO_BIN_EXE_reglist"))
        .args(["run", "--subject", "model", "--format", "ktap", "contents"])
        .output()
        .unwrap();
    fs::write(directory.path().join("run.ktap"), output.stdout).unwrap();
    assert!(complaint(&directory, &made("run.ktap")).contains("does not record lists"));
    let output = reglist(&directory, &made("nowhere"));
    assert_eq!(output.status.code(), Some(64));
    assert!(String::from_utf8_lossy(&output.stderr).starts_with("reglist: failed to read `nowhere`\n"));
    shown(
        &directory,
        &["run", "--subject", "model", "--model-host", "plain", "--events", "plain.jsonl", "contents"],
        0,
    );
    let error = complaint(&directory, &made("plain.jsonl"));
    assert!(error.contains("lbt (skipped: the host does not support lbt_x86"), "{error}");
    assert!(!directory.path().join("specs").exists());
}

#[test]
fn events_may_come_through_a_pipe() {
    let directory = tempfile::tempdir().unwrap();
    shown(&directory, &["run", "--subject", "model", "--events", "run.jsonl", "contents"], 0);
    let events = fs::read(directory.path().join("run.jsonl")).unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_reglist"))
        .args(["spec", "from-kernel", "-", "--series", "six", "--output", "specs"])
        .current_dir(directory.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(&events).unwrap();
    assert!(child.wait().unwrap().success());
    shown(&directory, &["spec", "diff", "v5", "six", "--specs", "specs"], 0);
}

#[cfg(not(target_arch = "loongarch64"))]
#[test]
fn a_machine_without_such_a_kernel_says_what_to_do() {
    let directory = tempfile::tempdir().unwrap();
    let error = complaint(&directory, &["spec", "from-kernel", "--series", "six", "--output", "specs"]);
    assert!(error.contains("not LoongArch\n[") && error.contains("reglist lab --results DIR"), "{error}");
}
