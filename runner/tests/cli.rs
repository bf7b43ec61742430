// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The command line as a user meets it: exit codes and messages.

use std::fs;
use std::path::Path;

use assert_cmd::Command;

/// The program, with a cache of its own.
fn reglist(arguments: &[&str], home: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_reglist"));
    command.args(arguments).env("XDG_CACHE_HOME", home).current_dir(home);
    command
}

fn complaint(arguments: &[&str], home: &Path) -> String {
    let assert = reglist(arguments, home).assert().code(64);
    String::from_utf8_lossy(&assert.get_output().stderr).into_owned()
}

#[test]
fn help_and_version_are_no_errors() {
    let home = tempfile::tempdir().unwrap();
    for arguments in [
        &["--help"][..],
        &["--version"],
        &["lab", "--help"],
        &["ssh", "--help"],
        &["run", "--help"],
        &["report", "--help"],
        &["show", "--help"],
        &["spec", "diff", "--help"],
        &["run", "--list"],
    ] {
        let assert = reglist(arguments, home.path()).assert().code(0);
        let text = String::from_utf8_lossy(&assert.get_output().stdout).into_owned();
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{arguments:?}\n{text}");
    }
}

#[test]
fn wrong_usage_has_its_own_exit_code() {
    let home = tempfile::tempdir().unwrap();
    for arguments in [
        &["nonsense"][..],
        &["lab", "--nonsense"],
        &["lab", "--smp", "9"],
        &["lab", "--timeout", "0"],
        &["lab", "--kernel", "7.2", "--kernel-src", "."],
        &["run", "--nonsense"],
        &["ssh"],
        &["ssh", "root@-oProxyCommand=x"],
        &["ssh", "board", "--resume", "results", "--strict"],
    ] {
        reglist(arguments, home.path()).assert().code(64);
    }
    let text = complaint(&["lab", "--kernel", "7.2.13"], home.path());
    assert!(text.contains("has a version of two numbers: `7.2`\n[for `7.2.13`"), "{text}");
}

#[test]
fn what_is_for_a_run_is_sent_there() {
    let home = tempfile::tempdir().unwrap();
    for (arguments, meant) in [
        (&["--subject", "model"][..], "reglist run --subject model`?]"),
        (&["-v", "--fault", "pmu-always", "--color", "never"], "reglist run -v --fault pmu-always --color never`?]"),
        (&["base.count"], "reglist run base.count`?]"),
        (&["--known", "k.yaml", "base.count"], "reglist run --known k.yaml base.count`?]"),
    ] {
        let text = complaint(arguments, home.path());
        assert!(text.starts_with("reglist: ") && text.trim_end().ends_with(meant), "{text}");
    }
    for arguments in [&["lab", "--nope"][..], &["--nope", "lab"], &["labb"]] {
        let text = complaint(arguments, home.path());
        assert!(!text.contains("reglist run"), "{text}");
    }
}

#[test]
fn a_patch_that_is_none_is_refused_before_anything_is_made() {
    let home = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(home.path().join(name), text).unwrap();
    write("empty", "");
    write("letter", "Dear list,\n\nplease apply.\n");
    write("outside", "--- a/../../etc/x\n+++ b/../../etc/x\n@@ -1 +1 @@\n-a\n+b\n");
    write("torn", "--- a/x\n+++ b/x\n@@ -1,5 +1,5 @@\n one\n");
    for (name, expected) in [
        ("missing", "failed to read the patch `missing`"),
        ("empty", "the patch `empty` is empty"),
        ("letter", "`letter` is not a patch"),
        ("outside", "outside the kernel's source"),
        ("torn", "damaged at line 4: the file ends inside a hunk"),
    ] {
        let text = complaint(&["lab", "--patch", name], home.path());
        assert!(text.contains(expected), "{name}: {text}");
    }
    assert!(!home.path().join("reglist").exists());
}

#[test]
fn a_patch_in_the_place_of_a_filter_names_the_option() {
    let home = tempfile::tempdir().unwrap();
    for name in ["v6.patch", "series.mbox", "a/0001-x.diff.gz"] {
        let text = complaint(&["lab", name], home.path());
        let expected = format!("`{name}` is a patch, not a case\n[did you mean `--patch {name}`?]");
        assert!(text.contains(&expected), "{text}");
    }
    // A file of the user may have the name of a case.
    fs::write(home.path().join("contents"), "").unwrap();
    let text = complaint(&["lab", "contents", "--kernel-src", "missing"], home.path());
    assert!(text.contains("`missing` is not a Linux source tree"), "{text}");
}

#[test]
fn a_source_that_is_none_is_refused() {
    let home = tempfile::tempdir().unwrap();
    let text = complaint(&["lab", "--kernel-src", "missing"], home.path());
    assert!(text.contains("`missing` is not a Linux source tree\n  because: No such file"), "{text}");
    let tree = home.path().join("tree");
    fs::create_dir_all(tree.join("arch/loongarch/kvm")).unwrap();
    fs::write(tree.join("Makefile"), "VERSION = 7\nPATCHLEVEL = 2\n").unwrap();
    fs::write(tree.join(".config"), "").unwrap();
    let text = complaint(&["lab", "--kernel-src", "tree"], home.path());
    assert!(text.contains("contains build products: .config"), "{text}");
}

#[test]
fn the_suites_arguments_are_checked_before_anything_is_made() {
    let home = tempfile::tempdir().unwrap();
    let text = complaint(&["lab", "--config", "nonsense"], home.path());
    assert!(text.contains("no configuration `nonsense`"), "{text}");
    let text = complaint(&["lab", "--series", "v99"], home.path());
    assert!(text.contains("v99"), "{text}");
    let text = complaint(&["lab", "--suite", env!("CARGO_BIN_EXE_reglist")], home.path());
    assert!(text.contains("cannot run in the guest"), "{text}");
    assert!(!home.path().join("reglist").exists());
}

#[test]
fn a_dry_run_prints_every_stage_and_makes_nothing() {
    let home = tempfile::tempdir().unwrap();
    let plan = |arguments: &[&str], stages: &[&str]| {
        let assert = reglist(&[&["lab", "--dry-run", "--reference"], arguments].concat(), home.path())
            .env("REGLIST_DEBIAN_MIRROR", "file:/nowhere")
            .assert()
            .code(0);
        let text = String::from_utf8_lossy(&assert.get_output().stdout).into_owned();
        let mut rest = text.as_str();
        for stage in stages {
            let Some((_, after)) = rest.split_once(&format!("\n# {stage}\n")) else {
                panic!("no stage {stage} after the one before it:\n{text}");
            };
            rest = after;
        }
        text
    };
    let text = plan(&["--full"], &["source", "patches", "configure", "build", "modules", "suite", "boot"]);
    assert!(text.contains("KCONFIG_ALLCONFIG=/lab/kernel.config"), "{text}");
    let text = plan(&[], &["source", "patches", "build", "suite", "boot"]);
    // With compilers of the host, there is only the whole build.
    if text.contains("\n# toolchain\n") {
        assert!(text.contains("linux-headers-KERNEL-common") && text.contains("M=/src"), "{text}");
        assert!(!text.contains("KCONFIG_ALLCONFIG"), "{text}");
    }
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), 0);
}

#[test]
fn the_cache_is_shown_and_cleared() {
    let home = tempfile::tempdir().unwrap();
    fs::create_dir_all(home.path().join("reglist/trees/x")).unwrap();
    reglist(&["cache"], home.path()).assert().code(0);
    reglist(&["cache", "--clear"], home.path()).assert().code(0);
    assert!(!home.path().join("reglist/trees").exists());
}

#[test]
fn the_doctor_ends_with_a_verdict() {
    let home = tempfile::tempdir().unwrap();
    let output = reglist(&["doctor"], home.path()).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    match output.status.code() {
        Some(0) => assert!(text.contains("\nreglist: the lab can run"), "{text}"),
        Some(5) => assert!(text.contains("MISSING") && text.contains("the lab cannot run"), "{text}"),
        other => panic!("{other:?}\n{text}"),
    }
}

#[test]
fn a_closed_output_is_no_error() {
    let home = tempfile::tempdir().unwrap();
    let status = std::process::Command::new("sh")
        .args(["-c", "\"$0\" doctor | true", env!("CARGO_BIN_EXE_reglist")])
        .env("XDG_CACHE_HOME", home.path())
        .status()
        .unwrap();
    assert!(status.success());
}
