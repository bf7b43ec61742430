// SPDX-License-Identifier: Apache-2.0 OR MIT
//! What things are, the manual and completions, as a user gets them.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails; clippy knows only functions marked as tests")]

use std::fs;
use std::path::Path;

use assert_cmd::Command;

fn reglist(arguments: &[&str], home: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_reglist"));
    command.args(arguments).env("XDG_CACHE_HOME", home).current_dir(home);
    command
}

fn printed(arguments: &[&str], home: &Path) -> String {
    let assert = reglist(arguments, home).assert().code(0);
    String::from_utf8(assert.get_output().stdout.clone()).unwrap()
}

fn complaint(arguments: &[&str], home: &Path) -> String {
    let assert = reglist(arguments, home).assert().code(64);
    assert!(assert.get_output().stdout.is_empty());
    String::from_utf8(assert.get_output().stderr.clone()).unwrap()
}

#[test]
fn a_register_is_shown_short_and_long() {
    let home = tempfile::tempdir().unwrap();
    let short = printed(&["show", "crmd"], home.path());
    assert!(short.starts_with("register CRMD\n"), "{short}");
    let long = printed(&["-v", "show", "crmd"], home.path());
    assert!(long.contains("\n  family:") && !short.contains("\n  family:"), "{long}");
    assert!(!short.contains('\u{1b}'), "{short}");
    let coloured = printed(&["--color", "always", "show", "crmd"], home.path());
    assert!(coloured.contains('\u{1b}'), "{coloured}");
}

#[test]
fn an_unknown_name_ends_with_64_and_what_to_do() {
    let home = tempfile::tempdir().unwrap();
    let text = complaint(&["show", "CRMD", "list.cuont"], home.path());
    assert!(text.starts_with("reglist: unknown name `list.cuont`\n[did you mean list.count"), "{text}");
    complaint(&["show", "--arch", "sparc"], home.path());
    complaint(&["show", "--series", "v0"], home.path());
    complaint(&["show", "0x"], home.path());
}

#[test]
fn specifications_of_ones_own_are_shown() {
    let home = tempfile::tempdir().unwrap();
    let specs = home.path().join("specs");
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../specs"), &specs);
    let registers = specs.join("loongarch64/registers.yaml");
    let text = fs::read_to_string(&registers).unwrap();
    fs::write(&registers, text.replace("about: \"exception return address\"", "about: \"mine\"")).unwrap();
    let shown = printed(&["show", "--specs", "specs", "ERA"], home.path());
    assert!(shown.starts_with("register ERA\n  mine\n"), "{shown}");
    fs::write(&registers, text.replace("about: \"exception return address\"", "about: \"\"")).unwrap();
    let refused = complaint(&["show", "--specs", "specs", "ERA"], home.path());
    assert!(refused.contains("loongarch64/registers.yaml:") && refused.contains("register `ERA`"), "{refused}");
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let copied = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &copied);
        } else {
            fs::copy(&path, &copied).unwrap();
        }
    }
}

#[test]
fn the_long_help_ends_with_themes_and_clauses_and_the_short_does_not() {
    let home = tempfile::tempdir().unwrap();
    for command in ["show", "run"] {
        let long = printed(&[command, "--help"], home.path());
        assert!(long.contains("\nThemes and their checks:\n") && long.contains("\n  efault.stray "), "{long}");
        assert_eq!(long.matches("Clauses (a conforming kernel ...):").count(), 1, "{long}");
        let short = printed(&[command, "-h"], home.path());
        assert!(!short.contains("Themes and their checks"), "{short}");
    }
}

#[test]
fn every_help_fits_a_terminal() {
    let home = tempfile::tempdir().unwrap();
    for command in [
        "",
        "run",
        "lab",
        "ssh",
        "diff",
        "report",
        "show",
        "spec",
        "spec check",
        "spec list",
        "spec show",
        "spec order",
        "spec diff",
        "spec from-kernel",
        "doctor",
        "man",
        "completions",
        "cache",
    ] {
        for help in ["-h", "--help"] {
            let words: Vec<&str> = command.split_whitespace().chain([help]).collect();
            let text = printed(&words, home.path());
            assert!(text.ends_with('\n'), "{words:?}");
            // clap does not break the line that begins with the usage.
            for line in text.lines().filter(|line| !line.starts_with("Usage: ")) {
                assert!(line.chars().count() <= 80, "{words:?}: {line}");
            }
        }
    }
}

#[test]
fn pages_and_completions_are_written() {
    let home = tempfile::tempdir().unwrap();
    let said = printed(&["man", "pages"], home.path());
    assert!(said.ends_with(" pages in pages\n"), "{said}");
    let refused = complaint(&["man", "pages"], home.path());
    assert!(refused.contains(" exists\n[name another file, or add --force]"), "{refused}");
    printed(&["man", "pages", "--force"], home.path());
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        assert!(printed(&["completions", shell], home.path()).contains("reglist"), "{shell}");
    }
    complaint(&["completions", "tcsh"], home.path());
}
