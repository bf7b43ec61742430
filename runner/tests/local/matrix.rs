// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Every fault of a configuration in its turn, and the files that are made of
//! what comes of it.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

/// The faults of a configuration that has but one.
const RUN: [&str; 7] = ["run", "--subject", "model", "--fault", "all", "--config", "lbt_arm"];

fn reglist(more: &[&str], home: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_reglist")).args(RUN).args(more).current_dir(home).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn what_each_clause_noticed_is_shown_and_kept() {
    let home = tempfile::tempdir().unwrap();
    let output = reglist(&["--matrix", "m.json", "--matrix=n.json"], home.path());
    let (shown, error) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(0), "{shown}{error}");
    let last = shown.lines().next_back().unwrap();
    assert!(last.starts_with("reglist: all noticed: 1 fault in "), "{shown}");
    assert!(last.ends_with("; 0 unnoticed, 0 wrongly accused; model: no kernel was tested"), "{shown}");
    assert!(shown.lines().any(|line| line.starts_with("  2 list.contents ")), "{shown}");
    assert!(!shown.contains("lbt-by-x86-alone"), "{shown}");

    let [first, second] = ["m.json", "n.json"].map(|name| fs::read_to_string(home.path().join(name)).unwrap());
    assert_eq!(first, second);
    assert!(first.ends_with("}\n"));
    let document: serde_json::Value = serde_json::from_str(&first).unwrap();
    assert_eq!((&document["format"], &document["verdict"]), (&1.into(), &"all_noticed".into()));
    assert_eq!((&document["complete"], &document["totals"]["wanted"]), (&true.into(), &1.into()));

    let again = reglist(&["--matrix", "m.json"], home.path());
    assert_eq!(again.status.code(), Some(64));
    assert_eq!(text(&again.stdout), "");
    assert!(text(&again.stderr).starts_with("reglist: `m.json` exists\n["));
    let forced = reglist(&["-v", "--matrix", "m.json", "--force"], home.path());
    assert_eq!(forced.status.code(), Some(0), "{}", text(&forced.stderr));
    let shown = text(&forced.stdout);
    let row = shown.lines().find_map(|line| line.strip_prefix("lbt-by-x86-alone ")).unwrap();
    assert!(row.trim_start().starts_with("xx........n. "), "{shown}");
    assert!(shown.lines().filter(|line| !line.starts_with("reglist: ")).all(|line| line.len() <= 80), "{shown}");
}

#[test]
fn wrong_requests_are_refused_before_anything_runs() {
    let home = tempfile::tempdir().unwrap();
    for (more, complaint) in [
        (&["--matrix", "m.html"][..], "`m.html`: the matrix is a JSON file\n[name a file that ends in .json]"),
        (&["--matrix", "none/m.json"], "the directory of `none/m.json` does not exist\n["),
        (&["--matrix"], "a value is required for '--matrix <FILE>'"),
        (&["--matrix", "m.json", "--format", "terse"], "--matrix and --format exclude each other\n["),
        (&["--force"], "--matrix <FILE>"),
    ] {
        let output = reglist(more, home.path());
        assert_eq!(output.status.code(), Some(64), "{more:?}");
        assert!(text(&output.stderr).contains(complaint), "{more:?}: {}", text(&output.stderr));
    }
    for arguments in [
        &["run", "--subject", "model", "--matrix", "m.json"][..],
        &["run", "--subject", "model", "--fault", "pmu-always", "--matrix", "m.json"],
        &["lab", "--reference", "--matrix", "m.json"],
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_reglist"))
            .args(arguments)
            .env("XDG_CACHE_HOME", home.path())
            .current_dir(home.path())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(64), "{arguments:?}");
        let error = text(&output.stderr);
        assert_eq!(error, "reglist: --matrix requires --fault all\n[add --fault all]\n");
    }
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), 0);
}
